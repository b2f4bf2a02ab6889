// How a document lies in Chroma: text as its document, everything else as metadata, which holds single values only.
import { createHash } from 'node:crypto';
import { failure, type VectorPoint } from '#ports';
import {
  copyName,
  filterCopies,
  itemToken,
  type Payload,
  payloadOf,
  RESERVED,
  storedDocument,
} from '../stored-document.js';
import { PROVIDER } from './chroma-failures.js';
import type { Metadata, RecordsReply, RecordsRequest } from './chroma-requests.js';

/** Whether it is for anything: not refused, and without purposes. */
export const FOR_ALL = `${RESERVED}for_all`;
/** A place among all points of a collection, from the id: pages walk along it. */
export const ORDER = `${RESERVED}order`;
/** The places are whole numbers from 0 to below this: Chroma's distributed server indexes them in 32 bits. */
export const PLACES = 2 ** 31;

/** A Chroma document cannot be taken away again, only be emptied: this tells an empty text from none. */
const TEXTLESS = `${RESERVED}textless`;

/** Names that Chroma's grammar of conditions keeps for itself, and the empty one. */
const NOT_A_NAME = /^($|[$#]|chroma:)/;

/** Whether it is for this purpose, among others. */
export function forPurpose(purpose: string): string {
  return `${RESERVED}for:${purpose}`;
}

/** The name of a user's field in Chroma. */
export function nameOf(field: string): string {
  return copyName(field, NOT_A_NAME);
}

/** Whether the field, a list, holds the item. */
export function nameOfItem(field: string, item: string | number | boolean): string {
  return `${RESERVED}item:${itemToken(field, item)}`;
}

/** Whether the field holds a number: the opposite of an order needs it, for Chroma cannot ask what is absent. */
export function nameOfNumber(field: string): string {
  return `${RESERVED}number:${field}`;
}

export function placeOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % PLACES;
}

/** The metadata of a point. */
function metadataOf(point: VectorPoint, now: number): Metadata {
  const { resk_details, resk_expires_at, resk_ingested_at, resk_subject, ...rest } = storedDocument(point, now);
  const metadata: Metadata = { resk_details, resk_expires_at, resk_ingested_at, [ORDER]: placeOf(point.id) };
  if (resk_subject !== undefined) metadata.resk_subject = resk_subject;
  if (point.text === undefined) metadata[TEXTLESS] = true;
  if (rest.resk_consent && !rest.resk_purposed) metadata[FOR_ALL] = true;
  if (rest.resk_consent) for (const purpose of rest.resk_purposes) metadata[forPurpose(purpose)] = true;
  const { values, items } = filterCopies(point.metadata);
  for (const [field, value] of values) {
    metadata[nameOf(field)] = value;
    if (typeof value === 'number') metadata[nameOfNumber(field)] = true;
  }
  for (const [field, item] of items) metadata[nameOfItem(field, item)] = true;
  return metadata;
}

/**
 * The request that writes points. Chroma adds the fields that it is given to those that a point has, so those that it
 * had before, and has no more, are named with `null`, which takes them away.
 */
export function recordsOf(
  points: readonly VectorPoint[],
  o: { before: RecordsReply; now: number; base64: boolean },
): RecordsRequest {
  const had = new Map(o.before.ids.map((id, i) => [id, Object.keys(o.before.metadatas?.[i] ?? {})]));
  const metadatas = points.map((point) => {
    const metadata = metadataOf(point, o.now);
    for (const name of had.get(point.id) ?? []) metadata[name] ??= null;
    return metadata;
  });
  return {
    ids: points.map(({ id }) => id),
    embeddings: o.base64 ? points.map(({ vector }) => base64Of(vector)) : points.map(({ vector }) => [...vector]),
    documents: points.map(({ text = '' }) => text),
    metadatas,
  };
}

/** The payload of a record; `undefined` where something else wrote it. */
export function payloadOfRecord(document: string | null | undefined, fields: unknown): Payload | undefined {
  const metadata = (fields ?? {}) as { [name: string]: unknown };
  const text = metadata[TEXTLESS] === true ? undefined : document;
  return payloadOf({ resk_details: metadata.resk_details, resk_text: text });
}

/** The points of a reply, in its order, without what others wrote. @throws Failure `vector.reply_invalid` */
export function pointsOf({ ids, embeddings, documents, metadatas }: RecordsReply, dimension: number): VectorPoint[] {
  return ids.flatMap((id, i) => {
    const payload = payloadOfRecord(documents?.[i], metadatas?.[i]);
    return payload ? [{ id, vector: vectorOf(embeddings?.[i], dimension), ...payload }] : [];
  });
}

/** @throws Failure `vector.reply_invalid` where the vector is not there, or not of the collection's dimension. */
export function vectorOf(numbers: readonly number[] | null | undefined, dimension: number): Float32Array {
  if (numbers?.length === dimension) return Float32Array.from(numbers);
  const reason = `a vector of ${numbers?.length ?? 'no'} numbers instead of ${dimension}`;
  throw failure('vector.reply_invalid', { provider: PROVIDER, reason });
}

function base64Of({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}
