// The portable filter as Weaviate's conditions says what the port says, for any filter over any metadata.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Filter, type JsonObject, matchesFilter } from '#ports';
import { filtered, type StoredObject } from '../../../test/doubles/weaviate-index.js';
import { about } from '../src/providers/weaviate/conditions.js';
import { tokensOf } from '../src/providers/weaviate/tokens.js';
import { classDefinition } from '../src/providers/weaviate/weaviate-class.js';
import { EVERYTHING, restWhere, TOKENS, type Where, whereOf } from '../src/providers/weaviate/where.js';

const CLASS = classDefinition('Resk_cosine_4__a', { dimension: 4, metric: 'cosine' }, undefined) as never;

const FIELDS = ['year', 'lang', ' spaced ', 'resk_tokens', 'resk_subject', '', '__proto__', 'a"b\\'];
const NUMBERS = [0, -0, 1, -1, 2020, 0.1, -0.1, 1e-300, 5e-324, 1e300, -1e300, Number.MAX_SAFE_INTEGER, 255, 256];
const field = fc.constantFrom(...FIELDS);
const number = fc.oneof(fc.constantFrom(...NUMBERS), fc.double({ noNaN: true, noDefaultInfinity: true }));
const text = fc.oneof(fc.constantFrom('', ' ', 'en', 'EN', '2020', 'true', 'x'.repeat(300)), fc.string());
const value = fc.oneof(number, text, fc.boolean());
const metadata = fc.dictionary(field, fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.constant(null)), {
  noNullPrototype: true,
});
const leaf: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({ op: fc.constantFrom('eq', 'ne'), field, value }),
  fc.record({ op: fc.constantFrom('in', 'nin'), field, values: fc.array(value, { maxLength: 3 }) }),
  fc.record({ op: fc.constantFrom('gt', 'gte', 'lt', 'lte'), field, value: number }),
);
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({ op: fc.constantFrom('and', 'or'), filters: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ op: fc.constant('not'), filter: tie('filter') }),
  ),
}));

function stored(documents: readonly object[]): StoredObject[] {
  return documents.map((payload, at) => ({ id: String(at), vector: [], properties: { [TOKENS]: tokensOf(payload) } }));
}

function found(where: Where | undefined, objects: StoredObject[]): number[] {
  return filtered(CLASS, objects, restWhere(where ?? EVERYTHING) as never).map(({ id }) => Number(id));
}

test('finds what the port finds', () => {
  fc.assert(
    fc.property(fc.array(metadata, { maxLength: 8 }), filter, (documents, asked) => {
      const objects = stored(documents.map((one) => ({ metadata: one as JsonObject })));
      const expected = documents.flatMap((one, at) => (matchesFilter(asked, one as JsonObject) ? [at] : []));
      expect(found(whereOf(asked, 'weaviate'), objects)).toEqual(expected);
    }),
    { numRuns: 600 },
  );
});

test('orders every two numbers as they are', () => {
  fc.assert(
    fc.property(number, number, fc.constantFrom('gt', 'gte', 'lt', 'lte'), (kept, limit, op) => {
      const asked: Filter = { op, field: 'n', value: limit };
      const [object] = stored([{ metadata: { n: kept } }]);
      expect(found(whereOf(asked, 'weaviate'), [object!]).length === 1).toBe(matchesFilter(asked, { n: kept }));
    }),
    { numRuns: 600 },
  );
});

test('no metadata makes a document one about a person', () => {
  const objects = stored([
    { subject: 'person-1' },
    { metadata: { subject: 'person-1', resk_subject: 'person-1', resk_user_resk_subject: 'person-1' } },
    { subject: ' person-1' },
  ]);
  expect(found(about('person-1'), objects)).toEqual([0]);
});

test('texts in order are refused: their tokens are in another one', () => {
  const refused = { code: 'vector.filter_unsupported', facts: { provider: 'weaviate', operator: 'gte of a text' } };
  const asked: Filter = { op: 'not', filter: { op: 'and', filters: [{ op: 'gte', field: 'day', value: '2020' }] } };
  expect(() => whereOf(asked, 'weaviate')).toThrow(expect.objectContaining(refused));
});
