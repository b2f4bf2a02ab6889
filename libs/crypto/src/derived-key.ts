// Derives keys from keys: HKDF with SHA-256 (RFC 5869), one for each use.
import { hkdfSync } from 'node:crypto';
import { lengthPrefixed } from './length-prefixed.js';

/**
 * A key for the use that `label` names. The first part of a label names the construction and its version. The salt is
 * empty: the input keys are uniformly random or, where an operator wrote them, at least 32 characters long.
 */
export function derivedKey(from: Uint8Array, label: readonly string[], bytes = 32): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', from, new Uint8Array(0), lengthPrefixed(label), bytes));
}
