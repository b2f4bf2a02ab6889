// The bytes of a kept entry, version 2: one byte of version, a header in JSON, a line end, the value's JSON text in UTF-8.
import type { Entry, EntryCost, EntryLineage, Origin } from './entry.js';

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
  /** Tags and subjects, each with its purges so far. */
  tags: readonly Counted[];
  subjects: readonly Counted[];
  lineage?: EntryLineage | undefined;
  cost?: EntryCost | undefined;
}

export type Counted = readonly [name: string, generation: number];

const VERSION = 2;
/** One subject, or none, and neither lineage nor cost. Read, and no longer written. */
const FORMER_VERSION = 1;
const LINE_END = 0x0a;

export function encodeEntry(entry: StoredEntry): Uint8Array {
  const { json, createdAt, expiresAt, staleUntil, origin, negative, generation, groups, tags, subjects } = entry;
  const header = JSON.stringify([
    createdAt,
    expiresAt,
    staleUntil,
    origin,
    negative,
    generation,
    groups,
    tags,
    subjects,
    entry.lineage ?? null,
    entry.cost ?? null,
  ]);
  const bytes = Buffer.allocUnsafe(2 + Buffer.byteLength(header) + Buffer.byteLength(json));
  bytes[0] = VERSION;
  const headerEnd = 1 + bytes.write(header, 1);
  bytes[headerEnd] = LINE_END;
  bytes.write(json, headerEnd + 1);
  return bytes;
}

/** Reads what `encodeEntry` writes or wrote; `undefined` for anything else, an unknown version included. */
export function decodeEntry(bytes: Uint8Array): StoredEntry | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerEnd = view.indexOf(LINE_END);
  const [version] = view;
  if ((version !== VERSION && version !== FORMER_VERSION) || headerEnd < 0) return undefined;
  const fields = parsed(view.toString('utf8', 1, headerEnd));
  const header = version === VERSION ? fields : inPresentForm(fields);
  return isHeader(header) ? storedEntry(header, view.toString('utf8', headerEnd + 1)) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function inPresentForm(fields: unknown): unknown {
  if (!Array.isArray(fields) || fields.length !== 9) return undefined;
  const subject = fields[8];
  return [...fields.slice(0, 8), subject === null ? [] : [subject], null, null];
}

function storedEntry(header: Header, json: string): StoredEntry {
  const [createdAt, expiresAt, staleUntil, origin, negative, generation, groups, tags, subjects, lineage, cost] =
    header;
  return {
    json,
    createdAt,
    expiresAt,
    staleUntil,
    origin,
    negative,
    generation,
    groups,
    tags,
    subjects,
    lineage: lineage ?? undefined,
    cost: cost ?? undefined,
  };
}

type Header = [
  createdAt: number,
  expiresAt: number,
  staleUntil: number,
  origin: Origin,
  negative: boolean,
  generation: number,
  groups: number,
  tags: Counted[],
  subjects: Counted[],
  lineage: EntryLineage | null,
  cost: EntryCost | null,
];

/** Whoever sealed it wrote it, so the forms of lineage and cost are not looked into. */
function isHeader(fields: unknown): fields is Header {
  if (!Array.isArray(fields) || fields.length !== 11) return false;
  const [createdAt, expiresAt, staleUntil, origin, negative, generation, groups, tags, subjects, lineage, cost] =
    fields;
  return (
    [createdAt, expiresAt, staleUntil, generation, groups].every(Number.isSafeInteger) &&
    (origin === 'written' || origin === 'vectordb') &&
    typeof negative === 'boolean' &&
    [tags, subjects].every((labels) => Array.isArray(labels) && labels.every(isCounted)) &&
    [lineage, cost].every((one) => typeof one === 'object')
  );
}

function isCounted(value: unknown): value is Counted {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Number.isSafeInteger(value[1]);
}

/** The entry as it is served. */
export function servedEntry(name: string, stored: StoredEntry): Entry {
  const { json, createdAt, expiresAt, staleUntil, origin, negative, lineage, cost } = stored;
  return {
    name,
    json,
    createdAt,
    expiresAt,
    staleUntil,
    origin,
    negative,
    tags: stored.tags.map(labelOf),
    subjects: stored.subjects.map(labelOf),
    lineage,
    cost,
    bytes: Buffer.byteLength(name) + Buffer.byteLength(json),
    derived: undefined,
  };
}

function labelOf([label]: Counted): string {
  return label;
}
