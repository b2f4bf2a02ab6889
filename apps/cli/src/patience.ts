// Repeats what the server could not do just now, after the time that it names or a growing one.
import { Failure, type FailureKind } from '#ports';
import type { Io } from './io.js';

export interface Patience {
  /** Kinds of failure that are worth another try. */
  kinds: readonly FailureKind[];
  /** Tries in all. */
  attempts: number;
  /** A longer wait than this, in milliseconds, is not waited for: the failure is given on. */
  longestWaitMs: number;
  /** Told before each wait. */
  waiting?: (waitMs: number, reason: Failure) => void;
}

const FIRST_BACKOFF_MS = 250;
const LONGEST_BACKOFF_MS = 10_000;

/** Runs until it succeeds, fails for good, or patience ends; the last failure is then thrown. */
export async function patiently<T>(run: () => Promise<T>, patience: Patience, io: Io): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const waitMs = waitAfter(error, attempt, patience, io);
      if (waitMs === undefined) throw error;
      patience.waiting?.(waitMs, error as Failure);
      await io.wait(waitMs, io.signal);
    }
  }
}

function waitAfter(error: unknown, attempt: number, patience: Patience, io: Io): number | undefined {
  if (!(error instanceof Failure) || !patience.kinds.includes(error.kind)) return undefined;
  if (attempt >= patience.attempts) return undefined;
  const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (attempt - 1));
  // Full jitter: callers that failed together do not come back together.
  const waitMs = error.retryAfterMs ?? Math.ceil(backoffMs * io.random());
  return waitMs <= patience.longestWaitMs ? waitMs : undefined;
}
