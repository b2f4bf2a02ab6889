// The documents that the contract of vector stores works on, and what filters say of them.
import type { Filter } from '../filter.js';
import type { VectorPoint } from '../vector-store.js';

export const DIMENSION = 4;

export const DOCUMENTS: VectorPoint[] = [
  {
    id: 'a',
    vector: axis(0),
    text: 'first',
    metadata: { lang: 'en', year: 2020, tags: ['x', 'y'] },
    subject: 'person-1',
  },
  { id: 'b', vector: axis(1), text: 'second', metadata: { lang: 'de', year: 2021, draft: true }, subject: 'person-1' },
  { id: 'c', vector: axis(2), text: 'third', metadata: { lang: 'en', year: 2022, tags: ['y'] }, subject: 'person-2' },
];

/** Filters over `DOCUMENTS`, with the ids that satisfy them. */
export const FILTERS: Array<[Filter, string[]]> = [
  [{ op: 'eq', field: 'lang', value: 'en' }, ['a', 'c']],
  [{ op: 'ne', field: 'lang', value: 'en' }, ['b']],
  [{ op: 'ne', field: 'draft', value: true }, ['a', 'c']],
  [{ op: 'eq', field: 'tags', value: 'y' }, ['a', 'c']],
  [{ op: 'in', field: 'year', values: [2020, 2022] }, ['a', 'c']],
  [{ op: 'nin', field: 'year', values: [2020, 2022] }, ['b']],
  [{ op: 'gt', field: 'year', value: 2020 }, ['b', 'c']],
  [{ op: 'gte', field: 'year', value: 2021 }, ['b', 'c']],
  [{ op: 'lt', field: 'year', value: 2021 }, ['a']],
  [{ op: 'lte', field: 'year', value: 2021 }, ['a', 'b']],
  [{ op: 'eq', field: 'year', value: '2020' }, []],
  [{ op: 'not', filter: { op: 'eq', field: 'draft', value: true } }, ['a', 'c']],
  [
    {
      op: 'and',
      filters: [
        { op: 'eq', field: 'lang', value: 'en' },
        { op: 'gt', field: 'year', value: 2020 },
      ],
    },
    ['c'],
  ],
  [
    {
      op: 'or',
      filters: [
        { op: 'eq', field: 'lang', value: 'de' },
        { op: 'lt', field: 'year', value: 2021 },
      ],
    },
    ['a', 'b'],
  ],
];

/** The unit vector along one axis. */
export function axis(at: number): Float32Array {
  return Float32Array.from({ length: DIMENSION }, (_, i) => (i === at ? 1 : 0));
}
