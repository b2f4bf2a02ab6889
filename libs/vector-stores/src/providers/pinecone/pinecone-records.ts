// How a document lies in Pinecone: all of it as metadata, of numbers, texts, booleans and lists of texts.
import { createHash } from 'node:crypto';
import { failure, type VectorPoint } from '#ports';
import {
  copyName,
  filterCopies,
  itemToken,
  numberToken,
  type Payload,
  payloadOf,
  RESERVED,
  storedDocument,
} from '../stored-document.js';
import { PROVIDER } from './pinecone-failures.js';
import type { FoundRecord, Metadata, PineconeRecord } from './pinecone-requests.js';

/** What the document's fields hold, a token each. Never empty, so that it is never absent. */
export const HOLDS = `${RESERVED}holds`;
/** What it is for: `FOR_ALL`, purposes, or nothing. Never empty. */
export const FOR = `${RESERVED}for`;
export const FOR_ALL = 'all';

const NOTHING = '-';
/** The id itself, where the record's is a digest. */
const ID = `${RESERVED}id`;
/** https://docs.pinecone.io/reference/api/database-limits/operation-limits: of one record. Bytes. */
const MAX_METADATA = 40_960;
const MAX_REQUEST_BYTES = 2_000_000;
const MAX_REQUEST_RECORDS = 1000;
/** Room for the rest of the request's body. */
const AROUND_BYTES = 2048;

export function purposeToken(purpose: string): string {
  return `for:${purpose}`;
}

/** Names of Pinecone's metadata do not begin with a dollar. */
export function nameOf(field: string): string {
  return copyName(field, /^($|\$)/);
}

/** Pinecone's ids are 1 to 512 letters of ASCII. Others are kept under their digest, which no id of ours looks like. */
export function recordId(id: string): string {
  if (/^[\x21-\x7e]{1,512}$/.test(id) && !id.startsWith('#')) return id;
  return `#${createHash('sha256').update(id).digest('hex')}`;
}

/** @throws Failure `vector.input_refused` where the document is larger than Pinecone keeps. */
export function recordOf(point: VectorPoint, now: number, position: number): PineconeRecord {
  const { resk_consent, resk_purposed, resk_purposes, ...stored } = storedDocument(point, now);
  const purposes = resk_purposed ? resk_purposes.map(purposeToken) : [FOR_ALL];
  const { values, items } = filterCopies(point.metadata);
  const numbers = values.filter(([, value]) => typeof value === 'number');
  const id = recordId(point.id);
  const metadata: Metadata = {
    ...Object.fromEntries(values.map(([field, value]) => [nameOf(field), value])),
    ...stored,
    ...(id !== point.id && { [ID]: point.id }),
    [FOR]: [NOTHING, ...(resk_consent ? purposes : [])],
    [HOLDS]: [
      NOTHING,
      ...[...values, ...items].map(([field, value]) => itemToken(field, value)),
      ...numbers.map(([field]) => numberToken(field)),
    ],
  };
  if (Buffer.byteLength(JSON.stringify(metadata)) > MAX_METADATA) {
    const reason = `document ${position} has more than 40 KB of text and metadata`;
    throw failure('vector.input_refused', { provider: PROVIDER, reason });
  }
  return { id, values: numbersOf(point.vector), metadata };
}

/** As many records to a request as Pinecone takes, by number and by size. */
export function requestsOf(records: readonly PineconeRecord[]): PineconeRecord[][] {
  const requests: PineconeRecord[][] = [];
  let [bytes, count] = [Number.POSITIVE_INFINITY, 0];
  for (const record of records) {
    const size = Buffer.byteLength(JSON.stringify(record)) + 1;
    if (bytes + size > MAX_REQUEST_BYTES - AROUND_BYTES || count === MAX_REQUEST_RECORDS) {
      requests.push([]);
      [bytes, count] = [0, 0];
    }
    requests.at(-1)!.push(record);
    bytes += size;
    count++;
  }
  return requests;
}

/** Nine digits tell every 32-bit float from every other, in half the letters of a double's. */
export function numbersOf(vector: Float32Array): number[] {
  return Array.from(vector, (number) => Number(number.toPrecision(9)));
}

/** Our id and payload of a record; `undefined` where something else wrote it. */
export function documentOf({
  id,
  metadata,
}: Pick<FoundRecord, 'id' | 'metadata'>): { id: string; payload: Payload } | undefined {
  const payload = payloadOf(metadata);
  const own = metadata[ID];
  return payload && { id: typeof own === 'string' ? own : id, payload };
}

export function pointOf(record: FoundRecord, dimension: number): VectorPoint | undefined {
  const document = documentOf(record);
  return document && { id: document.id, vector: vectorOf(record.values, dimension), ...document.payload };
}

/** @throws Failure `vector.reply_invalid` */
export function vectorOf(values: readonly number[], dimension: number): Float32Array {
  if (values.length === dimension) return Float32Array.from(values);
  const reason = `a vector of ${values.length} numbers instead of ${dimension}`;
  throw failure('vector.reply_invalid', { provider: PROVIDER, reason });
}
