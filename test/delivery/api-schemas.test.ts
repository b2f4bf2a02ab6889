// No value is lost that the comparison of schemas calls safe: held against a validator, with schemas and values made up.
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { included } from '../../scripts/api-compat/included.js';
import type { Home, Schema, SchemaObject } from '../../scripts/api-compat/schemas.js';

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

const object = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom<unknown>(...TEXTS, ...NUMBERS), {
  noNullPrototype: true,
});

const bounds = (least: string, most: string) =>
  fc.record({ [least]: fc.constantFrom(0, 1, 2), [most]: fc.constantFrom(1, 2, 3) }, { requiredKeys: [] });
const named = fc.constantFrom<Schema>({ $ref: '#/components/schemas/One' }, { $ref: '#/components/schemas/Two' });
const needed = fc.subarray(NAMES, { minLength: 1 }).map((required): Schema => ({ required }));
const fieldsOf = (field: fc.Arbitrary<Schema>) => ({
  properties: fc.dictionary(fc.constantFrom(...NAMES), field, { noNullPrototype: true, maxKeys: 3 }),
  required: fc.uniqueArray(fc.constantFrom(...NAMES)),
  additionalProperties: fc.oneof(fc.constant<Schema>(false), field),
});
const listOf = (part: fc.Arbitrary<Schema>) => fc.array(part, { minLength: 1, maxLength: 2 });
const ofType = (type: string) => (rest: object) => ({ type, ...rest });

const text = bounds('minLength', 'maxLength').map(ofType('string'));
const number = bounds('minimum', 'maximum').map(ofType('number'));
const flat = fc
  .record(fieldsOf(fc.oneof(text, number, fc.constant<Schema>({ type: 'integer' }))), { requiredKeys: [] })
  .map(ofType('object'));

/** What is made of parts, without the noise of deeper ones. */
const joined = fc.oneof(
  fc.tuple(number, number).map((allOf): Schema => ({ allOf })),
  fc
    .tuple(flat, listOf(fc.oneof(flat, needed)), fc.constantFrom('allOf', 'anyOf'))
    .map(([beside, parts, forms]): Schema => ({ ...beside, [forms]: parts })),
);

const { schema, composed } = fc.letrec<{ schema: Schema; composed: Schema }>((tie) => ({
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
    text,
    number,
    named,
    joined,
    tie('composed'),
    fc.tuple(tie('schema'), bounds('minItems', 'maxItems')).map(([items, rest]) => ({ type: 'array', items, ...rest })),
    tie('schema').map((additionalProperties) => ({ type: 'object', additionalProperties })),
    listOf(tie('schema')).map((anyOf) => ({ anyOf })),
    listOf(tie('schema')).map((allOf) => ({ allOf })),
    // Forms beside fields, as of one who adds to what has a name.
    fc.record(
      {
        type: fc.constantFrom<unknown>('object', 'array', 'string', ['object', 'null']),
        ...fieldsOf(tie('schema')),
        items: tie('schema'),
        enum: fc.constantFrom(['x', 1], ['xx', null]),
        allOf: listOf(fc.oneof(tie('schema'), named)),
        anyOf: listOf(fc.oneof(tie('schema'), needed)),
      },
      { requiredKeys: [] },
    ),
  ),
  composed: fc.record(fieldsOf(tie('schema')), { requiredKeys: [] }).map(ofType('object')),
}));

/** What has a name may name itself, but only within a field or an item, else it would say nothing. */
const home = fc.tuple(composed, schema).map(([One, items]): Home => {
  return { components: { schemas: { One, Two: { type: 'array', items } } } };
});

interface Sample {
  from: Schema;
  to: Schema;
  before: Home;
  after: Home;
}

/** Two schemas that differ in little, or nothing but what their names stand for: of two that are made up apart, few fit. */
const sample = fc
  .tuple(
    fc.oneof(schema, joined),
    schema,
    fc.nat(),
    fc.constantFrom('apart', 'narrower', 'wider', 'renamed'),
    home,
    home,
  )
  .map(([one, other, at, kind, before, elsewhere]): Sample => {
    const all = variants(one, other);
    const variant = all[at % all.length]!;
    const homes = { before, after: kind === 'renamed' ? elsewhere : before };
    if (kind === 'narrower') return { from: variant, to: one, ...homes };
    if (kind === 'wider') return { from: one, to: variant, ...homes };
    return { from: one, to: kind === 'apart' ? other : one, ...homes };
  });

