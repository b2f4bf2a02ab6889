// Folders of texts on their way to the server, and runs that go on where they were interrupted.
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { apiDouble, problem } from './api-double.js';
import { aFile, aFolder, resk } from './command-line.js';

async function aFolderOf(files: Record<string, string | Uint8Array>): Promise<string> {
  const folder = await aFolder();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const sentBy = (api: Awaited<ReturnType<typeof apiDouble>>) =>
  [...api.documents.values()].map(({ text, metadata, source }) => ({ text, metadata, source }));

describe('a folder', () => {
  test('is read file by file in the order of names: passages with their headings, rows with their columns', async () => {
    const folder = await aFolderOf({
      'guide/intro.md': '# Guide\n\nWelcome.\n\n## Install\n\nRun it.\n',
      'guide/notes.txt': 'One.\n\nTwo.\n',
      'faq.csv': 'text,topic\nOpen daily,hours\n',
      'picture.png': 'not a text',
      '.hidden.md': 'hidden',
      'node_modules/readme.md': 'of a package',
    });
    const api = await apiDouble();
    const { code, out } = await resk(['ingest', folder, '--url', api.url, '--parallel', '1']);
    expect(sentBy(api)).toEqual([
      { text: 'Open daily', metadata: { topic: 'hours' }, source: 'faq.csv' },
      { text: 'Welcome.', metadata: { passage: 0, heading: 'Guide' }, source: 'guide/intro.md' },
      { text: 'Run it.', metadata: { passage: 1, heading: 'Guide › Install' }, source: 'guide/intro.md' },
      { text: 'One.\n\nTwo.', metadata: { passage: 0 }, source: 'guide/notes.txt' },
    ]);
    expect([code, out]).toEqual([0, expect.stringMatching(/^4 rows: 4 documents upserted/)]);
  });

  test('does not lead out of itself by links', async () => {
    const folder = await aFolderOf({ 'a.md': 'inside' });
    await symlink(await aFile('outside.md', 'outside'), join(folder, 'b.md'));
    const api = await apiDouble();
    await resk(['ingest', folder, '--url', api.url]);
    expect(sentBy(api).map(({ text }) => text)).toEqual(['inside']);
  });

  test('that holds nothing to ingest is said to, and so is one that is not there', async () => {
    const empty = await aFolderOf({ 'picture.png': 'x' });
    const { code, err } = await resk(['ingest', empty, '--dry-run']);
    expect([code, err]).toEqual([5, expect.stringContaining('no file in it ends in .csv, .jsonl')]);
    expect((await resk(['ingest', join(empty, 'none'), '--dry-run'])).err).toContain('ENOENT');
  });
});

describe('texts', () => {
  test('are cut as asked, and the same passage is one document wherever it stands', async () => {
    const api = await apiDouble();
    const text = `${'A sentence of the text. '.repeat(20)}\n`;
    const folder = await aFolderOf({ 'a.txt': text, 'b.txt': text });
    const cut = ['--chunk-size', '100', '--chunk-overlap', '0'];
    const { out } = await resk(['ingest', folder, ...cut, '--url', api.url]);
    expect(sentBy(api).every((one) => one.text.length <= 100)).toBe(true);
    expect(out).toMatch(/^10 rows: 1 documents upserted in .*, 9 repeated/);
  });

  test('that are none are refused with their reason, and the others come in', async () => {
    const api = await apiDouble();
    const folder = await aFolderOf({
      'a.md': Uint8Array.of(0xff, 0xfe, 0x41),
      'b.md': '# only a heading\n',
      'c.md': 'text',
    });
    const report = join(folder, 'refused.jsonl');
    const { code, err } = await resk(['ingest', folder, '--url', api.url, '--report', report]);
    expect(code).toBe(2);
    expect(err).toContain('a.md, row 1: it is not UTF-8');
    expect(err).toContain('b.md, row 1: it holds no text');
    expect(sentBy(api).map(({ text }) => text)).toEqual(['text']);
    const rows = (await readFile(report, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toEqual([
      { file: join(folder, 'a.md'), row: 1, reason: expect.stringContaining('UTF-8') },
      { file: join(folder, 'b.md'), row: 1, reason: 'it holds no text' },
    ]);
  });

  test('cannot overlap by more than their size', async () => {
    const file = await aFile('a.txt', 'text');
    const cut = ['--chunk-size', '100', '--chunk-overlap', '100'];
    const { code, err } = await resk(['ingest', file, ...cut, '--dry-run']);
    expect([code, err]).toEqual([2, expect.stringContaining('--chunk-overlap must be smaller')]);
  });

  test('a report that cannot be written is a failure that names it', async () => {
    const file = await aFile('a.txt', 'text');
    const { code, err } = await resk(['ingest', file, '--dry-run', '--report', join(file, 'no', 'folder')]);
    expect([code, err]).toEqual([5, expect.stringContaining('ENOTDIR')]);
  });
});

describe('a run that was interrupted', () => {
  const table = (n: number) => `text\n${Array.from({ length: n }, (_, at) => `document ${at}`).join('\n')}\n`;

  async function anInterruptedRun(n = 20) {
    const env = { DATA_DIR: await aFolder() };
    const file = await aFile('a.csv', table(n));
    const interrupt = new AbortController();
    const api = await apiDouble((_, count) => {
      if (count === 3) interrupt.abort();
      return undefined;
    });
    const argv = ['ingest', file, '--url', api.url, '--batch', '5', '--parallel', '1'];
    const { code } = await resk(argv, { env, signal: interrupt.signal });
    expect(code).toBe(130);
    api.asked.length = 0;
    return { api, argv, env, file };
  }

  test('goes on where it was, and says so', async () => {
    const { api, argv, env } = await anInterruptedRun();
    const { code, out, err } = await resk(argv, { env });
    expect([code, err]).toEqual([0, expect.stringContaining('Going on after 10 documents')]);
    expect(out).toMatch(/^20 rows: 10 documents upserted in .*, 0 repeated, 10 brought before, 0 refused/);
    expect(api.asked.flatMap(({ body }) => body.documents.map(({ text }: { text: string }) => text))).toEqual(
      Array.from({ length: 10 }, (_, at) => `document ${at + 10}`),
    );
    expect(api.documents.size).toBe(20);
  });

  test('begins anew once it has ended, and where it is told to', async () => {
    const { api, argv, env } = await anInterruptedRun();
    await resk([...argv, '--fresh'], { env });
    expect(api.asked).toHaveLength(4);
    api.asked.length = 0;
    await resk(argv, { env });
    expect(api.asked).toHaveLength(4);
    expect(await readdir(join(env.DATA_DIR, 'ingest'))).toEqual([]);
  });

  test('brings again what was changed since', async () => {
    const { api, argv, env, file } = await anInterruptedRun();
    await writeFile(file, table(20).replace('document 3\n', 'document three\n'));
    const { out } = await resk(argv, { env });
    expect(out).toContain('9 brought before');
    expect([...api.documents.values()].map(({ text }) => text)).toContain('document three');
  });

  test('is not taken for one into another collection', async () => {
    const { api, argv, env } = await anInterruptedRun();
    await resk([...argv, '--collection', 'other'], { env });
    expect(api.asked).toHaveLength(4);
  });

  test('that a failure ended goes on too, and remembers no text', async () => {
    const env = { DATA_DIR: await aFolder() };
    const file = await aFile('a.csv', table(9));
    let down = true;
    const api = await apiDouble((_, count) => (down && count > 2 ? problem('auth.scope', 403) : undefined));
    const argv = ['ingest', file, '--url', api.url, '--batch', '3', '--parallel', '1'];
    expect((await resk(argv, { env })).code).toBe(4);
    const [kept] = await readdir(join(env.DATA_DIR, 'ingest'));
    expect(await readFile(join(env.DATA_DIR, 'ingest', kept!), 'utf8')).toMatch(/^(?:[\w-]{16}\n){6}$/);
    down = false;
    expect((await resk(argv, { env })).out).toContain('9 rows: 3 documents upserted');
  });

  test('begins anew where nothing could be remembered', async () => {
    const env = { DATA_DIR: join(await aFile('a-file', ''), 'below') };
    const api = await apiDouble();
    const { code } = await resk(['ingest', await aFile('a.csv', table(3)), '--url', api.url], { env });
    expect(code).toBe(0);
    expect(api.documents.size).toBe(3);
  });
});
