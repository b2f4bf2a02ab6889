// Fixed keys and places for the tests of sealing.

import { Keyring, type KeyringOptions, LocalKeyService, masterKey, type SealContext } from '#crypto';
import { Secret } from '#ports';
import { MemoryRecords, type Records } from '#records';

/** 32 bytes: first, first + 1, … */
export function aKeyText(first = 0): string {
  return Buffer.from(Array.from({ length: 32 }, (_, index) => (first + index) % 256)).toString('base64');
}

export function aMasterKey(first = 0) {
  return masterKey(new Secret(aKeyText(first)), 'CACHE_ENCRYPTION_KEY');
}

export interface RingOptions extends KeyringOptions {
  /** Shared with other rings; default: its own. */
  records?: Records;
}

/** A ring over keys that begin with these bytes: the first is current, the others former. */
export function aKeyring([current = 0, ...former]: number[] = [0], options: RingOptions = {}): Keyring {
  const { records = new MemoryRecords(), ...ring } = options;
  return new Keyring(new LocalKeyService(aMasterKey(current), former.map(aMasterKey)), records, ring);
}

export function aPlace(changed: Partial<SealContext> = {}): SealContext {
  return { tenant: 'north', purpose: 'cache-entry', name: 'entry-1', ...changed };
}

export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
