// The local model gives the same vectors for ever, and brings together what shares wording.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embeddingModelContract } from '#ports';
import { describeWithShared, sharedFile } from '../../../test/support/shared-folder.js';
import { localProvider } from '../src/providers/local.js';
import { hashNgrams, NGRAM_VERSION } from '../src/providers/ngram-hashing.js';

const openLocal = (dimensions = 384) => localProvider.open({ model: 'ngram-hashing', dimensions }, {});

function likeness(a: string, b: string): number {
  const [ofA, ofB] = [hashNgrams(a, 384), hashNgrams(b, 384)];
  return ofA.reduce((sum, one, at) => sum + one * ofB[at]!, 0);
}

describe('keeps the contract', () => {
  for (const { name, run } of embeddingModelContract(() => openLocal())) test(name, run);
});

describe('never changes silently', () => {
  // When one of these fails, stored vectors no longer fit: change NGRAM_VERSION, then these.
  const golden: [string, number, string][] = [
    ['When does the office open?', 384, 'DKQyNty6dzCqfWSoaXWOan'],
    ['When does the office open?', 512, 'EQQ9tTKFy1moc_91FtfP68'],
    ['a', 384, '7--VafM7a2X-8ZqPgPV2KS'],
    ['I can’t top-up my CARD, card, card!', 384, '1izIN_AkLvV44VtQGZ91IN'],
    ['Zürich — ½ ﬁle x²', 384, 'oxOKeKyT0C-XDJ0MSWcuDy'],
    ['日本語の質問 🙂', 384, 'aD_vr1ILYtwxAIm4PlZWjT'],
    ['???', 64, 'RB96XJxoOisG0MmbcxeozD'],
  ];

  test('is of the version that the golden vectors were made with', () => {
    expect(NGRAM_VERSION).toBe('ngram-1');
  });

  test.each(golden)('%j in %i dimensions', (text, dimensions, digest) => {
    expect(digestOf(hashNgrams(text, dimensions))).toBe(digest);
  });
});

function digestOf(vector: Float32Array): string {
  return createHash('sha256').update(new Uint8Array(vector.buffer)).digest('base64url').slice(0, 22);
}

describe('is near', () => {
  test('to itself in other case, width and spacing', () => {
    expect(likeness('Where is my CARD?', 'where  is my card')).toBeCloseTo(1, 5);
    expect(likeness('ﬁle', 'file')).toBeCloseTo(1, 5);
    expect(likeness("I can't pay", 'I can’t pay')).toBeCloseTo(1, 5);
  });

  test.each([
    ['a typing error', 'When does the office open?', 'When does the offfice opne?'],
    ['an inflection', 'how do I cancel a transfer', 'cancelling transfers'],
    ['another order', 'my card has not arrived', 'has my card arrived'],
    ['another script', '営業時間は何時ですか', '営業時間を教えて'],
  ])('to %s, more than to another question', (_, text, near) => {
    expect(likeness(text, near)).toBeGreaterThan(likeness(text, 'exchange rate for euros') + 0.2);
  });

  test('less by words of grammar than by words of substance', () => {
    expect(likeness('what is the exchange rate', 'exchange rate')).toBeGreaterThan(
      likeness('what is the exchange rate', 'what is the time'),
    );
  });

  test('for symbols alone, to the same symbols', () => {
    expect(likeness('👍👍', '👍👍')).toBeCloseTo(1, 5);
    expect(likeness('???', '!!!')).toBeLessThan(0.5);
    expect(likeness("'", "'")).toBeCloseTo(1, 5);
  });
});

describe('of any text', () => {
  test('has unit length, or none for blanks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 64, max: 512 }), (text, dimensions) => {
        const length = Math.hypot(...hashNgrams(text, dimensions));
        expect(length).toBeCloseTo(text.normalize('NFKC').trim() === '' ? 0 : 1, 4);
      }),
    );
  });

  test('is the same in whatever normal form it is written', () => {
    expect(hashNgrams('Zürich'.normalize('NFD'), 384)).toEqual(hashNgrams('Zürich'.normalize('NFC'), 384));
  });
});

describe('the model', () => {
  test('names version and dimensions together, since both make vectors incomparable', async () => {
    expect(await openLocal(128)).toMatchObject({
      version: 'ngram-1/128',
      dimensions: 128,
      remote: false,
      model: 'ngram-hashing',
    });
  });

  test('refuses a text of blanks by its position', async () => {
    await expect((await openLocal()).embed(['a', '\u3000'])).rejects.toMatchObject({
      code: 'embedding.input_refused',
      facts: { position: 1 },
    });
  });
});

describeWithShared('eval/banking77/test.csv')('on BANKING77 (Casanueva et al. 2020, CC BY 4.0)', () => {
  const rows = (file: string): { text: string; category: string }[] =>
    parse(readFileSync(sharedFile(`eval/banking77/${file}`)!), { columns: true });

  test('finds a query of the same intent first for four in five questions', { timeout: 120_000 }, () => {
    const documents = rows('train.csv');
    const matrix = new Float32Array(documents.length * 384);
    for (const [at, { text }] of documents.entries()) matrix.set(hashNgrams(text, 384), at * 384);
    const questions = rows('test.csv').filter((_, at) => at % 20 === 0);
    const right = questions.filter(
      ({ text, category }) => documents[nearest(matrix, hashNgrams(text, 384))]?.category === category,
    );
    expect(right.length / questions.length).toBeGreaterThan(4 / 5);
  });
});

/** The row of the matrix with the greatest inner product. */
function nearest(matrix: Float32Array, vector: Float32Array): number {
  let [best, bestScore] = [-1, -1];
  for (let start = 0; start < matrix.length; start += vector.length) {
    let score = 0;
    for (let at = 0; at < vector.length; at++) score += vector[at]! * matrix[start + at]!;
    if (score > bestScore) [best, bestScore] = [start / vector.length, score];
  }
  return best;
}
