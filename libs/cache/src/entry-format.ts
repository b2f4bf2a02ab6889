// The bytes of a kept entry, version 1: one byte of version, a header in JSON, a line end, the value's JSON text in UTF-8.
import type { Entry, Origin } from './entry.js';

/** What is kept of an entry: sealed together, so that none of it can be changed alone. */
export interface StoredEntry {
  json: string;
  createdAt: number;
  expiresAt: number;
  staleUntil: number;
  origin: Origin;
  negative: boolean;
  /** Purges of the tenant so far when it was written. */
  generation: number;
  /** Purges of tags and subjects of the tenant, whichever, so far when it was written. */
  groups: number;
  /** Tags, each with its purges so far. */
  tags: readonly Counted[];
  subject: Counted | undefined;
}

export type Counted = readonly [name: string, generation: number];

const VERSION = 1;
const LINE_END = 0x0a;

export function encodeEntry(entry: StoredEntry): Uint8Array {
  const { json, createdAt, expiresAt, staleUntil, origin, negative, generation, groups, tags, subject } = entry;
  const header = JSON.stringify([
    createdAt,
    expiresAt,
    staleUntil,
    origin,
    negative,
    generation,
    groups,
    tags,
    subject ?? null,
  ]);
  const bytes = Buffer.allocUnsafe(2 + Buffer.byteLength(header) + Buffer.byteLength(json));
  bytes[0] = VERSION;
  const headerEnd = 1 + bytes.write(header, 1);
  bytes[headerEnd] = LINE_END;
  bytes.write(json, headerEnd + 1);
  return bytes;
}

/** Reads what `encodeEntry` wrote; `undefined` for anything else, an unknown version included. */
export function decodeEntry(bytes: Uint8Array): StoredEntry | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerEnd = view.indexOf(LINE_END);
  if (view[0] !== VERSION || headerEnd < 0) return undefined;
  const header = readHeader(view.toString('utf8', 1, headerEnd));
  return header && { ...header, json: view.toString('utf8', headerEnd + 1) };
}

function readHeader(text: string): Omit<StoredEntry, 'json'> | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isHeader(fields)) return undefined;
  const [createdAt, expiresAt, staleUntil, origin, negative, generation, groups, tags, subject] = fields;
  return {
    createdAt,
    expiresAt,
    staleUntil,
    origin,
    negative,
    generation,
    groups,
    tags,
    subject: subject ?? undefined,
  };
}

type Header = [number, number, number, Origin, boolean, number, number, Counted[], Counted | null];

function isHeader(fields: unknown): fields is Header {
  if (!Array.isArray(fields) || fields.length !== 9) return false;
  const [createdAt, expiresAt, staleUntil, origin, negative, generation, groups, tags, subject] = fields;
  return (
    [createdAt, expiresAt, staleUntil, generation, groups].every(Number.isSafeInteger) &&
    (origin === 'written' || origin === 'vectordb') &&
    typeof negative === 'boolean' &&
    Array.isArray(tags) &&
    tags.every(isCounted) &&
    (subject === null || isCounted(subject))
  );
}

function isCounted(value: unknown): value is Counted {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Number.isSafeInteger(value[1]);
}

/** The entry as it is served. */
export function servedEntry(name: string, stored: StoredEntry): Entry {
  const { json, createdAt, expiresAt, staleUntil, origin, negative, subject } = stored;
  const tags = stored.tags.map(([tag]) => tag);
  const bytes = Buffer.byteLength(name) + Buffer.byteLength(json);
  return {
    name,
    json,
    createdAt,
    expiresAt,
    staleUntil,
    origin,
    negative,
    tags,
    subject: subject?.[0],
    bytes,
    derived: undefined,
  };
}
