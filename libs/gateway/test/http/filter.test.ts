// Filters on the wire become the portable filter, or a problem that names its place.
import { describe, expect, it } from 'vitest';
import { filter } from '../../src/http/schemas/fields.js';

const problem = (given: unknown) => {
  const result = filter.safeParse(given);
  return result.success ? undefined : result.error.issues[0];
};

describe('filter on the wire', () => {
  it.each([
    [{ category: 'hours' }, { op: 'eq', field: 'category', value: 'hours' }],
    [{ year: { gte: 2024 } }, { op: 'gte', field: 'year', value: 2024 }],
    [{ tag: { in: ['a', 'b'] } }, { op: 'in', field: 'tag', values: ['a', 'b'] }],
    [{ not: { open: true } }, { op: 'not', filter: { op: 'eq', field: 'open', value: true } }],
    [
      { or: [{ a: 1 }, { b: { ne: 2 } }] },
      {
        op: 'or',
        filters: [
          { op: 'eq', field: 'a', value: 1 },
          { op: 'ne', field: 'b', value: 2 },
        ],
      },
    ],
    [
      { a: 1, year: { gte: 2020, lt: 2024 } },
      {
        op: 'and',
        filters: [
          { op: 'eq', field: 'a', value: 1 },
          {
            op: 'and',
            filters: [
              { op: 'gte', field: 'year', value: 2020 },
              { op: 'lt', field: 'year', value: 2024 },
            ],
          },
        ],
      },
    ],
  ])('reads %j', (given, expected) => {
    expect(filter.parse(given)).toEqual(expected);
  });

  it('names the place of what it does not understand', () => {
    expect(problem({})).toMatchObject({ message: 'must name at least one field' });
    expect(problem({ year: { near: 3 } })).toMatchObject({ path: ['year'] });
    expect(problem({ year: {} })).toMatchObject({
      path: ['year'],
      message: expect.stringContaining('must name a comparison'),
    });
    expect(problem({ and: {} })).toMatchObject({ path: ['and'], message: 'must be a list of filters' });
    expect(problem({ or: [{ a: 1 }, 3] })).toMatchObject({ path: ['or', 1], message: 'must be a filter object' });
    expect(problem({ tag: { in: [] } })).toMatchObject({ path: ['tag'] });
  });

  it('refuses filters that nest without end', () => {
    const deep = (levels: number): object => (levels === 0 ? { a: 1 } : { not: deep(levels - 1) });
    expect(problem(deep(8))).toBeUndefined();
    expect(problem(deep(9))?.message).toContain('must not nest');
  });
});
