// Whether every value of one JSON Schema is a value of another; what speaks against it, by place.
import { isDeepStrictEqual } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';

export type Schema = boolean | SchemaObject;
export interface SchemaObject {
  readonly [keyword: string]: unknown;
}

/** A document whose schemas `$ref`s name. */
export interface Home {
  components?: { schemas?: Record<string, Schema> };
}

export interface Sides {
  from: Home;
  to: Home;
  /** Whether a field that `to` does not know is passed over, as clients do with replies. */
  lenient: boolean;
}

/** Say something about a value, and forbid none. */
const ANNOTATIONS = ['title', 'description', 'example', 'examples', 'default', 'deprecated', 'readOnly', '$id'];
const AT_LEAST = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
const AT_MOST = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Keywords that have a rule of their own below. */
const RULED = new Set([
  ...ANNOTATIONS,
  ...AT_LEAST,
  ...AT_MOST,
  ...['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', 'nullable'],
  ...['properties', 'required', 'additionalProperties', 'items', 'prefixItems'],
]);

/**
 * What speaks against it, each with its place (`body.documents[].id`); nothing where all of `from` fits `to`. A keyword
 * that differs and has no rule here speaks against it too: a change is innocent only where it is seen to be.
 */
export function included(from: Schema, to: Schema, sides: Sides, at: string, open: readonly string[] = []): string[] {
  const pair = `${refOf(from)} ${refOf(to)}`;
  if (open.includes(pair)) return [];
  const under = refOf(from) && refOf(to) ? [...open, pair] : open;
  const left = resolved(from, sides.from);
  const right = resolved(to, sides.to);
  const deeper = (one: Schema, other: Schema, place = at) => included(one, other, sides, place, under);

  if (right === true || left === false) return [];
  if (right === false) return [`${at}: is not allowed any more`];
  if (left === true) return deeper({}, right);
  const listed = valuesOf(left);
  if (listed) return listedProblems(listed, right, sides.to, at);
  if (Array.isArray(right.allOf)) return partsOf(right).flatMap((part) => deeper(left, part));
  const branches = branchesOf(left);
  if (branches) return branches.flatMap((branch) => deeper(branch, right));
  const choices = branchesOf(right);
  if (choices) {
    const fits = choices.some((choice) => deeper(left, choice).length === 0);
    return [
      ...(fits ? [] : [`${at}: ${nameOf(left)} fits none of the forms that are left`]),
      ...(right.anyOf || right.oneOf ? deeper(left, withoutForms(right)) : []),
    ];
  }
  return [
    ...typeProblems(left, right, at),
    ...valueProblems(right, at),
    ...boundProblems(left, right, at),
    ...objectProblems(left, right, sides.lenient, at, deeper),
    ...arrayProblems(left, right, at, deeper),
    ...unruledProblems(left, right, at),
  ];
}

type Deeper = (one: Schema, other: Schema, place?: string) => string[];

function refOf(schema: Schema): string {
  return typeof schema === 'object' && typeof schema.$ref === 'string' ? schema.$ref : '';
}

function resolved(schema: Schema, home: Home): Schema {
  const ref = refOf(schema);
  if (ref === '') return schema;
  const found = home.components?.schemas?.[ref.replace('#/components/schemas/', '')];
  if (found === undefined) throw new Error(`${ref} is not in the document`);
  return resolved(found, home);
}

/** The alternatives of a schema that is made of them, a list of types among them; those of `oneOf` are taken to be apart. */
function branchesOf({ anyOf, oneOf, type, ...rest }: SchemaObject): Schema[] | undefined {
  if (anyOf ?? oneOf) return (anyOf ?? oneOf) as Schema[];
  return Array.isArray(type) ? type.map((one: string) => ({ ...rest, type: one })) : undefined;
}

function withoutForms({ anyOf: _, oneOf: __, ...rest }: SchemaObject): SchemaObject {
  return rest;
}

/** What must all hold: the parts of `allOf`, and what stands beside it. */
function partsOf({ allOf, ...rest }: SchemaObject): Schema[] {
  return [...(allOf as Schema[]), rest];
}

function listedProblems(values: readonly unknown[], to: SchemaObject, home: Home, at: string): string[] {
  const allowed = valuesOf(to);
  const fits = allowed ? (value: unknown) => allowed.some((one) => isDeepStrictEqual(one, value)) : validator(to, home);
  const lost = values.filter((value) => !fits(value));
  return lost.map((value) => `${at}: ${JSON.stringify(value)} is not among the values`);
}

