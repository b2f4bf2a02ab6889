// What an answer is while it is kept: its text, how long it is true, and what it belongs to.
import type { Tier } from '#ports';

/** Names one entry of one tenant. `name` is what `canonicalKey` gave: it is keyed with the tenant, so names never meet. */
export interface EntryRef {
  tenant: string;
  name: string;
}

export type Origin = 'written' | 'vectordb';

/** Where an answer comes from. */
export interface EntryLineage {
  /** Whose embedding model found it. */
  provider?: string | undefined;
  model?: string | undefined;
  version?: string | undefined;
  /** In which collection, and from which documents of which ingest runs. */
  collection?: string | undefined;
  sources?: readonly string[] | undefined;
  runs?: readonly string[] | undefined;
}

/** What making an answer has cost, and so what each hit saves. */
export interface EntryCost {
  provider: string;
  model: string;
  tokens: number;
}

/** An answer to be kept. */
export interface EntryDraft {
  /** The value as JSON text. */
  json: string;
  /** How long it is true; the default where absent, never longer than the maximum. */
  ttlMs?: number | undefined;
  /** How long after its end it may still be served while a new answer is made. */
  staleMs?: number | undefined;
  /** Names under which it can be purged with others. */
  tags?: readonly string[] | undefined;
  /** The people whom it is about, for export and erasure. */
  subjects?: readonly string[] | undefined;
  origin: Origin;
  /** There is no answer, and that is kept for a while. */
  negative?: boolean | undefined;
  lineage?: EntryLineage | undefined;
  cost?: EntryCost | undefined;
}

export interface Entry {
  readonly name: string;
  readonly json: string;
  /** Times are epoch milliseconds. Reading never moves them. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly staleUntil: number;
  readonly origin: Origin;
  readonly negative: boolean;
  readonly tags: readonly string[];
  readonly subjects: readonly string[];
  readonly lineage?: EntryLineage | undefined;
  readonly cost?: EntryCost | undefined;
  /** Bytes of the name and the value in UTF-8. */
  readonly bytes: number;
  /** A form made from `json`, for reuse while the entry stays in memory; its size is reckoned as that of `json`. */
  derived?: unknown;
}

export interface Found {
  readonly entry: Entry;
  readonly tier: Tier;
  readonly state: 'fresh' | 'stale';
}

/** Whether the entry may be served, and how: `undefined` past its end. */
export function stateOf(entry: Pick<Entry, 'expiresAt' | 'staleUntil'>, now: number): Found['state'] | undefined {
  if (now < entry.expiresAt) return 'fresh';
  return now < entry.staleUntil ? 'stale' : undefined;
}

/** The longest life of a tenant's entries, whatever their own, in milliseconds; `undefined`: none. */
export type LifeLimit = (tenant: string) => number | undefined;
/** What the container knows a `LifeLimit` by. */
export const LIFE_LIMIT = Symbol('LifeLimit');

/** Whether the entry is older than its tenant lets entries be. */
export function outlived(
  lifeLimit: LifeLimit | undefined,
  tenant: string,
  { createdAt }: Pick<Entry, 'createdAt'>,
  now: number,
): boolean {
  const limit = lifeLimit?.(tenant);
  return limit !== undefined && now >= createdAt + limit;
}
