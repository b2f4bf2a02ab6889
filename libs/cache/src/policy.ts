// Decides how long an answer is true, and for how long it may be served after.
import type { EntryDraft } from './entry.js';

/** Durations in milliseconds. */
export interface PolicyOptions {
  ttlMs: number;
  maxTtlMs: number;
  /** Share of a life, 0..1, by which it may be shortened at random, so that entries written together do not end together. */
  ttlJitter: number;
  staleMs: number;
  /** Life of a negative entry; 0 keeps none. */
  negativeTtlMs: number;
}

export interface Life {
  createdAt: number;
  expiresAt: number;
  staleUntil: number;
}

export class Policy {
  constructor(
    private readonly options: PolicyOptions,
    private readonly random: () => number = Math.random,
  ) {}

  /** The longest time from writing an entry until nobody is served it any more. */
  get longestLifeMs(): number {
    return 2 * this.options.maxTtlMs;
  }

  /**
   * The life of an entry written now; `undefined` where it is not to be kept. Jitter only shortens.
   * @param limitMs After so long it is no longer served, stale or not.
   */
  lifeOf(draft: Pick<EntryDraft, 'ttlMs' | 'staleMs' | 'negative'>, now: number, limitMs = Infinity): Life | undefined {
    const { ttlMs, maxTtlMs, ttlJitter, negativeTtlMs } = this.options;
    const wanted = draft.ttlMs ?? (draft.negative ? negativeTtlMs : ttlMs);
    if (wanted <= 0 || limitMs <= 0) return undefined;
    const longest = Math.min(wanted, maxTtlMs, limitMs);
    const expiresAt = now + Math.max(1, Math.round(longest * (1 - ttlJitter * this.random())));
    return { createdAt: now, expiresAt, staleUntil: Math.min(expiresAt + this.staleOf(draft), now + limitMs) };
  }

  private staleOf(draft: Pick<EntryDraft, 'staleMs' | 'negative'>): number {
    const wanted = draft.staleMs ?? (draft.negative ? 0 : this.options.staleMs);
    return Math.min(Math.max(0, wanted), this.options.maxTtlMs);
  }
}
