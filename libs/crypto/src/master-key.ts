// Reads master keys as operators write them, and names each by a digest of itself.
import { failure, type Secret } from '#ports';
import { derivedKey } from './derived-key.js';

const KEY_BYTES = 32;
const BASE64 = /^(?:[A-Za-z0-9+/]+|[A-Za-z0-9_-]+)={0,2}$/;

export interface MasterKey {
  /** First 8 characters of a digest of the key: keys need no configured names, and equal keys have equal ones. */
  id: string;
  bytes: Uint8Array;
}

/** Reads base64 (standard or url-safe) of exactly 32 bytes. `name` is the variable, for `crypto.key_length`. */
export function masterKey(text: Secret, name: string): MasterKey {
  const trimmed = text.reveal().trim();
  const bytes = BASE64.test(trimmed) ? Buffer.from(trimmed, 'base64') : Buffer.alloc(0);
  if (bytes.length !== KEY_BYTES) throw failure('crypto.key_length', { name, received: lengthOf(bytes) });
  return { id: keyIdOf(bytes), bytes };
}

function keyIdOf(key: Uint8Array): string {
  return Buffer.from(derivedKey(key, ['resk-caching key id v1'], 6)).toString('base64url');
}

function lengthOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? 'nothing (it is not base64)' : `${bytes.length} bytes`;
}