/** The schema with one of its parts left out, or `by` in its place. */
function variants(whole: Schema, by: Schema): Schema[] {
  if (typeof whole === 'boolean') return [by];
  const changed = Object.entries(whole).flatMap(([keyword, part]) => {
    const { [keyword]: _, ...rest } = whole;
    return [rest, ...variantsOf(keyword, part, by).map((one): Schema => ({ ...rest, [keyword]: one }))];
  });
  return [by, ...changed.filter((one) => !('$ref' in whole) || one === by)];
}

function variantsOf(keyword: string, part: unknown, by: Schema): unknown[] {
  if (keyword === 'properties')
    return Object.entries(part as Record<string, Schema>).flatMap(([name, field]) =>
      variants(field, by).map((one) => ({ ...(part as object), [name]: one })),
    );
  if (keyword === 'allOf' || keyword === 'anyOf')
    return (part as Schema[]).flatMap((form, at) => variants(form, by).map((one) => (part as Schema[]).with(at, one)));
  return keyword === 'items' || keyword === 'additionalProperties' ? variants(part as Schema, by) : [];
}

/** The schema with every part of it as `change` makes it. */
function mapped(whole: Schema, change: (part: SchemaObject) => SchemaObject): Schema {
  if (typeof whole === 'boolean') return whole;
  const deeper = (part: unknown) => mapped(part as Schema, change);
  const parts = Object.entries(whole).map(([keyword, part]): [string, unknown] => {
    if (keyword === 'properties')
      return [
        keyword,
        Object.fromEntries(Object.entries(part as object).map(([name, field]) => [name, deeper(field)])),
      ];
    if (keyword === 'allOf' || keyword === 'anyOf') return [keyword, (part as Schema[]).map(deeper)];
    return [keyword, ['items', 'additionalProperties'].includes(keyword) ? deeper(part) : part];
  });
  return change(Object.fromEntries(parts));
}

function homeMapped({ components }: Home, change: (part: SchemaObject) => SchemaObject): Home {
  const schemas = Object.entries(components!.schemas!).map(([name, one]) => [name, mapped(one, change)]);
  return { components: { schemas: Object.fromEntries(schemas) } };
}

const opened = ({ additionalProperties, ...rest }: SchemaObject) =>
  additionalProperties === false || additionalProperties === undefined ? rest : { ...rest, additionalProperties };
const worded = (part: SchemaObject) => ({ ...part, description: 'Words.' });

const ajv = new Ajv2020({ strict: false });
const judge = (one: Schema, home: Home) =>
  ajv.compile({ ...(JSON.stringify(one).includes('$ref') ? home : {}), allOf: [one] });

it.each([
  ['of a request', false],
  ['of a reply, to who passes over what he does not know', true],
])('what fits before fits after, wherever nothing speaks against it: %s', (_, lenient) => {
  let safe = 0;
  let shown = 0;
  fc.assert(
    fc.property(
      sample,
      fc.array(fc.oneof(value, object), { minLength: 20, maxLength: 20 }),
      ({ from, to, before, after }, values) => {
        if (included(from, to, { from: before, to: after, lenient }, 'it').length > 0) return;
        safe++;
        const came = values.filter(judge(from, before) as (candidate: unknown) => boolean);
        if (came.length === 0) return;
        shown += came.length;
        const fits = lenient ? judge(mapped(to, opened), homeMapped(after, opened)) : judge(to, after);
        for (const one of came) expect(fits(one), JSON.stringify({ from, to, one, before, after })).toBe(true);
      },
    ),
    { numRuns: 1500 },
  );
  expect(safe).toBeGreaterThan(300);
  expect(shown).toBeGreaterThan(500);
});

it('nothing speaks against the same in other words', () => {
  fc.assert(
    fc.property(fc.oneof(schema, joined), home, fc.boolean(), (one, before, lenient) => {
      const [other, after] = [mapped(one, worded), homeMapped(before, worded)];
      expect(included(one, other, { from: before, to: after, lenient }, 'it')).toEqual([]);
      expect(included(other, one, { from: after, to: before, lenient }, 'it')).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});
