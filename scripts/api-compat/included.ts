// Whether every value of one JSON Schema is a value of another; what speaks against it, by place.
import { isDeepStrictEqual } from 'node:util';

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
  if (left === true) return included({}, right, sides, at, under);
  if (Array.isArray(right.allOf)) return (right.allOf as Schema[]).flatMap((part) => deeper(left, part));
  const branches = branchesOf(left);
  if (branches) return branches.flatMap((branch) => deeper(branch, right));
  const choices = branchesOf(right);
  if (choices) {
    const fits = choices.some((choice) => deeper(left, choice).length === 0);
    return fits ? [] : [`${at}: ${nameOf(left)} fits none of the forms that are left`];
  }
  return [
    ...typeProblems(left, right, at),
    ...valueProblems(left, right, at),
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

/** The alternatives of a schema that is made of them; a list of types is one too. */
function branchesOf({ anyOf, oneOf, type, ...rest }: SchemaObject): Schema[] | undefined {
  if (Array.isArray(type)) return type.map((one: string) => ({ ...rest, type: one }));
  return (anyOf ?? oneOf) as Schema[] | undefined;
}

function nameOf({ type, const: fixed, enum: list }: SchemaObject): string {
  return fixed === undefined && list === undefined ? String(type ?? 'any value') : JSON.stringify(fixed ?? list);
}

/** The values that a schema lists, where it lists them. */
function valuesOf({ enum: list, const: fixed }: SchemaObject): unknown[] | undefined {
  return fixed === undefined ? (list as unknown[] | undefined) : [fixed];
}

function typeProblems(from: SchemaObject, to: SchemaObject, at: string): string[] {
  if (to.type === undefined || from.type === to.type || (from.type === 'integer' && to.type === 'number')) return [];
  const listed = valuesOf(from);
  if (from.type === undefined && listed?.every((value) => typeof value === to.type)) return [];
  return [`${at}: was ${nameOf(from)}, and is ${nameOf(to)}`];
}

function valueProblems(from: SchemaObject, to: SchemaObject, at: string): string[] {
  const allowed = valuesOf(to);
  if (!allowed) return [];
  const given = valuesOf(from);
  if (!given) return [`${at}: is limited to ${JSON.stringify(allowed)}`];
  const lost = given.filter((value) => !allowed.some((one) => isDeepStrictEqual(one, value)));
  return lost.map((value) => `${at}: ${JSON.stringify(value)} is not among the values`);
}

function boundProblems(from: SchemaObject, to: SchemaObject, at: string): string[] {
  if (valuesOf(from)) return [];
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
  return [
    ...needed.filter((name) => !given.has(name)).map((name) => `${at}.${name}: must be there, and need not have been`),
    ...Object.entries(before).flatMap(([name, schema]) => {
      const now = after[name] ?? (lenient ? true : (rest ?? true));
      return deeper(schema, now, `${at}.${name}`);
    }),
    // Of a reply: a field that could be read, and is not given any more.
    ...(lenient ? Object.keys(after).filter((name) => !(name in before)) : [])
      .filter((name) => !needed.includes(name))
      .map((name) => `${at}.${name}: is gone`),
    ...(rest === undefined || lenient || from.additionalProperties === false || !isMap(from)
      ? []
      : deeper((from.additionalProperties ?? true) as Schema, rest, `${at}.*`)),
  ];
}

function isMap({ type, additionalProperties }: SchemaObject): boolean {
  return type === 'object' || additionalProperties !== undefined;
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
  if (valuesOf(from)) return [];
  return Object.keys(to)
    .filter((name) => !RULED.has(name) && !name.startsWith('x-') && !isDeepStrictEqual(from[name], to[name]))
    .map((name) => `${at}: ${name} was ${JSON.stringify(from[name]) ?? 'not set'}, and is ${JSON.stringify(to[name])}`);
}
