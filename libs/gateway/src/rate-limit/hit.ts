// What a limiter is asked and what it answers, wherever the hits are counted.

/** A limit by its name: `limit` units of cost in any `windowMs` milliseconds. */
export interface RateRule {
  /** From a closed set: each name counts apart, and in bounded memory of its own. */
  readonly name: string;
  readonly limit: number;
  readonly windowMs: number;
  /** Counted by each instance for itself: for limits so wide that a round trip a request would cost more than they save. */
  readonly local?: boolean;
}

export interface Hit {
  allowed: boolean;
  /** What is left of the limit now. */
  remaining: number;
  /** Milliseconds until the whole limit is free again, when nothing more is sent. */
  resetMs: number;
  /** Milliseconds after which the same hit fits; 0 when it was allowed. */
  retryAfterMs: number;
}

/** Counts hits. The answer comes at once where it is known here, and as a promise where another process must be asked. */
export interface Limiter {
  /**
   * Counts a hit of `cost` (a whole number; 0 looks without counting) if it fits. A refused hit is not counted.
   * Fails closed: a cost, limit or time that is not a number is refused, never let through.
   */
  hit(key: string, cost: number, limit: number, windowMs: number, now?: number): Hit | Promise<Hit>;
}
