// Two rankings become one, whose scores mean something.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fused, type Scored } from '#vector-stores';

const ranking = (...keys: string[]): Scored<string>[] => keys.map((key, at) => ({ key, score: 1 / (at + 1) }));

test('by reciprocal rank, first in both is 1, first in one is one half, and order alone counts', () => {
  expect(fused(ranking('a', 'b'), ranking('a', 'c'))).toEqual([
    { key: 'a', score: 1 },
    { key: 'b', score: 61 / 124 },
    { key: 'c', score: 61 / 124 },
  ]);
  expect(fused([{ key: 'a', score: 0.001 }], [])).toEqual([{ key: 'a', score: 0.5 }]);
  const stretched = ranking('b', 'a').map(({ key, score }) => ({ key, score: score * 1000 }));
  expect(fused(ranking('a', 'b', 'c'), stretched)).toEqual(fused(ranking('a', 'b', 'c'), ranking('b', 'a')));
});

test('by weight, similarities count as they are, and words by the best of them', () => {
  const vectors = [
    { key: 'near', score: 0.9 },
    { key: 'both', score: 0.8 },
  ];
  const words = [
    { key: 'both', score: 20 },
    { key: 'named', score: 5 },
  ];
  const scores = Object.fromEntries(fused(vectors, words, 0.25).map(({ key, score }) => [key, score]));
  expect(scores.both).toBeCloseTo(0.25 * 0.8 + 0.75);
  expect(scores.named).toBeCloseTo(0.75 * 0.25);
  expect(scores.near).toBeCloseTo(0.25 * 0.9);
  expect(fused(vectors, [], 1).map(({ key }) => key)).toEqual(['near', 'both']);
  expect(fused([], [], 0.5)).toEqual([]);
});

test('whatever is fused has a score in 0..1, each key once, in falling order', () => {
  const some = fc
    .uniqueArray(fc.record({ key: fc.nat(20), score: fc.double({ min: 0.001, max: 1, noNaN: true }) }), {
      selector: ({ key }) => key,
    })
    .map((all) => all.sort((a, b) => b.score - a.score));
  const alpha = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined });
  fc.assert(
    fc.property(some, some, alpha, (vectors, words, share) => {
      const found = fused(vectors, words, share);
      const keys = found.map(({ key }) => key);
      expect(new Set(keys)).toEqual(new Set([...vectors, ...words].map(({ key }) => key)));
      expect(keys.length).toBe(new Set(keys).size);
      expect(found.every(({ score }) => score >= 0 && score <= 1 + 1e-12)).toBe(true);
      expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).sort((a, b) => b - a));
    }),
  );
});
