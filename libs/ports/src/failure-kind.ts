// The kinds of failure, and what a row of the failure table says.

/** The nine ways in which a call can fail. Doors map kinds: HTTP to a status, the CLI to an exit code. */
export type FailureKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'absent'
  | 'conflict'
  | 'exhausted'
  | 'unavailable'
  | 'late'
  | 'internal';

/** One row of the failure table. `detail` names its facts in braces; each fact must be given. */
export interface FailureEntry {
  kind: FailureKind;
  title: string;
  detail: string;
  /** `false` where the same call fails again until somebody acts, so that it is never retried of itself. */
  retry?: false;
}
