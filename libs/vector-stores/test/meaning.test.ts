// What scores and filters mean, whatever the store.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Filter, JsonObject, Metric } from '#ports';
import { matchesFilter, similarity } from '#vector-stores';
import { FilterIndex } from '../src/providers/embedded/filter-index.js';

describe('a score', () => {
  test('of cosine is 1 in the same direction, 0.5 across, 0 opposite; rounding never leaves 0..1', () => {
    expect([1, 0, -1, 1 + 1e-15, -1 - 1e-15].map((raw) => similarity('cosine', raw))).toEqual([1, 0.5, 0, 1, 0]);
  });

  test('of a distance is 1 at the point itself and falls towards 0', () => {
    expect([0, 1, 3].map((raw) => similarity('l2', raw))).toEqual([1, 0.5, 0.25]);
    expect(similarity('l2', Number.POSITIVE_INFINITY)).toBe(0);
  });

  test('of a product is 0.5 at 0, and still tells large products apart', () => {
    expect(similarity('dot', 0)).toBe(0.5);
    expect(similarity('dot', 1e6)).toBeLessThan(similarity('dot', 2e6));
    expect([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((raw) => similarity('dot', raw))).toEqual([1, 0]);
  });

  test('lies in 0..1 and keeps the order of nearness', () => {
    const raw = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(fc.constantFrom<Metric>('cosine', 'l2', 'dot'), raw, raw, (metric, a, b) => {
        const [low, high] =
          metric === 'l2' ? [Math.abs(a), Math.abs(b)].sort((x, y) => y - x) : [a, b].sort((x, y) => x - y);
        const [far, near] = [similarity(metric, low!), similarity(metric, high!)];
        expect(far).toBeGreaterThanOrEqual(0);
        expect(near).toBeLessThanOrEqual(1);
        expect(near).toBeGreaterThanOrEqual(far);
      }),
    );
  });
});

describe('a filter', () => {
  const document: JsonObject = { n: 1, s: 'b', yes: true, none: null, list: ['a', 2], nested: { n: 1 } };
  const cases: Array<[Filter, boolean]> = [
    [{ op: 'eq', field: 'n', value: 1 }, true],
    [{ op: 'eq', field: 'n', value: '1' }, false],
    [{ op: 'eq', field: 'list', value: 2 }, true],
    [{ op: 'in', field: 'list', values: ['z', 'a'] }, true],
    [{ op: 'in', field: 's', values: [] }, false],
    [{ op: 'nin', field: 's', values: [] }, true],
    [{ op: 'eq', field: 'absent', value: 'undefined' }, false],
    [{ op: 'ne', field: 'absent', value: 1 }, true],
    [{ op: 'ne', field: 'none', value: 0 }, true],
    [{ op: 'gt', field: 'none', value: -1 }, false],
    [{ op: 'gt', field: 's', value: 'a' }, true],
    [{ op: 'gte', field: 's', value: 0 }, false],
    [{ op: 'lt', field: 'list', value: 3 }, false],
    [{ op: 'eq', field: 'toString', value: 'x' }, false],
    [{ op: 'and', filters: [] }, true],
    [{ op: 'or', filters: [] }, false],
  ];
  test.each(cases)('%j is %s', (filter, expected) => {
    expect(matchesFilter(filter, document)).toBe(expected);
  });

  test('gives the same through the index as document by document', () => {
    fc.assert(
      fc.property(fc.array(metadata, { maxLength: 30 }), filterOf(3), (documents, filter) => {
        const index = new FilterIndex();
        for (const [slot, one] of documents.entries()) index.add(slot, { metadata: one });
        const expected = documents.map((one) => (matchesFilter(filter, one) ? 1 : 0));
        expect([...index.select(filter, documents.length)]).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});

const field = fc.constantFrom('a', 'b', '__proto__', 'constructor');
const value = fc.constantFrom<string | number | boolean>('x', 'y', '', 0, 1, 2, -1, true, false);
const metadata = fc.dictionary(
  field,
  fc.oneof(value, fc.constant(null), fc.array(value), fc.constant({ a: 1 })),
) as fc.Arbitrary<JsonObject>;

function filterOf(depth: number): fc.Arbitrary<Filter> {
  const leaf = fc.oneof(
    fc.record({ op: fc.constantFrom('eq', 'ne'), field, value }),
    fc.record({ op: fc.constantFrom('in', 'nin'), field, values: fc.array(value) }),
    fc.record({ op: fc.constantFrom('gt', 'gte', 'lt', 'lte'), field, value: fc.constantFrom('x', '', 0, 1) }),
  ) as fc.Arbitrary<Filter>;
  if (depth === 0) return leaf;
  const inner = filterOf(depth - 1);
  return fc.oneof(
    leaf,
    fc.record({ op: fc.constantFrom('and', 'or'), filters: fc.array(inner, { maxLength: 3 }) }) as fc.Arbitrary<Filter>,
    fc.record({ op: fc.constant('not'), filter: inner }) as fc.Arbitrary<Filter>,
  );
}
