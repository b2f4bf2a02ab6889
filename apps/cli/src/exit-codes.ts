// What the exit code of a command says: one number for each kind of failure, listed in docs/USAGE.md.
import type { FailureKind } from '#ports';

export const EXIT_CODES: Record<FailureKind, number> = {
  internal: 1,
  invalid: 2,
  unauthenticated: 3,
  forbidden: 4,
  absent: 5,
  conflict: 6,
  exhausted: 7,
  unavailable: 8,
  late: 9,
};

/** Ended by Ctrl-C: 128 + SIGINT, as shells count. */
export const INTERRUPTED = 130;
