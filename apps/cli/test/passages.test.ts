// Texts are cut where their author cut them, nothing is lost, and no passage is longer than allowed.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cut, markdownPassages, plainPassages } from '../src/passages.js';

const WIDE: Cut = { size: 1000, overlap: 100 };
const texts = (passages: { text: string }[]) => passages.map(({ text }) => text);

const GUIDE = `---
title: Guide
---
Before all headings.

# Guide

Welcome.

## Install

\`\`\`sh
# not a heading
npm start
\`\`\`

After the code.

## Use

Ask it.
`;

describe('Markdown', () => {
  test('is cut at headings, which stand beside the passage; front matter is left out, code stays whole', () => {
    expect(markdownPassages(GUIDE, WIDE)).toEqual([
      { text: 'Before all headings.', line: 4, headings: [] },
      { text: 'Welcome.', line: 8, headings: ['Guide'] },
      { text: '```sh\n# not a heading\nnpm start\n```\n\nAfter the code.', line: 12, headings: ['Guide', 'Install'] },
      { text: 'Ask it.', line: 21, headings: ['Guide', 'Use'] },
    ]);
  });

  test('a heading that skips a level stands under those that there are', () => {
    const [passage] = markdownPassages('# A\n\n### C\n\ntext', WIDE);
    expect(passage?.headings).toEqual(['A', 'C']);
  });

  test('headings without text give no passage', () => {
    expect(markdownPassages('# A\n\n## B\n', WIDE)).toEqual([]);
  });
});

describe('plain text', () => {
  test('is cut at blank lines, and short paragraphs share a passage', () => {
    expect(plainPassages('\n\nOne.\n\nTwo.\n', WIDE)).toEqual([{ text: 'One.\n\nTwo.', line: 3, headings: [] }]);
    expect(texts(plainPassages('One is here.\n\nTwo is there.', { size: 15, overlap: 0 }))).toEqual([
      'One is here.',
      'Two is there.',
    ]);
  });

  test('a passage begins with the last sentences of the one before it, as far as they fit', () => {
    const text = 'First one. Second one. Third one. Fourth one.';
    expect(texts(plainPassages(text, { size: 24, overlap: 0 }))).toEqual([
      'First one. Second one.',
      'Third one. Fourth one.',
    ]);
    expect(texts(plainPassages(`${text}\n\nFifth one.`, { size: 40, overlap: 12 })).at(-1)).toBe(
      'Third one. Fourth one.\n\nFifth one.',
    );
  });

  test('a line number is that of the first line of the passage', () => {
    const text = 'one\ntwo two two two\n\nthree\nfour four four four four\n\nfive';
    expect(plainPassages(text, { size: 24, overlap: 0 }).map(({ line }) => line)).toEqual([1, 4, 5, 7]);
  });

  test('what has no place to be cut is cut between characters, never through one', () => {
    expect(texts(plainPassages('😀'.repeat(10), { size: 5, overlap: 2 }))).toEqual(Array(5).fill('😀😀'));
  });

  test('blanks give no passage', () => {
    expect(plainPassages('  \n\n \t\n', WIDE)).toEqual([]);
  });
});

const anyText = fc
  .array(fc.constantFrom('word', 'a.', 'Ünï', '😀', '# h', '\n', '\n\n', ' ', '```', '- x', 'looooooooooooong'), {
    maxLength: 80,
  })
  .map((parts) => parts.join(' '));
const anyCut = fc
  .tuple(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 0, max: 30 }))
  .map(([size, overlap]): Cut => ({ size, overlap }));

describe('any text, cut anyhow', () => {
  test.each([
    ['plain', plainPassages],
    ['Markdown', markdownPassages],
  ])('%s gives passages that are not blank and not too long', (_, passagesOf) => {
    fc.assert(
      fc.property(anyText, anyCut, (text, cut) => {
        for (const passage of passagesOf(text, cut)) {
          expect(passage.text.trim()).not.toBe('');
          expect(passage.text.length).toBeLessThanOrEqual(cut.size);
          expect(passage.line).toBeGreaterThanOrEqual(1);
          expect(passage.line).toBeLessThanOrEqual(text.split('\n').length);
        }
      }),
    );
  });

  test('plain text without overlap loses no word and doubles none', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 20, max: 60 }), (text, size) => {
        const words = (all: string) => all.split(/\s+/).filter(Boolean);
        expect(words(texts(plainPassages(text, { size, overlap: 0 })).join(' '))).toEqual(words(text));
      }),
    );
  });
});
