// Searching by words is exact: what a naive BM25 over the same documents finds, the index finds, whatever came and went.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VectorPoint, VectorStore } from '#ports';
import { similarity } from '#vector-stores';
import { Arena } from '../src/providers/embedded/arena.js';
import type { Segments } from '../src/providers/embedded/segments.js';
import { WordIndex } from '../src/providers/embedded/word-index.js';
import { wordsOf } from '../src/providers/embedded/words.js';
import { plainSealer } from './support/sealers.js';
import { aStore, aVector, filled, HERE, MEBIBYTE, seeded } from './support/stores.js';

const DIMENSION = 8;

function segmentsOf(store: unknown): Segments {
  return (store as { parts: { segments: Segments } }).parts.segments;
}

describe('words', () => {
  test.each([
    ['Hello, WORLD 42!', ['hello', 'world', '42']],
    ["bank's l’eau", ['bank', 's', 'l', 'eau']],
    ['Crème BRÛLÉE Straße ﬁn', ['creme', 'brulee', 'strasse', 'fin']],
    ['Ὀδυσσεύς ΟΔΥΣΣΕΥΣ', ['οδυσσευσ', 'οδυσσευσ']],
    ['हिन्दी', ['हिन्दी']],
    ['東京都', ['東京', '京都']],
    ['iPhone15を買う', ['iphone15', 'を買', '買う']],
    ['猫', ['猫']],
    ['👍 …', []],
    ['', []],
    [`${'x'.repeat(100)} é${'y'.repeat(100)}`, ['x'.repeat(64), `e${'y'.repeat(63)}`]],
  ])('%s', (text, words) => expect(wordsOf(text)).toEqual(words));
});

/** BM25 as the books have it, over the texts given. */
function naiveScores(texts: ReadonlyMap<string, string>, query: string): Map<string, number> {
  const documents = [...texts]
    .map(([id, text]) => ({ id, words: wordsOf(text) }))
    .filter(({ words }) => words.length > 0);
  const mean = documents.reduce((sum, { words }) => sum + words.length, 0) / documents.length;
  const scores = new Map<string, number>();
  for (const word of wordsOf(query)) {
    const holding = documents.filter(({ words }) => words.includes(word));
    const idf = Math.log(1 + (documents.length - holding.length + 0.5) / (holding.length + 0.5));
    for (const { id, words } of holding) {
      const count = words.filter((one) => one === word).length;
      const score = (idf * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * words.length) / mean));
      scores.set(id, (scores.get(id) ?? 0) + score);
    }
  }
  return scores;
}

function naiveFused(points: readonly VectorPoint[], vector: Float32Array, text: string, alpha: number) {
  const words = naiveScores(new Map(points.map((point) => [point.id, point.text ?? ''])), text);
  const best = Math.max(0, ...words.values()) || 1;
  return new Map(
    points.map(({ id, vector: other }) => {
      const distance = Math.hypot(...other.map((one, at) => one - vector[at]!));
      return [id, alpha * similarity('l2', distance) + (1 - alpha) * ((words.get(id) ?? 0) / best)];
    }),
  );
}

async function expectNaive(store: VectorStore, points: readonly VectorPoint[], asked: Asked): Promise<void> {
  const { vector, text, alpha, k } = asked;
  const expected = naiveFused(points, vector, text, alpha);
  const found = await store.query(HERE, { vector, k, hybrid: { text, alpha } });
  const scores = [...expected.values()].filter((score) => alpha > 0 || score > 0).sort((a, b) => b - a);
  expect(found.length).toBe(Math.min(k, scores.length));
  found.forEach(({ id, score }, at) => {
    expect(score).toBeCloseTo(scores[at]!, 5);
    expect(score).toBeCloseTo(expected.get(id)!, 5);
  });
}

interface Asked {
  vector: Float32Array;
  text: string;
  alpha: number;
  k: number;
}

const VOCABULARY = 'ash birch cedar elm fir hazel larch maple oak pine rowan spruce willow yew'.split(' ');

function aText(random: () => number): string {
  // Squared: some words are common, others rare.
  const word = () => VOCABULARY[Math.floor(random() ** 2 * VOCABULARY.length)]!;
  return Array.from({ length: Math.floor(random() * 12) }, word).join(' ');
}

test.each([0, 0.2, 0.5, 0.9, 1])(
  'fuses as a naive program does over thousands of documents (alpha %s)',
  async (alpha) => {
    const random = seeded(11);
    const points = Array.from({ length: 3000 }, (_, i) => ({
      id: `p${i}`,
      vector: aVector(DIMENSION, random),
      text: aText(random),
    }));
    const store = await aStore();
    await filled(store, points, { metric: 'l2' });
    for (const text of ['yew', 'oak pine oak', 'ash birch cedar elm', 'no such word']) {
      await expectNaive(store, points, { vector: aVector(DIMENSION, random), text, alpha, k: 25 });
    }
  },
);