function nameOf({ type }: SchemaObject): string {
  return String(type ?? 'any value');
}

/** The values that a schema lists, where it lists them. */
function valuesOf({ enum: list, const: fixed }: SchemaObject): unknown[] | undefined {
  return fixed === undefined ? (list as unknown[] | undefined) : [fixed];
}

function validator(schema: SchemaObject, home: Home): (value: unknown) => boolean {
  const named = JSON.stringify(schema).includes('"$ref"') ? home : {};
  return new Ajv2020({ strict: false, validateFormats: false }).compile({ ...named, allOf: [schema] });
}

function typeProblems(from: SchemaObject, to: SchemaObject, at: string): string[] {
  if (to.type === undefined || from.type === to.type || (from.type === 'integer' && to.type === 'number')) return [];
  return [`${at}: was ${nameOf(from)}, and is ${nameOf(to)}`];
}

function valueProblems(to: SchemaObject, at: string): string[] {
  const allowed = valuesOf(to);
  return allowed ? [`${at}: is limited to ${JSON.stringify(allowed)}`] : [];
}

function boundProblems(from: SchemaObject, to: SchemaObject, at: string): string[] {
  const tighter = (name: string, sign: 1 | -1) => {
    const bound = to[name] as number | undefined;
    const before = from[name] as number | undefined;
    return bound !== undefined && (before === undefined || sign * bound > sign * before);
  };
  const names = [...AT_LEAST.filter((name) => tighter(name, 1)), ...AT_MOST.filter((name) => tighter(name, -1))];
  return names.map((name) => `${at}: ${name} was ${String(from[name] ?? 'not set')}, and is ${String(to[name])}`);
}

function objectProblems(from: SchemaObject, to: SchemaObject, lenient: boolean, at: string, deeper: Deeper): string[] {
  const before = propertiesOf(from);
  const after = propertiesOf(to);
  const needed = (to.required as string[] | undefined) ?? [];
  const given = new Set(from.required as string[] | undefined);
  const rest = to.additionalProperties as Schema | undefined;
  const others = (from.additionalProperties ?? true) as Schema;
  return [
    ...needed.filter((name) => !given.has(name)).map((name) => `${at}.${name}: must be there, and need not have been`),
    ...Object.entries(before).flatMap(([name, schema]) => {
      const now = after[name] ?? (lenient ? true : (rest ?? true));
      return deeper(schema, now, `${at}.${name}`);
    }),
    ...Object.keys(after)
      .filter((name) => !(name in before) && !(lenient && needed.includes(name)))
      // Of a reply: a field that could be read, and is not given any more. Of a request: one that could be anything.
      .flatMap((name) => (lenient ? [`${at}.${name}: is gone`] : deeper(others, after[name]!, `${at}.${name}`))),
    ...(rest === undefined || lenient ? [] : deeper(others, rest, `${at}.*`)),
  ];
}

function propertiesOf({ properties }: SchemaObject): Record<string, Schema> {
  return (properties as Record<string, Schema> | undefined) ?? {};
}

function arrayProblems(from: SchemaObject, to: SchemaObject, at: string, deeper: Deeper): string[] {
  const first = (from.prefixItems as Schema[] | undefined) ?? [];
  const second = (to.prefixItems as Schema[] | undefined) ?? [];
  if (first.length !== second.length) return [`${at}: has ${second.length} named items, and had ${first.length}`];
  return [
    ...first.flatMap((one, index) => deeper(one, second[index]!, `${at}[${index}]`)),
    ...(to.items === undefined ? [] : deeper((from.items ?? true) as Schema, to.items as Schema, `${at}[]`)),
  ];
}

/** A keyword of `to` that is compared by its text alone. What only `from` has made it narrower, and does no harm. */
function unruledProblems(from: SchemaObject, to: SchemaObject, at: string): string[] {
  return Object.keys(to)
    .filter((name) => !RULED.has(name) && !name.startsWith('x-') && !isDeepStrictEqual(from[name], to[name]))
    .map((name) => `${at}: ${name} was ${JSON.stringify(from[name]) ?? 'not set'}, and is ${JSON.stringify(to[name])}`);
}
