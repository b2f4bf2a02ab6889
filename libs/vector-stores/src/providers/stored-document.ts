// What a vendor's database is given of a document beside id and vector: one sealed-off set of fields, the same for every vendor.
import { type FilterValue, type JsonObject, matchesFilter, type VectorPoint, type VectorQuery } from '#ports';

/** What is kept of a point beside id and vector. */
export type Payload = Omit<VectorPoint, 'id' | 'vector'>;

/** Begins the name of every field that is ours. A user's field of such a name is copied under another: see `copyName`. */
export const RESERVED = 'resk_';
const COPIED = `${RESERVED}user_`;

const VERSION = 1;

/** Stands for "no end" where a vendor cannot ask for what is absent: the last moment that a Date knows. Epoch milliseconds. */
export const NEVER = 8.64e15;

/**
 * The fields that are ours. `resk_details` is what is believed when a document is read; the others repeat what a query
 * must ask for. Every field but text, subject, and the model's is in every document.
 */
export interface StoredDocument {
  resk_text?: string;
  /** JSON of all that is not the text. */
  resk_details: string;
  /** `NEVER` where there is no end. */
  resk_expires_at: number;
  resk_ingested_at: number;
  /** `false` only where it was refused. */
  resk_consent: boolean;
  /** Whether it has purposes at all; `false`: it is for anything. */
  resk_purposed: boolean;
  resk_purposes: readonly string[];
  resk_subject?: string;
}

/** What is written of a point. `now`: the time of the writing, where its lineage does not tell. */
export function storedDocument(point: Payload, now: number): StoredDocument {
  const { text, metadata, subject, source, consent, purposes } = point;
  const expiresAt = point.expiresAt === undefined ? undefined : Math.ceil(point.expiresAt);
  const lineage = { ...point.lineage, ingestedAt: Math.floor(point.lineage?.ingestedAt ?? now) };
  return {
    ...(text !== undefined && { resk_text: text }),
    resk_details: JSON.stringify({ v: VERSION, metadata, subject, source, expiresAt, consent, purposes, lineage }),
    resk_expires_at: Math.min(expiresAt ?? NEVER, NEVER),
    resk_ingested_at: lineage.ingestedAt,
    resk_consent: consent !== false,
    resk_purposed: purposes !== undefined,
    resk_purposes: [...new Set(purposes)],
    ...(subject !== undefined && { resk_subject: subject }),
  };
}

/** The payload that was written so; `undefined` where the fields are not of our making. Never rejects what it cannot read. */
export function payloadOf(fields: { resk_text?: unknown; resk_details?: unknown }): Payload | undefined {
  const { resk_text: text, resk_details: details } = fields;
  const parsed = typeof details === 'string' ? parsedObject(details) : undefined;
  if (parsed?.v !== VERSION) return undefined;
  const { v: _, ...payload } = parsed;
  return { ...(payload as Payload), ...(typeof text === 'string' && { text }) };
}

/**
 * Whether a query may find a document, by what is believed of it. The vendor's own condition has decided already: this
 * is for copies that are behind, as where two processes wrote the same document at once.
 */
export function mayFind({ filter, purpose, ingestedSince = 0 }: VectorQuery, payload: Payload, now: number): boolean {
  const { metadata = {}, expiresAt = NEVER, consent, purposes, lineage } = payload;
  if (consent === false || expiresAt <= now || (lineage?.ingestedAt ?? 0) < ingestedSince) return false;
  if (purposes && !(purpose !== undefined && purposes.includes(purpose))) return false;
  return filter === undefined || matchesFilter(filter, metadata);
}

/** What a match tells of its document. */
export function shownOf({ text, metadata = {}, subject, source, lineage }: Payload) {
  return {
    metadata,
    ...(text !== undefined && { text }),
    ...(subject !== undefined && { subject }),
    ...(source !== undefined && { source }),
    ...(lineage && { lineage }),
  };
}

/** The top-level fields of metadata that the portable filter can ask for. Objects and nulls it cannot. */
export interface FilterCopies {
  /** Fields with one value. */
  values: Array<[field: string, value: FilterValue]>;
  /** Different items of fields that are lists. */
  items: Array<[field: string, item: FilterValue]>;
}

/** Copies for the vendor to filter by. The fields' names are the user's: see `copyName`. */
export function filterCopies(metadata: JsonObject = {}): FilterCopies {
  const copies: FilterCopies = { values: [], items: [] };
  for (const [field, value] of Object.entries(metadata)) {
    if (isFilterValue(value)) copies.values.push([field, value]);
    else if (Array.isArray(value)) {
      for (const item of new Set(value)) if (isFilterValue(item)) copies.items.push([field, item]);
    }
  }
  return copies;
}

/**
 * The name under which a user's field is copied: its own, unless that could be one of ours, or is one that the vendor
 * refuses. Different for different fields.
 */
export function copyName(field: string, refused?: RegExp): string {
  return field.startsWith(RESERVED) || refused?.test(field) ? COPIED + field : field;
}

/** One text for one item of a field, different for every other field and item: for vendors that filter lists of texts. */
export function itemToken(field: string, item: FilterValue): string {
  return `${field.length}:${field}=${JSON.stringify(item)}`;
}

/** Marks that a field holds a number, for vendors that cannot ask what kind of value a field has. Never an `itemToken`. */
export function numberToken(field: string): string {
  return `${field.length}:${field}#number`;
}

/** Marks that a field holds a text, likewise. Never an `itemToken` or a `numberToken`. */
export function textToken(field: string): string {
  return `${field.length}:${field}#text`;
}

export function isFilterValue(value: unknown): value is FilterValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function parsedObject(text: string): { [name: string]: unknown } | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as { [name: string]: unknown }) : undefined;
  } catch {
    return undefined;
  }
}
