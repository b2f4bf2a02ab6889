// Whose fault a failure is: of what was asked, or of who asked.
import { FAILURES, type FailureCode, type FailureEntry, isFailure } from '#ports';

const FAULTS: ReadonlySet<FailureEntry['kind']> = new Set(['internal', 'unavailable', 'late']);

/** Whether it is the service that has failed, and not who asked something of it. */
export function isOurFault(error: unknown): boolean {
  return !isFailure(error) || FAULTS.has(error.kind);
}

/** Whether the outcome of a call, as it is announced, is a fault of the provider: not that a caller left, or asked what cannot be. */
export function isProvidersFault(outcome: string): boolean {
  if (outcome === 'ok' || outcome === 'cancelled') return false;
  // What is in no table is an error that nobody has foreseen.
  return !Object.hasOwn(FAILURES, outcome) || FAULTS.has(FAILURES[outcome as FailureCode].kind);
}
