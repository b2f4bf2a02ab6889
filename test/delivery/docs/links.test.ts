// Every link between documents leads somewhere, and every document is found by following them.
import { describe, expect, it } from 'vitest';
import { anchorOf, type Document, documentOf, documentsOf, filesOf, ROOT } from './documents.js';
import { brokenLinks, orphans } from './links.js';

const documents = documentsOf(ROOT);
const files = filesOf(ROOT);

describe('the documents of this repository', () => {
  it('are all read', () => {
    const paths = documents.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/USAGE.md', 'SECURITY.md']));
    expect(paths.length).toBeGreaterThan(50);
    expect(paths.filter((path) => /(^|\/)(node_modules|dist)\//.test(path))).toEqual([]);
  });

  it('have no link that leads nowhere', () => {
    expect(documents.flatMap(({ links }) => links).length).toBeGreaterThan(100);
    expect(brokenLinks(documents, files)).toEqual([]);
  });

  it('are each reached from README.md or docs/README.md', () => {
    expect(orphans(documents)).toEqual([]);
  });
});

describe('the walk over the links', () => {
  const tree = (texts: Record<string, string>): Document[] =>
    Object.entries(texts).map(([path, text]) => documentOf(path, text));
  const whys = (texts: Record<string, string>, more: string[] = []) =>
    brokenLinks(tree(texts), [...Object.keys(texts), ...more]).map(({ href, why }) => `${href} ${why}`);

  it.each([
    ['[a](docs/B.md)', 'docs/B.md leads to no file'],
    ['[a](docs/A.md#nowhere)', 'docs/A.md#nowhere names an anchor that is not there'],
    ['[a](#nowhere)', '#nowhere names an anchor that is not there'],
    ['[a](../A.md)', '../A.md leaves the repository'],
    ['[a](/docs/A.md)', '/docs/A.md is no relative link'],
    ['![a](docs/a.png)', 'docs/a.png leads to no file'],
    ['[a][b]\n\n[b]: docs/B.md', 'docs/B.md leads to no file'],
    ['| a |\n|---|\n| [a](docs/B.md) |', 'docs/B.md leads to no file'],
    ['[a](src/a.ts#L3)', 'src/a.ts#L3 names an anchor of a file that has none'],
    ['[a](https://)', 'https:// is no address'],
  ])('finds what is wrong with %s', (text, why) => {
    expect(whys({ 'README.md': text, 'docs/A.md': '# A\n\n## To do' }, ['src/a.ts'])).toEqual([why]);
  });

  it.each([
    '[a](docs/A.md)',
    '[a](docs/A.md#to-do)',
    '[a](docs/A.md#to-do-1)',
    '[a](docs/A.md#set)',
    '[a](docs)',
    '[a](docs/)',
    '[a](https://example.org/nowhere#else)',
    '```text\n[a](docs/B.md)\n```',
    '`[a](docs/B.md)`',
  ])('is content with %s', (text) => {
    const there = '# A\n\n## To do\n\n## To do\n\n<a id="set"></a>\n';
    expect(whys({ 'README.md': text, 'docs/A.md': there })).toEqual([]);
  });

  it('names documents that nobody leads to, and follows folders to their README', () => {
    const documents = tree({
      'README.md': '[docs](docs/) ![shown](SHOWN.md)',
      'docs/README.md': '[a](A.md)',
      'docs/A.md': '# A',
      'docs/B.md': '[a](A.md)',
      'SHOWN.md': '',
    });
    expect(orphans(documents)).toEqual(['docs/B.md', 'SHOWN.md']);
  });

  it.each([
    ['`resk keys list|rotate`, `resk tenant shred NAME`', 'resk-keys-listrotate-resk-tenant-shred-name'],
    ['Which questions are one question', 'which-questions-are-one-question'],
    ['A · B (`C_D`)', 'a--b-c_d'],
    ['What [links](x.md) say & mean', 'what-links-say--mean'],
  ])('gives the heading %s the anchor that GitHub gives it', (heading, anchor) => {
    expect([...documentOf('a.md', `## ${heading}\n`).anchors]).toEqual([anchor]);
  });

  it('counts headings of the same name', () => {
    const seen = new Map<string, number>();
    expect(['A', 'A', 'a'].map((heading) => anchorOf(heading, seen))).toEqual(['a', 'a-1', 'a-2']);
  });
});
