// Reads rows of a collection from the file into shared memory, over a connection of its own: the work of a thread.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Metric } from '#ports';
import { type BlockLayout, ROW_GONE } from './block-layout.js';
import { viewsOf, writeRow } from './write-row.js';

/** Rows with numbers above `after` up to `upTo`, for so many places. Plain data: it crosses to threads. */
export interface LoadRequest {
  file: string;
  collection: number;
  after: number;
  upTo: number;
  layout: BlockLayout;
  metric: Metric;
  /** Addresses of the blocks whose places are filled in their order. */
  blocks: Uint32Array;
  places: number;
  /** Epoch milliseconds: what has ended is passed over. */
  now: number;
}

/** What was read, in the order of the places; the places behind hold nothing. */
export interface LoadedRows {
  numbers: Float64Array;
  ingested: Float64Array;
  /** Whether one of them has purposes. */
  purposed: boolean;
  /** Whether one of them has an end. */
  ending: boolean;
}

const ROWS = `
  SELECT number, expires_at, consent, purposed, ingested_at, vector FROM points INDEXED BY points_of_collection
  WHERE collection = ? AND number > ? AND number <= ? AND (expires_at IS NULL OR expires_at > ?)
  ORDER BY number LIMIT ?`;
const BUSY_TIMEOUT_MS = 2000;

type Sqlite = typeof import('node:sqlite');

export function loadRows(request: LoadRequest, buffer: ArrayBufferLike): LoadedRows {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite') as Sqlite;
  const database = new DatabaseSync(request.file, { readOnly: true });
  try {
    return readInto(request, buffer, database);
  } finally {
    database.close();
  }
}

function readInto(request: LoadRequest, buffer: ArrayBufferLike, database: DatabaseSync): LoadedRows {
  const { collection, after, upTo, places, now, layout, blocks } = request;
  const views = viewsOf(buffer);
  const [numbers, ingested] = [new Float64Array(places), new Float64Array(places)];
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  const placeOf = (index: number) => ({
    block: blocks[Math.floor(index / layout.capacity)]!,
    at: index % layout.capacity,
  });
  let [read, purposed, ending] = [0, false, false];
  for (const row of database.prepare(ROWS).iterate(collection, after, upTo, now, places)) {
    const written = {
      vector: floatsOf(row.vector),
      expiresAt: row.expires_at === null ? undefined : Number(row.expires_at),
      consent: row.consent === 1,
      purposed: row.purposed === 1,
    };
    writeRow(views, request, placeOf(read), written);
    numbers[read] = Number(row.number);
    ingested[read] = Number(row.ingested_at);
    purposed ||= written.purposed;
    ending ||= written.expiresAt !== undefined;
    read++;
  }
  for (let index = read; index < places; index++) {
    const { block, at } = placeOf(index);
    views.uint8[block + layout.states + at] = ROW_GONE;
  }
  return { numbers: numbers.slice(0, read), ingested: ingested.slice(0, read), purposed, ending };
}

export function floatsOf(vector: SQLOutputValue | undefined): Float32Array {
  const bytes = vector as Uint8Array;
  return bytes.byteOffset % Float32Array.BYTES_PER_ELEMENT === 0
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / Float32Array.BYTES_PER_ELEMENT)
    : new Float32Array(bytes.slice().buffer);
}
