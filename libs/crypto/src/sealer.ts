// What seals whatever leaves the process, and says why something does not open.
import { type Failure, failure, isFailure } from '#ports';

/** Where a sealed thing belongs. All three are authenticated with it: moved elsewhere, it no longer opens. */
export interface SealContext {
  tenant: string;
  /** E.g. `cache-entry`, `vector-payload`. Tenants and purposes have keys of their own. */
  purpose: string;
  /** The key under which the thing is kept. */
  name: string;
}

/**
 * Why something does not open: it was never sealed; its bytes or its place were changed; its key is not held
 * (not configured, or destroyed); its form is not known.
 */
export type UnreadableReason = 'unsealed' | 'tampered' | 'unknown_key' | 'malformed';

export abstract class Sealer {
  /** Whether `seal` encrypts. Where it is `false`, bytes leave the process readable. */
  abstract readonly sealing: boolean;
  abstract seal(plain: Uint8Array, at: SealContext): Promise<Uint8Array>;
  /**
   * The bytes that were sealed. Fails with `crypto.unreadable` (ask `unreadableReason`) for what must not be trusted:
   * drop it and go on as if it were absent. Any other failure says nothing about the bytes.
   */
  abstract open(sealed: Uint8Array, at: SealContext): Promise<Uint8Array>;
  /**
   * Whether the bytes were sealed under the key that seals now; where they were not, seal them anew. Fails with
   * `crypto.unreadable` for what is no sealed form.
   */
  abstract isCurrent(sealed: Uint8Array, at: SealContext): Promise<boolean>;
  /** Wipes the keys held. May be called twice. */
  abstract close(): Promise<void>;
}

export function unreadable(reason: UnreadableReason, { purpose }: SealContext, cause?: unknown): Failure {
  const problems = [{ path: '', code: reason, message: REASONS[reason] }];
  return failure('crypto.unreadable', { purpose, reason: REASONS[reason] }, { cause, problems });
}

/** Why an entry did not open, for any error; `undefined` where the error is not `crypto.unreadable`. */
export function unreadableReason(error: unknown): UnreadableReason | undefined {
  return isFailure(error, 'crypto.unreadable') ? (error.problems?.[0]?.code as UnreadableReason) : undefined;
}

const REASONS: Record<UnreadableReason, string> = {
  unsealed: 'it is not sealed',
  tampered: 'its bytes or its place were changed',
  unknown_key: 'its key is not held',
  malformed: 'its form is not known',
};
