// How far a reindex is: what is kept of it between its steps, and what is told of it.
import type { SegmentTag } from '#vector-stores';

/** Why a document stays with the model of before: it has no text, the model refused it, or it does not open. */
export type LeftReason = 'no_text' | 'refused' | 'unreadable';

export interface LeftDocument {
  tenant: string;
  collection: string;
  id: string;
  reason: LeftReason;
}

export interface ReindexProgress {
  done: boolean;
  /** Documents of former models, as they were counted in the beginning. */
  total: number;
  /** Documents gone through so far. */
  seen: number;
  /** Those of them that the model of now has embedded. */
  moved: number;
  /** Those that stay as they are: not found by a text, but kept, listed and counted. */
  left: Record<LeftReason, number>;
  /** The first of those. */
  examples: LeftDocument[];
  /** Tokens that the provider has counted. */
  tokens: number;
  collectionsDone: number;
}

/** The collection at hand. */
export interface ReindexPlace {
  tenant: string;
  collection: string;
  /** Names of the segments still to go through; the first is at hand. */
  segments: string[];
  /** First all is copied; then, where some stay, the copied ones are taken away. */
  phase: 'copy' | 'clear';
  cursor?: string | undefined;
  /** Documents listed in this going-through. */
  listed: number;
  /** Documents that cannot be embedded, of this going-through. */
  left: LeftDocument[];
  leftCount: Record<LeftReason, number>;
}

export interface ReindexRun extends Omit<ReindexProgress, 'done'> {
  /** What the model was when it began: for another one it begins anew. */
  tag: SegmentTag;
  /** The last collection that is done. Tenants and collections come in the order of their names. */
  after?: { tenant: string; collection: string } | undefined;
  at?: ReindexPlace | undefined;
}

export const NONE_LEFT: Record<LeftReason, number> = { no_text: 0, refused: 0, unreadable: 0 };
const MOST_EXAMPLES = 50;

export function begunRun(tag: SegmentTag, total: number): ReindexRun {
  return { tag, total, seen: 0, moved: 0, left: { ...NONE_LEFT }, examples: [], tokens: 0, collectionsDone: 0 };
}

export function begunPlace(tenant: string, collection: string, segments: string[]): ReindexPlace {
  return { tenant, collection, segments, ...BEGINNING, left: [], leftCount: { ...NONE_LEFT } };
}

const BEGINNING = { phase: 'copy', cursor: undefined, listed: 0 } as const;

/** From the first page again. */
export function onceMore(at: ReindexPlace): ReindexPlace {
  return { ...at, ...BEGINNING, left: [], leftCount: { ...NONE_LEFT } };
}

export function noteLeft(at: ReindexPlace, id: string, reason: LeftReason): void {
  at.leftCount[reason]++;
  const { tenant, collection } = at;
  if (at.left.length < MOST_EXAMPLES) at.left.push({ tenant, collection, id, reason });
}

/** The segment at hand is done: what stays of it is told. */
export function takeLeft(run: ReindexRun, at: ReindexPlace): void {
  for (const reason of Object.keys(at.leftCount) as LeftReason[]) run.left[reason] += at.leftCount[reason];
  run.examples = [...run.examples, ...at.left].slice(0, MOST_EXAMPLES);
}

export function progressOf(run: ReindexRun): ReindexProgress {
  const { tag: _, after: __, at, ...told } = run;
  return { ...told, done: at === undefined };
}
