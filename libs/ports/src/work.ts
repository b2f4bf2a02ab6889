// Work that may be followed while it goes on, so that what it begins is known to be part of it. Free while nobody follows.
import type { Announcements, Tier } from './events.js';

/** What is known of a piece of work when it begins; how it ended is announced where there is an announcement for it. */
export type Work =
  /** One question looked up in the cache; ends with `cache.lookup`. */
  | { readonly kind: 'lookup' }
  /** One call to a tier behind the memory; ends with `cache.store_call`. */
  | { readonly kind: 'tier'; readonly tier: Tier; readonly operation: string }
  /** One call to a provider with its retries; ends with `provider.call`. */
  | CallWork
  /** One call to the records where they are in a file of this machine. */
  | { readonly kind: 'records'; readonly system: 'sqlite'; readonly operation: string }
  /** One step of a retrieval; ends with `retrieval.step`. */
  | { readonly kind: 'retrieval'; readonly step: string }
  /** One part of a long work: a batch of documents, a page of a reindex. */
  | { readonly kind: 'part'; readonly of: 'ingest' | 'reindex'; readonly items: number }
  /** Work that nobody waits for: it is not part of the request that gave rise to it, if one did. */
  | { readonly kind: 'background'; readonly task: 'refresh' | 'retention' | 'drift' };

export interface CallWork {
  readonly kind: 'call';
  readonly family: Announcements['provider.call']['family'];
  readonly provider: string;
  readonly operation: string;
  readonly items?: number | undefined;
  readonly model?: string | undefined;
  /** Where the provider is, if it is one place. */
  readonly server?: { readonly host: string; readonly port: number } | undefined;
}

/** Runs work, and gives what it gives. */
export type Follower = <T>(work: Work, run: () => T) => T;

let follower: Follower | undefined;

/** Runs a piece of work, within what follows it. */
export function followed<T>(work: Work, run: () => T): T {
  return follower === undefined ? run() : follower(work, run);
}

/** From now on this one follows all work of the process; `undefined`: nobody does. */
export function setFollower(next: Follower | undefined): void {
  follower = next;
}
