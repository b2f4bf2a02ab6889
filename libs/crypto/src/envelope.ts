// The sealed form, version 2: 'RK' 0x02 | length of key id | key id | nonce (12) | ciphertext | tag (16).
import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { lengthPrefixed } from './length-prefixed.js';
import { type SealContext, unreadable } from './sealer.js';

const MAGIC = Buffer.from('RK');
/** Version 1, under keys derived from master keys, was never released: it is malformed. */
const VERSION = 2;
const HEADER_BYTES = MAGIC.length + 2;
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/;

/** The key of one purpose made ready for use, with the name of the data key that it comes from. */
export interface SealingKey {
  keyId: string;
  key: KeyObject;
}

export interface Envelope {
  keyId: string;
  nonce: Uint8Array;
  ciphertext: Uint8Array;
  tag: Uint8Array;
}

/** Whether the bytes claim to be an envelope, of this version or another. */
export function looksSealed(bytes: Uint8Array): boolean {
  return bytes[0] === MAGIC[0] && bytes[1] === MAGIC[1];
}

/**
 * Seals with AES-256-GCM. A nonce must never repeat under one key: random ones are safe for 2³² sealings, which
 * `SealingBudget` counts (NIST SP 800-38D §8.3).
 */
export function sealEnvelope(
  plain: Uint8Array,
  { keyId, key }: SealingKey,
  at: SealContext,
  nonce: Uint8Array,
): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(authenticated(at, keyId));
  const ciphertext = cipher.update(plain);
  cipher.final();
  const header = Buffer.from([...MAGIC, VERSION, keyId.length]);
  return Buffer.concat([header, Buffer.from(keyId, 'latin1'), nonce, ciphertext, cipher.getAuthTag()]);
}

/** Reads the form, and trusts nothing in it yet. */
export function parseEnvelope(sealed: Uint8Array, at: SealContext): Envelope {
  if (!looksSealed(sealed)) throw unreadable('unsealed', at);
  const nonceAt = HEADER_BYTES + (sealed[HEADER_BYTES - 1] ?? 0);
  const ciphertextAt = nonceAt + NONCE_BYTES;
  const tagAt = sealed.length - TAG_BYTES;
  if (sealed[MAGIC.length] !== VERSION || tagAt < ciphertextAt) throw unreadable('malformed', at);
  const keyId = Buffer.from(sealed.subarray(HEADER_BYTES, nonceAt)).toString('latin1');
  if (!KEY_ID.test(keyId)) throw unreadable('malformed', at);
  return {
    keyId,
    nonce: sealed.subarray(nonceAt, ciphertextAt),
    ciphertext: sealed.subarray(ciphertextAt, tagAt),
    tag: sealed.subarray(tagAt),
  };
}

export function openEnvelope(
  { nonce, ciphertext, tag }: Envelope,
  { keyId, key }: SealingKey,
  at: SealContext,
): Buffer {
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(authenticated(at, keyId));
  decipher.setAuthTag(tag);
  const plain = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch (cause) {
    throw unreadable('tampered', at, cause);
  }
  return plain;
}

/** The context is authenticated, not encrypted: an entry moved to another tenant, purpose or name no longer opens. */
function authenticated({ tenant, purpose, name }: SealContext, keyId: string): Buffer {
  return lengthPrefixed([String(VERSION), tenant, purpose, name, keyId]);
}
