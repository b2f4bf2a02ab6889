// No value is lost that the comparison of schemas calls safe: held against a validator, with schemas and values made up.
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { included, type Schema } from '../../scripts/api-compat/included.js';

const NAMES = ['a', 'b', 'c'];
const TEXTS = ['', 'x', 'xx', 'xxxx'];
const NUMBERS = [-1, 0, 1, 2.5, 7];

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, ...TEXTS, ...NUMBERS),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
}));

const bounds = (least: string, most: string) =>
  fc.record({ [least]: fc.constantFrom(0, 1, 2), [most]: fc.constantFrom(1, 2, 3) }, { requiredKeys: [] });

const { schema } = fc.letrec<{ schema: Schema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom<Schema>(true, {}, { type: 'null' }, { type: 'boolean' }, { type: ['string', 'null'] }),
    fc.constantFrom<Schema>(
      { type: 'integer' },
      { type: 'number' },
      { type: 'string' },
      { const: 'x' },
      { enum: ['x', 1] },
    ),
    bounds('minLength', 'maxLength').map((rest) => ({ type: 'string', ...rest })),
    bounds('minimum', 'maximum').map((rest) => ({ type: 'number', ...rest })),
    fc.tuple(tie('schema'), bounds('minItems', 'maxItems')).map(([items, rest]) => ({ type: 'array', items, ...rest })),
    fc
      .record(
        {
          properties: fc.dictionary(fc.constantFrom(...NAMES), tie('schema'), { noNullPrototype: true }),
          required: fc.uniqueArray(fc.constantFrom(...NAMES)),
          additionalProperties: fc.oneof(fc.constant(false), tie('schema')),
        },
        { requiredKeys: [] },
      )
      .map((rest) => ({ type: 'object', ...rest })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((allOf) => ({ allOf })),
  ),
}));

const ajv = new Ajv2020({ strict: false });
let safe = 0;
let shown = 0;

it('what fits before fits after, wherever nothing speaks against it', () => {
  fc.assert(
    fc.property(schema, schema, fc.array(value, { minLength: 20, maxLength: 20 }), (from, to, values) => {
      if (included(from, to, { from: {}, to: {}, lenient: false }, 'it').length > 0) return;
      safe++;
      const before = ajv.compile(from);
      const after = ajv.compile(to);
      for (const one of values.filter((candidate) => before(candidate))) {
        shown++;
        expect(after(one), JSON.stringify({ from, to, one })).toBe(true);
      }
    }),
    { numRuns: 3000 },
  );
  expect(safe).toBeGreaterThan(100);
  expect(shown).toBeGreaterThan(500);
});
