// What a segment is: the points of a collection whose vectors one model made, in a collection of their own in the store.
import { createHash } from 'node:crypto';
import type { ModelTag, VectorPoint } from '#ports';

/** What computed the vectors of a segment. Vectors of two different ones are never compared. */
export interface SegmentTag extends ModelTag {
  dimension: number;
  /** Whether they have unit length; absent where the model does not say: then it fits either. */
  normalised?: boolean | undefined;
}

export interface Segment {
  /** Name of the store's collection that holds it. */
  name: string;
  /** Absent: nobody said what made its vectors. */
  tag?: SegmentTag | undefined;
  /** A reindex has been through it, and has left what cannot be embedded. */
  settled?: boolean | undefined;
}

/** The segments of one collection. */
export interface Segmentation {
  /** Newest first; at least one. */
  segments: readonly Segment[];
  /** Name of the segment that takes what names no model. */
  active: string;
  /** Name of the segment into which a reindex copies; while it does, points are in two segments. */
  building?: string | undefined;
  /** Epoch milliseconds at which that began. */
  buildingSince?: number | undefined;
  /** Whether another segment was written to since the reindex last began to go through. */
  again?: boolean | undefined;
  /** Settings of the index that the collection was made with. */
  index?: Record<string, number> | undefined;
}

/** Parts the name of a collection from what tells its segments apart. */
const MARK = '~';
const TAG_DIGITS = 8;
/** Name of a segment that is not the first of its collection. No collection can be named so. */
const LATER = /^(.+)~([0-9a-f]{8})$/s;

/** What computed the vector of a point; `undefined` where its caller brought it. */
export function tagOf({ lineage, vector }: VectorPoint): SegmentTag | undefined {
  const { provider, model, version, normalised } = lineage ?? {};
  if (provider === undefined || model === undefined || version === undefined) return undefined;
  return { provider, model, version, dimension: vector.length, ...(normalised !== undefined && { normalised }) };
}

/** Whether vectors of both may be compared. */
export function isSame(a: SegmentTag, b: ModelTag & Partial<SegmentTag>): boolean {
  const sameModel = a.provider === b.provider && a.model === b.model && a.version === b.version;
  return sameModel && agree(a.dimension, b.dimension) && agree(a.normalised, b.normalised);
}

function agree<T>(a: T | undefined, b: T | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

/** The same tag gives the same name, on every instance. */
export function segmentName(collection: string, tag: SegmentTag): string {
  const { provider, model, version, dimension, normalised = null } = tag;
  const parts = JSON.stringify([provider, model, version, dimension, normalised]);
  return `${collection}${MARK}${createHash('sha256').update(parts).digest('hex').slice(0, TAG_DIGITS)}`;
}

/** The collection that a collection of the store is a segment of; its own name where it is none's. */
export function collectionOf(name: string): string {
  return LATER.exec(name)?.[1] ?? name;
}

/** What tells a segment from the others of its collection; the same for no two of them. */
export function labelOf(name: string): string {
  return LATER.exec(name)?.[2] ?? '-';
}

/** Whether the service keeps the collection for itself: callers cannot name it, and nobody reindexes it. */
export function isInternal(collection: string): boolean {
  return collection.startsWith(MARK);
}

/** The segment of a tag; of several, the newest. */
export function segmentOf({ segments }: Segmentation, tag: ModelTag & Partial<SegmentTag>): Segment | undefined {
  return segments.find((one) => one.tag && isSame(one.tag, tag));
}

/** With the segment, as its newest. */
export function withSegment(found: Segmentation, segment: Segment): Segmentation {
  const others = found.segments.filter(({ name }) => name !== segment.name);
  return { ...found, segments: [segment, ...others] };
}

/** With what a write into these segments changes; the same object where that is nothing. */
export function afterWrite(found: Segmentation, written: ReadonlyMap<string, unknown>): Segmentation {
  const { building, segments } = found;
  const passedBy = building !== undefined && [...written.keys()].some((name) => name !== building);
  const woken = segments.some(({ name, settled }) => settled && written.has(name));
  if (!woken && (!passedBy || found.again)) return found;
  return {
    ...found,
    ...(passedBy && { again: true }),
    segments: segments.map((one) => (one.settled && written.has(one.name) ? { name: one.name, tag: one.tag } : one)),
  };
}
