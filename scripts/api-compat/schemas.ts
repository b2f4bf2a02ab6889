// Schemas of a document: their form, the names they go by, and the parts that two of them are compared by.
import { isDeepStrictEqual } from 'node:util';

export type Schema = boolean | SchemaObject;
export interface SchemaObject {
  readonly [keyword: string]: unknown;
}

/** A document whose schemas `$ref`s name. */
export interface Home {
  components?: { schemas?: Record<string, Schema> };
}

/** Say something about a value, and forbid none. */
const ANNOTATIONS = ['title', 'description', 'example', 'examples', 'default', 'deprecated', 'readOnly', '$id'];
export const AT_LEAST = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
export const AT_MOST = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];

export function isMark(keyword: string): boolean {
  return ANNOTATIONS.includes(keyword) || keyword.startsWith('x-');
}

/** Whether a schema forbids nothing. */
export function isBare(schema: SchemaObject): boolean {
  return Object.keys(schema).every(isMark);
}

/** What a schema is where it is a name; what stands beside the name holds as well. */
export function resolved(schema: Schema, home: Home): Schema {
  if (typeof schema === 'boolean' || typeof schema.$ref !== 'string') return schema;
  const { $ref, ...beside } = schema;
  if (!isBare(beside)) return { allOf: [{ $ref }, beside] };
  return resolved(named($ref as string, home), home);
}

function named(ref: string, home: Home): Schema {
  const found = home.components?.schemas?.[ref.replace('#/components/schemas/', '')];
  if (found === undefined) throw new Error(`${ref} is not in the document`);
  return found;
}

/** Whether two schemas say the same in the same words, and so do all that they name. */
export function isSame(one: Schema, other: Schema, home: Home, otherHome: Home, seen = new Set<string>()): boolean {
  if (!isDeepStrictEqual(one, other)) return false;
  return refsIn(one).every((ref) => {
    if (seen.has(ref)) return true;
    seen.add(ref);
    return isSame(named(ref, home), named(ref, otherHome), home, otherHome, seen);
  });
}

function refsIn(part: unknown): string[] {
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, value]) =>
    name === '$ref' && typeof value === 'string' ? [value] : refsIn(value),
  );
}

/** The values that a schema lists, where it lists them. */
export function valuesOf({ enum: list, const: fixed }: SchemaObject): unknown[] | undefined {
  return fixed === undefined ? (list as unknown[] | undefined) : [fixed];
}

export function propertiesOf({ properties }: SchemaObject): Record<string, Schema> {
  return (properties as Record<string, Schema> | undefined) ?? {};
}

/** What a field may be that `properties` does not name: anything where patterns of names decide, for they are not looked at. */
export function othersOf({ additionalProperties, patternProperties }: SchemaObject): Schema {
  return patternProperties === undefined ? ((additionalProperties ?? true) as Schema) : true;
}

export function firstItemsOf({ prefixItems }: SchemaObject): Schema[] {
  return (prefixItems as Schema[] | undefined) ?? [];
}
