// A point as a row of Milvus, and back.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { failure, type VectorPoint } from '#ports';
import { filterCopies, payloadOf, storedDocument } from '../stored-document.js';
import { kindToken, orderedKey, valueToken } from './milvus-expression.js';
import { PROVIDER } from './milvus-failures.js';
import { MAX_FIELD_BYTES, MAX_ITEMS, SLOT_DIGITS } from './milvus-schema.js';

/** The fields of a row that are read. A row that another program wrote may lack them, or hold others. */
export const Row = z.object({
  id: z.string(),
  resk_text: z.string().optional(),
  resk_texted: z.boolean().optional(),
  resk_details: z.string().optional(),
  vector: z.array(z.number()).optional(),
});
export type Row = z.output<typeof Row>;

export const READ_FIELDS = ['id', 'resk_text', 'resk_texted', 'resk_details'];

/** @throws Failure `vector.input_refused` for what is larger than a field of Milvus. */
export function rowOf(point: VectorPoint, now: number) {
  const { id, vector, metadata } = point;
  const document = storedDocument(point, now);
  const row = {
    ...document,
    id,
    vector: [...vector],
    resk_text: document.resk_text ?? '',
    resk_texted: document.resk_text !== undefined,
    resk_slot: slotOf(id),
    resk_subject: document.resk_subject ?? '',
    resk_tokens: tokensOf(metadata),
    resk_ordered: orderedOf(metadata),
  };
  checkSizes(row);
  return row;
}

type WrittenRow = ReturnType<typeof rowOf>;

/** Where a point stands in lists: spread evenly by its id, and the same at every writing. */
export function slotOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, SLOT_DIGITS);
}

/** @throws Failure `vector.reply_invalid` where its vector has another dimension. */
export function vectorOf({ vector = [] }: Row, dimension: number): Float32Array {
  if (vector.length === dimension) return Float32Array.from(vector);
  throw failure('vector.reply_invalid', { provider: PROVIDER, reason: `a vector of ${vector.length} dimensions` });
}

/** What the row says beside its id and vector; `{}` for what others wrote. */
export function payloadIn({ resk_text, resk_texted, resk_details }: Row) {
  return payloadOf({ resk_details, ...(resk_texted && { resk_text }) }) ?? {};
}

export function pointOf(row: Row, dimension: number): VectorPoint {
  return { id: row.id, vector: vectorOf(row, dimension), ...payloadIn(row) };
}

function tokensOf(metadata: VectorPoint['metadata']): string[] {
  const { values, items } = filterCopies(metadata);
  const kinds = values.flatMap(([field, value]) => (typeof value === 'boolean' ? [] : [kindToken(field, value)]));
  return [...[...values, ...items].map(([field, value]) => valueToken(field, value)), ...kinds];
}

function orderedOf(metadata: VectorPoint['metadata']): Record<string, number | string> {
  const { values } = filterCopies(metadata);
  return Object.fromEntries(
    values.flatMap(([field, value]) => (typeof value === 'boolean' ? [] : [[orderedKey(field, value), value]])),
  );
}

function checkSizes({ resk_text, resk_details, resk_ordered, resk_tokens, resk_purposes }: WrittenRow): void {
  const large = (text: string) => Buffer.byteLength(text) > MAX_FIELD_BYTES;
  if (large(resk_text)) throw tooLarge(`a text over ${MAX_FIELD_BYTES} bytes`);
  if (large(resk_details) || large(JSON.stringify(resk_ordered)))
    throw tooLarge(`metadata over ${MAX_FIELD_BYTES} bytes`);
  if (resk_tokens.length > MAX_ITEMS) throw tooLarge(`metadata of over ${MAX_ITEMS} values and items`);
  if (resk_purposes.length > MAX_ITEMS) throw tooLarge(`over ${MAX_ITEMS} purposes`);
}

function tooLarge(reason: string) {
  return failure('vector.input_refused', { provider: PROVIDER, reason });
}
