// What a store of cache entries is: opaque texts under opaque keys, with an end of life, counters and a listing.
import type { CallOptions } from './call-options.js';

export interface KeyPage {
  keys: string[];
  /** Where the next page begins; `undefined` after the last. Opaque, of this store. */
  cursor: string | undefined;
}

/**
 * Keeps what the memory tier cannot. It knows nothing of entries, tenants or sealing: keys and values are opaque
 * texts (keys: at most 200 characters of `A-Za-z0-9:._-`). Every failure is `cache.store_unavailable`, with the
 * driver's error as `cause`; no call outlives its `signal`.
 */
export abstract class ByteStore {
  /** Name of the tier in replies and metric labels, e.g. `sqlite`, `redis`; from a closed set. */
  abstract readonly tier: string;

  /** The values of the keys in their order, `undefined` for one that is absent or past its end; a counter reads as its decimal text. */
  abstract getMany(keys: readonly string[], options?: CallOptions): Promise<(string | undefined)[]>;
  /** Keeps the value for `ttlMs` milliseconds. When it returns, a restart of the process does not lose it. */
  abstract set(key: string, value: string, ttlMs: number, options?: CallOptions): Promise<void>;
  /**
   * Puts `value` where `expected` stands, for the life that it has left; `undefined` as value deletes it. Gives `false`,
   * and changes nothing, where anything else stands. Atomic over all processes.
   */
  abstract replace(key: string, expected: string, value: string | undefined, options?: CallOptions): Promise<boolean>;
  /** Deletes keys. Gives how many there were, where known. */
  abstract delete(keys: readonly string[], options?: CallOptions): Promise<number | undefined>;
  /**
   * Adds one to a counter atomically over all processes, and gives its new value (the first is 1). With `idleMs` the
   * counter ends that long after its last increment; without, it does not end.
   */
  abstract increment(key: string, options?: CallOptions & { idleMs?: number }): Promise<number>;
  /** The value of counters, 0 for one never incremented. */
  abstract counters(keys: readonly string[], options?: CallOptions): Promise<number[]>;
  /** Keys with the prefix, in no particular order, some page at a time; each key that stays is seen at least once. */
  abstract list(prefix: string, page: { cursor?: string; limit: number }, options?: CallOptions): Promise<KeyPage>;
  /**
   * What lies under the prefix now is of no more use: the store may delete it at its own pace, and never what is set
   * later. Takes time that hardly grows with the number of keys. Gives how many keys there were, where known.
   */
  abstract retire(prefix: string, options?: CallOptions): Promise<number | undefined>;
  /** Resolves when the store answers; else fails with `cache.store_unavailable`. */
  abstract health(options?: CallOptions): Promise<void>;
  /** Releases what the store holds. May be called twice. */
  abstract close(): Promise<void>;
}
