// A point as it lies in Redis: a document in JSON, which is believed, and attributes of its vector, which searches filter by.
import { createHash } from 'node:crypto';
import type { FilterValue, JsonObject, VectorPoint } from 'resk-caching/ports';

/** What is kept of a point under its id. The vector in base64 of its little-endian 32-bit floats, for no digit may be lost. */
export type Document = Omit<VectorPoint, 'id' | 'vector'> & { vector: string };

/** Later than any time, and exact as a double. */
const NEVER = 8.64e15;

export function documentOf({ id: _, vector, ...rest }: VectorPoint, now: number): Document {
  const lineage = { ...rest.lineage, ingestedAt: rest.lineage?.ingestedAt ?? now };
  return { ...rest, lineage, vector: bytesOf(vector).toString('base64') };
}

export function pointOf(id: string, document: Document): VectorPoint {
  const { vector, ...rest } = document;
  return { ...rest, id, vector: vectorOf(vector) };
}

export function bytesOf(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

function vectorOf(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

/**
 * What a filter may ask for. An expression with the name of an attribute that is absent is false as a whole, whatever it
 * says of it; so all of these are always there, and fields of the metadata are tokens of one list. The numbers are apart.
 */
export function attributesOf({ metadata = {}, purposes, expiresAt, consent, lineage }: Document): JsonObject {
  const tokens = Object.entries(metadata).flatMap(([field, value]) =>
    [value].flat().flatMap((one) => (isFilterValue(one) ? [valueToken(field, one)] : [])),
  );
  const numbers = Object.entries(metadata).flatMap(([field, value]) =>
    typeof value === 'number' ? [[numberName(field), value] as const] : [],
  );
  return {
    ...Object.fromEntries(numbers),
    ends: expiresAt ?? NEVER,
    ingested: lineage?.ingestedAt ?? 0,
    consent: consent === false ? 0 : 1,
    free: purposes === undefined ? 1 : 0,
    purposes: (purposes ?? []).map(digest),
    tokens,
  };
}

/** What stands for a value of a field, or for an item of its list. A digest: string literals of the language have no escapes. */
export function valueToken(field: string, value: FilterValue): string {
  return digest(JSON.stringify([field, value]));
}

/** The attribute that holds a number of the metadata. Names of attributes are letters, digits and underscores. */
export function numberName(field: string): string {
  return `n${digest(field)}`;
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function isFilterValue(value: unknown): value is FilterValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
