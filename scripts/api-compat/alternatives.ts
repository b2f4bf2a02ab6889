// A schema as the plain ones that it is made of: what allOf, anyOf, oneOf and lists of types say, said without them.
import { isDeepStrictEqual } from 'node:util';
import {
  AT_LEAST,
  AT_MOST,
  firstItemsOf,
  type Home,
  isBare,
  othersOf,
  propertiesOf,
  resolved,
  type Schema,
  type SchemaObject,
  valuesOf,
} from './schemas.js';

/** Keywords that mean the same whatever stands beside them, and have no rule for two of them: the first is kept. */
const ALONE = ['pattern', 'format', 'multipleOf', 'uniqueItems', 'propertyNames'];

/**
 * Every value of the schema is a value of one of these; none where there is no value. They may take more than the schema
 * does, for those of `oneOf` are taken to be apart, and keywords that cannot be joined are left out.
 *
 * @param lenient whether `additionalProperties: false` leaves fields be that the other part knows.
 */
export function alternatives(schema: Schema, home: Home, lenient: boolean): SchemaObject[] {
  const whole = resolved(schema, home);
  if (typeof whole === 'boolean') return whole ? [{}] : [];
  const { allOf, anyOf, oneOf, ...rest } = whole as SchemaObject &
    Partial<Record<'allOf' | 'anyOf' | 'oneOf', Schema[]>>;
  const deeper = (part: Schema) => alternatives(part, home, lenient);
  const parts = [
    ...(allOf ?? []).map(deeper),
    ...[anyOf, oneOf].filter((forms) => forms !== undefined).map((forms) => forms.flatMap(deeper)),
  ];
  return parts.reduce(
    (found, part) => found.flatMap((one) => part.flatMap((other) => merged(one, other, lenient))),
    ofOneType(rest),
  );
}

/** A schema of several types as one for each. */
export function ofOneType(schema: SchemaObject): SchemaObject[] {
  return Array.isArray(schema.type) ? schema.type.map((type: string) => ({ ...schema, type })) : [schema];
}

/** What takes the values that both take; none where their types or values are apart. */
function merged(one: SchemaObject, other: SchemaObject, lenient: boolean): SchemaObject[] {
  if (isBare(one)) return [other];
  if (isBare(other)) return [one];
  const types = commonTypes(one.type, other.type);
  const values = commonValues(valuesOf(one), valuesOf(other));
  if (types.length === 0 || values?.length === 0) return [];
  const keywords = {
    ...Object.fromEntries(ALONE.map((name) => [name, one[name] ?? other[name]])),
    ...Object.fromEntries(AT_LEAST.map((name) => [name, outermost(Math.max, one[name], other[name])])),
    ...Object.fromEntries(AT_MOST.map((name) => [name, outermost(Math.min, one[name], other[name])])),
    type: types[0],
    enum: values,
    ...fields(one, other, lenient),
    ...items(one, other),
  };
  return [Object.fromEntries(Object.entries(keywords).filter(([, value]) => value !== undefined))];
}

/** At most one type, or undefined for all of them. */
function commonTypes(one: unknown, other: unknown): unknown[] {
  if (one === undefined || one === other) return [other];
  if (other === undefined) return [one];
  return [one, other].every((type) => type === 'integer' || type === 'number') ? ['integer'] : [];
}

function outermost(pick: (...bounds: number[]) => number, one: unknown, other: unknown): number | undefined {
  const bounds = [one, other].filter((bound) => bound !== undefined) as number[];
  return bounds.length === 0 ? undefined : pick(...bounds);
}

function commonValues(one: unknown[] | undefined, other: unknown[] | undefined): unknown[] | undefined {
  if (!one || !other) return one ?? other;
  return one.filter((value) => other.some((allowed) => isDeepStrictEqual(allowed, value)));
}

function fields(one: SchemaObject, other: SchemaObject, lenient: boolean): SchemaObject {
  const names = new Set([one, other].flatMap((side) => Object.keys(propertiesOf(side))));
  const view = (side: SchemaObject, name: string) => {
    const others = othersOf(side);
    return propertiesOf(side)[name] ?? (lenient && others === false ? true : others);
  };
  const needed = [one, other].flatMap((side) => (side.required as string[] | undefined) ?? []);
  const rest = othersOfBoth(othersOf(one), othersOf(other), lenient);
  return {
    properties:
      names.size === 0
        ? undefined
        : Object.fromEntries([...names].map((name) => [name, both(view(one, name), view(other, name))])),
    required: needed.length === 0 ? undefined : [...new Set(needed)],
    additionalProperties: rest === true ? undefined : rest,
  };
}

/** Where it is passed over that one part allows none, what the other says of them still holds. */
function othersOfBoth(one: Schema, other: Schema, lenient: boolean): Schema {
  if (lenient && one === false && other !== true) return other;
  if (lenient && other === false && one !== true) return one;
  return both(one, other);
}

function items(one: SchemaObject, other: SchemaObject): SchemaObject {
  const rest = (side: SchemaObject) => (side.items ?? true) as Schema;
  const view = (side: SchemaObject, at: number) => firstItemsOf(side)[at] ?? rest(side);
  const named = Math.max(firstItemsOf(one).length, firstItemsOf(other).length);
  const others = both(rest(one), rest(other));
  return {
    prefixItems:
      named === 0 ? undefined : Array.from({ length: named }, (_, at) => both(view(one, at), view(other, at))),
    items: others === true ? undefined : others,
  };
}

/** Each part stands in it once, so that schemas that name themselves lead to finitely many. */
function both(one: Schema, other: Schema): Schema {
  if (one === true) return other;
  if (other === true) return one;
  if (one === false || other === false) return false;
  const parts = [...partsOf(one), ...partsOf(other)];
  const apart = parts.filter((part, at) => parts.findIndex((former) => isDeepStrictEqual(former, part)) === at);
  return apart.length === 1 ? apart[0]! : { allOf: apart };
}

function partsOf(schema: SchemaObject): Schema[] {
  return Array.isArray(schema.allOf) && Object.keys(schema).length === 1 ? (schema.allOf as Schema[]) : [schema];
}