test('scores by the documents that are there, through writes, deletions and ends of life', async () => {
  const text = fc.array(fc.constantFrom(...VOCABULARY.slice(0, 5)), { maxLength: 6 }).map((words) => words.join(' '));
  const point = fc.record({
    id: fc.constantFrom(...'abcdefgh'),
    text,
    expiresAt: fc.option(fc.constantFrom(500, 2000), { nil: undefined }),
    consent: fc.option(fc.boolean(), { nil: undefined }),
  });
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), points: fc.array(point, { maxLength: 5 }) }),
    fc.record({ do: fc.constant('remove' as const), id: fc.constantFrom(...'abcd') }),
    fc.record({ do: fc.constant('reload' as const) }),
    fc.record({ do: fc.constant('ask' as const), text }),
  );
  const store = await aStore({ now: () => 1000 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      const ref = { ...HERE, collection: `run-${run++}` };
      await store.openCollection(ref, { dimension: 1, metric: 'l2' });
      const model = new Map<string, VectorPoint>();
      for (const one of steps) {
        if (one.do === 'write') {
          const points = one.points.map((drawn) => ({ ...drawn, vector: new Float32Array(1) }) as VectorPoint);
          await store.upsert(ref, points);
          for (const each of points) model.set(each.id, each);
        } else if (one.do === 'remove') {
          await store.delete(ref, { ids: [one.id] });
          model.delete(one.id);
        } else if (one.do === 'reload') {
          segmentsOf(store).dropAll();
        } else {
          const findable = [...model.values()].filter(
            ({ expiresAt = 2000, consent = true }) => consent && expiresAt > 1000,
          );
          const scores = naiveScores(new Map(findable.map(({ id, text: known }) => [id, known!])), one.text);
          const best = Math.max(...scores.values());
          const found = await store.query(ref, {
            vector: new Float32Array(1),
            k: 20,
            hybrid: { text: one.text, alpha: 0 },
          });
          expect(new Set(found.map(({ id }) => id))).toEqual(new Set(scores.keys()));
          for (const { id, score } of found) expect(score).toBeCloseTo(scores.get(id)! / best, 9);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('without alpha, each document counts by its ranks in both', async () => {
  const store = await aStore();
  const points = ['oak', 'oak oak', 'pine', ''].map((text, i) => ({
    id: `${i}`,
    vector: new Float32Array([i, 1]),
    text,
  }));
  await filled(store, points, { metric: 'l2' });
  const found = await store.query(HERE, { vector: new Float32Array([0, 1]), k: 4, hybrid: { text: 'oak' } });
  const rank = (...places: number[]) => places.reduce((sum, at) => sum + 61 / (2 * (60 + at)), 0);
  const expected = { 0: rank(1, 2), 1: rank(2, 1), 2: rank(3), 3: rank(4) };
  for (const { id, score } of found) expect(score).toBeCloseTo(expected[id as unknown as keyof typeof expected], 9);
  expect(found.map(({ id }) => id).slice(2)).toEqual(['2', '3']);
});

test('gives the vectors of hybrid matches where they are asked for', async () => {
  const store = await aStore();
  await filled(store, [{ id: 'a', vector: new Float32Array([1, 2]), text: 'oak' }]);
  const [match] = await store.query(HERE, {
    vector: new Float32Array([0, 1]),
    k: 1,
    hybrid: { text: 'oak', alpha: 0 },
    withVectors: true,
  });
  expect([...match!.vector!]).toEqual([1, 2]);
});

test('documents that are written, written anew or deleted while the index is made are found as they are then', async () => {
  let opening = Promise.resolve();
  const open = (sealed: Uint8Array) =>
    opening.then(() => plainSealer.open(sealed, { tenant: '', purpose: '', name: '' }));
  const store = await aStore({ sealer: { ...plainSealer, open } });
  const random = seeded(3);
  const points = Array.from({ length: 600 }, (_, i) => ({ id: `${i}`, vector: aVector(2, random), text: 'oak' }));
  await filled(store, points);
  const { promise, resolve } = Promise.withResolvers<void>();
  opening = promise;
  const vector = new Float32Array([1, 1]);
  const find = (text: string) => store.query(HERE, { vector, k: 1000, hybrid: { text, alpha: 0 } });
  const [first, second] = [find('oak'), find('pine')];
  await store.upsert(HERE, [
    { id: '0', vector, text: 'pine' },
    { id: '599', vector, text: 'pine' },
    { id: 'new', vector, text: 'pine' },
  ]);
  await store.delete(HERE, { ids: ['1', '598'] });
  resolve();
  expect((await first).map(({ id }) => id)).not.toContain('598');
  await second;
  expect(await find('oak')).toHaveLength(596);
  expect((await find('pine')).map(({ id }) => id).sort()).toEqual(['0', '599', 'new']);
});

describe('memory', () => {
  const long = (i: number) => Array.from({ length: 40 }, (_, at) => `w${(i * 31 + at * 7) % 20_000}`).join(' ');
  const pointsOf = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ id: `${i}`, vector: new Float32Array([1, i]), text: long(i) }));

  test('words count to the memory: others leave for them, and come back', async () => {
    const store = await aStore({ memoryMaxBytes: 6 * MEBIBYTE });
    const refs = ['a', 'b', 'c'].map((collection) => ({ ...HERE, collection }));
    for (const ref of refs) await filled(store, pointsOf(2000), { ref });
    for (let round = 0; round < 2; round++) {
      for (const ref of refs) {
        const hybrid = { text: long(7), alpha: 0 };
        const [match] = await store.query(ref, { vector: new Float32Array([1, 0]), k: 1, hybrid });
        expect(match?.id).toBe('7');
        expect(segmentsOf(store).bytes).toBeLessThanOrEqual(6 * MEBIBYTE);
      }
    }
    const all = refs.map((ref) =>
      store.query(ref, { vector: new Float32Array([1, 0]), k: 1, hybrid: { text: long(9), alpha: 0 } }),
    );
    // Those that do not fit beside each other say so; none waits for ever.
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
  });

  test('a collection whose words do not fit is refused by name, and is still searched by vectors', async () => {
    const store = await aStore({ memoryMaxBytes: 3 * MEBIBYTE });
    await filled(store, pointsOf(6000));
    const query = { vector: new Float32Array([1, 0]), k: 1 };
    for (let round = 0; round < 2; round++) {
      const asking = store.query(HERE, { ...query, hybrid: { text: 'w7' } });
      await expect(asking).rejects.toMatchObject({
        code: 'vector.memory_exceeded',
        facts: { collection: 'documents' },
      });
    }
    expect((await store.query(HERE, query))[0]?.id).toBe('0');
  });

  test('a text for which there is no room is not added in part, and all memory comes back', () => {
    const arena = new Arena(MEBIBYTE / 2, 1);
    const index = new WordIndex(arena);
    let rows = 0;
    while (index.add(rows, { text: long(rows) })) rows++;
    const before = index.bytes;
    expect(rows).toBeGreaterThan(1000);
    expect(index.add(rows, { text: long(rows) })).toBe(false);
    expect(index.bytes).toBe(before);
    index.release();
    const taken: number[] = [];
    for (let block = arena.take(); block !== undefined; block = arena.take()) taken.push(block);
    expect(new Set(taken).size).toBe(4);
  });

  test('a text of many words that no memory is left for is refused as a whole', () => {
    const index = new WordIndex(new Arena(MEBIBYTE / 4, 1));
    const longest = (from: number) => Array.from({ length: 5000 }, (_, i) => `w${from + i}`).join(' ');
    let rows = 0;
    while (index.add(rows, { text: longest(rows * 5000) })) rows++;
    expect(rows).toBeGreaterThan(2);
    expect(index.add(rows, { text: 'one more' })).toBe(true);
  });

  test('an index that could not be made is made for the next who asks', async () => {
    let failing = true;
    const open = async (sealed: Uint8Array) => {
      if (failing) throw new Error('no key service');
      return plainSealer.open(sealed, { tenant: '', purpose: '', name: '' });
    };
    const store = await aStore({ sealer: { ...plainSealer, open } });
    await filled(store, [{ id: 'a', vector: new Float32Array([1]), text: 'oak', metadata: { n: 1 } }]);
    const words = { vector: new Float32Array([1]), k: 1, hybrid: { text: 'oak' } };
    const filtered = { vector: new Float32Array([1]), k: 1, filter: { op: 'eq', field: 'n', value: 1 } as const };
    await expect(store.query(HERE, words)).rejects.toThrow('no key service');
    await expect(store.query(HERE, filtered)).rejects.toThrow('no key service');
    failing = false;
    expect(await store.query(HERE, words)).toHaveLength(1);
    expect(await store.query(HERE, filtered)).toHaveLength(1);
  });

  test('lists of any length and rows in any order are read as they were written', async () => {
    const random = seeded(5);
    const index = new WordIndex(new Arena(16 * MEBIBYTE, 1));
    const slots = Array.from({ length: 20_000 }, (_, i) => i).sort(() => random() - 0.5);
    const counts = new Map(slots.map((slot) => [slot, slot % 7 === 0 ? 300 : (slot % 3) + 1]));
    for (const slot of slots) index.add(slot, { text: 'oak '.repeat(counts.get(slot)!) });
    const findable = new Uint8Array(20_000).fill(1);
    const scores = await index.scores('oak', findable);
    expect(scores.best(20_000)).toHaveLength(20_000);
    // The count saturates, and the length of a text is its count: equal counts have equal scores.
    for (const [slot, count] of counts) {
      const twin = count === 300 ? 0 : count === 1 ? 3 : count - 1;
      expect(scores.of(slot)).toBe(scores.of(twin));
    }
  });
});
