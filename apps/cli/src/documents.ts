// Makes documents of rows: a stable id, the text, the other columns as metadata; and batches of documents.
import { createHash } from 'node:crypto';
import type { JsonObject } from '#ports';
import { type BadRow, type Row, rowsOf } from './rows.js';

/** One document as POST /api/vectors/upsert takes it. */
export interface Document {
  id: string;
  text: string;
  metadata: JsonObject;
  source: string;
}

export interface Columns {
  text: string;
  /** Without it, the id is made of the text: the same text is the same document, whenever it is ingested. */
  id?: string;
}

export interface PlacedDocument {
  row: number;
  bytes: number;
  document: Document;
}

/** What a file gives, row by row. */
export type Reading = PlacedDocument | BadRow;

/** The documents of a table: one a row. */
export async function* documentsIn(path: string, source: string, columns: Columns): AsyncGenerator<Reading> {
  const sources = [{ column: columns.text, option: '--text-column' }];
  if (columns.id !== undefined) sources.push({ column: columns.id, option: '--id-column' });
  for await (const row of rowsOf(path, ...sources)) {
    yield 'reason' in row ? row : documentOf(row, columns, source);
  }
}

function documentOf({ row, bytes, values }: Row, columns: Columns, source: string): Reading {
  const { [columns.text]: text, metadata: own, ...others } = values;
  if (typeof text !== 'string') return { row, bytes, reason: `it has no text in ${columns.text}` };
  if (text.trim() === '') return { row, bytes, reason: `its ${columns.text} is empty` };
  const id = columns.id === undefined ? contentId(text) : idText(values[columns.id]);
  if (id === undefined) return { row, bytes, reason: `it has no id in ${columns.id}` };
  if (columns.id !== undefined) delete others[columns.id];
  // JSON Lines may bring metadata as an object; then its members stand beside the other columns.
  const metadata = isObject(own) ? { ...others, ...own } : own === undefined ? others : { ...others, metadata: own };
  return { row, bytes, document: { id, text, metadata: withoutBlanks(metadata), source } };
}

/** 132 bits of SHA-256: two texts share an id in no file that fits on a disk. */
export function contentId(text: string): string {
  return createHash('sha256').update(text.normalize('NFC')).digest('base64url').slice(0, 22);
}

function idText(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : undefined;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutBlanks(metadata: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== ''));
}

/** Text of one request, so that a batch of long documents stays far below the server's body limit. */
const MAX_BATCH_BYTES = 256 * 1024;

/** Cuts a stream into batches of at most `size` documents and about 256 KiB. */
export async function* batchesOf<T extends { bytes: number }>(
  items: AsyncIterable<T>,
  size: number,
): AsyncGenerator<T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for await (const item of items) {
    if (batch.length > 0 && (batch.length >= size || bytes + item.bytes > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += item.bytes;
  }
  if (batch.length > 0) yield batch;
}
