// Whether every value of one JSON Schema is a value of another; what speaks against it, by place.
import { isDeepStrictEqual } from 'node:util';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { alternatives, ofOneType } from './alternatives.js';
import {
  AT_LEAST,
  AT_MOST,
  firstItemsOf,
  type Home,
  isMark,
  isSame,
  othersOf,
  propertiesOf,
  resolved,
  type Schema,
  type SchemaObject,
  valuesOf,
} from './schemas.js';

export interface Sides {
  from: Home;
  to: Home;
  /** Whether a field that `to` does not know is passed over, as clients do with replies. */
  lenient: boolean;
}

const FORMS = ['allOf', 'anyOf', 'oneOf'];
/** Keywords that have a rule of their own below. */
const RULED = new Set([
  ...AT_LEAST,
  ...AT_MOST,
  ...FORMS,
  ...['type', 'enum', 'const', 'nullable'],
  ...['properties', 'required', 'additionalProperties', 'items', 'prefixItems'],
]);

/**
 * What speaks against it, each with its place (`body.documents[].id`); nothing where all of `from` fits `to`. A keyword
 * that differs and has no rule here speaks against it too: a change is innocent only where it is seen to be.
 */
export function included(from: Schema, to: Schema, sides: Sides, at: string, open: readonly string[] = []): string[] {
  if (isSame(from, to, sides.from, sides.to)) return [];
  const pair = JSON.stringify([from, to]);
  if (open.includes(pair)) return [];
  // Only a schema with names in it can come back to itself.
  const under = pair.includes('"$ref"') ? [...open, pair] : open;
  const deeper = (one: Schema, other: Schema, place = at) => included(one, other, sides, place, under);

  const right = resolved(to, sides.to);
  if (right === true) return [];
  const [left, ...more] = alternatives(from, sides.from, sides.lenient);
  if (left === undefined) return [];
  if (right === false) return [`${at}: is not allowed any more`];
  if (more.length > 0) return [...new Set([left, ...more].flatMap((one) => deeper(one, right)))];
  const listed = valuesOf(left);
  if (listed) return listedProblems(listed, left, right, sides, at);
  const forms = FORMS.find((name) => right[name] !== undefined);
  if (forms) {
    const { [forms]: parts, ...beside } = right as SchemaObject & Record<string, Schema[]>;
    const all = forms === 'allOf';
    return [
      ...(all ? parts!.flatMap((part) => deeper(left, part)) : choiceProblems(left, parts!, at, deeper)),
      ...deeper(left, beside),
    ];
  }
  if (Array.isArray(right.type)) return choiceProblems(left, ofOneType(right), at, deeper);
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

/** The choices of `oneOf` are taken to be apart. */
function choiceProblems(from: SchemaObject, choices: readonly Schema[], at: string, deeper: Deeper): string[] {
  const fits = choices.some((choice) => deeper(from, choice).length === 0);
  return fits ? [] : [`${at}: ${nameOf(from)} fits none of the forms that are left`];
}

function listedProblems(values: readonly unknown[], from: SchemaObject, to: SchemaObject, sides: Sides, at: string) {
  const came = validator(from, sides.from);
  const fits = validator(to, sides.to);
  const lost = values.filter((value) => came(value) && !fits(value));
  return lost.map((value) => `${at}: ${JSON.stringify(value)} is not among the values`);
}

function nameOf({ type }: SchemaObject): string {
  return String(type ?? 'any value');
}

const ajv = new Ajv2020({ strict: false, validateFormats: false });

function validator(schema: SchemaObject, home: Home): (value: unknown) => boolean {
  const named = JSON.stringify(schema).includes('"$ref"') ? home : {};
  return ajv.compile({ ...named, allOf: [schema] });
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
  const missing = needed.filter((name) => !given.has(name));
  const named = (to.additionalProperties ?? true) as Schema;
  // Who passes over what he does not know is not held to there being nothing else.
  const rest = lenient && named === false ? true : named;
  const others = othersOf(from);
  return [
    ...missing.map((name) => `${at}.${name}: must be there, and need not have been`),
    ...Object.entries(before).flatMap(([name, schema]) => deeper(schema, after[name] ?? rest, `${at}.${name}`)),
    ...Object.keys(after)
      .filter((name) => !(name in before) && !(lenient && missing.includes(name)))
      // Of a reply: a field that could be read, and is not given any more. Of a request: one that could be anything.
      .flatMap((name) => (lenient ? [`${at}.${name}: is gone`] : deeper(others, after[name]!, `${at}.${name}`))),
    ...deeper(others, rest, `${at}.*`),
  ];
}

function arrayProblems(from: SchemaObject, to: SchemaObject, at: string, deeper: Deeper): string[] {
  const first = firstItemsOf(from);
  const second = firstItemsOf(to);
  if (first.length !== second.length) return [`${at}: has ${second.length} named items, and had ${first.length}`];
  return [
    ...first.flatMap((one, index) => deeper(one, second[index]!, `${at}[${index}]`)),
    ...(to.items === undefined ? [] : deeper((from.items ?? true) as Schema, to.items as Schema, `${at}[]`)),
  ];
}

/** A keyword of `to` that is compared by its text alone. What only `from` has made it narrower, and does no harm. */
function unruledProblems(from: SchemaObject, to: SchemaObject, at: string): string[] {
  return Object.keys(to)
    .filter((name) => !RULED.has(name) && !isMark(name) && !isDeepStrictEqual(from[name], to[name]))
    .map((name) => `${at}: ${name} was ${JSON.stringify(from[name]) ?? 'not set'}, and is ${JSON.stringify(to[name])}`);
}
