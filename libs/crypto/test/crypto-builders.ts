// Fixed keys and places for the tests of sealing.

import { Keyring, type KeyringOptions, LocalKeyService, masterKey, type SealContext } from '#crypto';
import { Secret } from '#ports';

/** 32 bytes: first, first + 1, … */
export function aKeyText(first = 0): string {
  return Buffer.from(Array.from({ length: 32 }, (_, index) => (first + index) % 256)).toString('base64');
}

export function aMasterKey(first = 0) {
  return masterKey(new Secret(aKeyText(first)), 'CACHE_ENCRYPTION_KEY');
}

/** A ring over keys that begin with these bytes: the first is current, the others former. */
export function aKeyring([current = 0, ...former]: number[] = [0], options?: KeyringOptions): Keyring {
  return new Keyring(new LocalKeyService(aMasterKey(current), former.map(aMasterKey)), options);
}

export function aPlace(changed: Partial<SealContext> = {}): SealContext {
  return { tenant: 'north', purpose: 'cache-entry', name: 'entry-1', ...changed };
}

export const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
