// What the calls of the cache take and give.
import type { Tier } from '#ports';
import type { Entry } from './entry.js';
import type { FenceMark } from './fences.js';
import type { Purges } from './stored-tier.js';

/** How things stood when a fill began. A purge since then makes `keep` keep nothing. */
export interface FillMark {
  readonly local: FenceMark;
  /** Unknown where the store did not answer: the fill is then kept in memory only. */
  readonly stored: Purges | undefined;
}

export interface Kept {
  entry: Entry;
  tiers: Tier[];
  /** `false`: a purge overtook the fill, or the entry is of a kind that is not kept. */
  kept: boolean;
}

export interface Purged {
  /** How many entries left, where known. */
  purged: number | null;
}

export interface LookOptions {
  signal?: AbortSignal | undefined;
  now?: number;
}

export interface KeepOptions {
  mark?: FillMark | undefined;
  signal?: AbortSignal | undefined;
  now?: number;
}
