// Maximal marginal relevance chooses as its definition says.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diversified } from '#retrieval';

const at = (id: string, score: number, ...vector: number[]) => ({ id, score, vector: Float32Array.from(vector) });
const ids = (chosen: { id: string }[]) => chosen.map(({ id }) => id).join(' ');

const TWINS = [at('a', 0.9, 1, 0), at('twin', 0.89, 1, 0.001), at('other', 0.7, 0, 1), at('far', 0.1, -1, 0)];

describe('of matches of which two say the same', () => {
  test('nearness alone keeps the order of the scores', () => {
    expect(ids(diversified(TWINS, 3, 1))).toBe('a twin other');
  });

  test('half variety takes the other one before the twin', () => {
    expect(ids(diversified(TWINS, 2, 0.5))).toBe('a other');
  });

  test('variety alone takes what is least like the first', () => {
    expect(ids(diversified(TWINS, 2, 0))).toBe('a far');
  });
});

test('lengths of vectors do not count, and one without direction is like no other', () => {
  const long = [at('a', 0.9, 100, 0), at('twin', 0.89, 0.001, 0), at('none', 0.5, 0, 0)];
  expect(ids(diversified(long, 2, 0.5))).toBe('a none');
});

test('fewer candidates than wanted are all given, and none is given for none', () => {
  expect(
    ids(diversified(TWINS, 10, 0.5))
      .split(' ')
      .sort(),
  ).toEqual(['a', 'far', 'other', 'twin']);
  expect(diversified([], 3, 0.5)).toEqual([]);
});

test('each choice is the best of what was left, as Carbonell and Goldstein define it', () => {
  const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
  const candidates = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), vector), { maxLength: 12 });
  fc.assert(
    fc.property(candidates, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(12), (drawn, lambda, k) => {
      const given = drawn.map(([score, numbers], index) => at(String(index), score, ...numbers));
      const chosen = diversified(given, k, lambda);
      expect(chosen).toHaveLength(Math.min(k, given.length));
      for (const [step, one] of chosen.entries()) {
        const before = chosen.slice(0, step);
        const worth = (other: (typeof given)[number]) =>
          lambda * other.score -
          (1 - lambda) * Math.max(0, ...before.map((taken) => likeness(other.vector, taken.vector)));
        const left = given.filter((other) => !before.includes(other));
        expect(worth(one)).toBeGreaterThanOrEqual(Math.max(...left.map(worth)) - 1e-5);
      }
    }),
  );
});

function likeness(a: Float32Array, b: Float32Array): number {
  const product = (x: Float32Array, y: Float32Array) => x.reduce((sum, one, i) => sum + one * y[i]!, 0);
  const lengths = Math.sqrt(product(a, a)) * Math.sqrt(product(b, b));
  return (1 + (lengths === 0 ? 0 : product(a, b) / lengths)) / 2;
}
