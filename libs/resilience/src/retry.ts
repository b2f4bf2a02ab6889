// Calls again what may succeed the next time: exponential back-off with full jitter, never sooner than the other side asked.
import { FAILURES, type Failure, type FailureEntry, type FailureKind, isFailure } from '#ports';
import { refusalOf } from './http-refusal.js';
import { pause } from './with-timeout.js';

const PASSING: ReadonlySet<FailureKind> = new Set(['unavailable', 'late', 'exhausted']);

export interface RetryOptions {
  /** Further attempts after the first. */
  retries: number;
  /** Longest first pause; it doubles with each attempt. Milliseconds. */
  backoffMs: number;
  /** No pause is longer. Where the other side asks for more, the call fails instead, with its `retryAfterMs`. */
  maxBackoffMs: number;
  signal?: AbortSignal | undefined;
  random?: () => number;
}

/** Whether a failure may pass by itself: of a passing kind, and not one that stays until somebody acts. */
export function isPassing(error: unknown): error is Failure {
  if (!isFailure(error) || !PASSING.has(error.kind)) return false;
  const entry: FailureEntry = FAILURES[error.code];
  return entry.retry !== false && refusalOf(error)?.passing !== false;
}

/** Attempts the call until it succeeds, fails for good, or the retries are used up; then the last failure is thrown. */
export async function retry<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  for (let made = 0; ; made++) {
    try {
      return await attempt();
    } catch (error) {
      options.signal?.throwIfAborted();
      if (made >= options.retries || !isPassing(error)) throw error;
      const delayMs = pauseBefore(made, error.retryAfterMs, options);
      if (delayMs === undefined) throw error;
      await pause(delayMs, options.signal);
    }
  }
}

/** Milliseconds before attempt `made + 1`; `undefined` where the other side asks for more than may be waited. */
export function pauseBefore(made: number, askedMs: number | undefined, options: RetryOptions): number | undefined {
  const { backoffMs, maxBackoffMs, random = Math.random } = options;
  // Full jitter: anywhere between none and all of it, so that callers who failed together do not return together.
  if (askedMs === undefined) return random() * Math.min(maxBackoffMs, backoffMs * 2 ** made);
  return askedMs > maxBackoffMs ? undefined : askedMs + random() * backoffMs;
}
