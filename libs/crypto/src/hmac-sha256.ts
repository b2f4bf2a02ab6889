// HMAC-SHA-256 (RFC 2104) of short texts, in two one-shot digests: about two thirds of the time of `createHmac`.
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;
/** Longer messages go through `createHmac`, where the fixed cost no longer shows. */
const SCRATCH_BYTES = 8192;
/** No UTF-16 code unit takes more bytes in UTF-8. */
const MAX_BYTES_A_UNIT = 3;

export class HmacSha256 {
  /** Key block, then room for a message; each call writes it anew, and finishes with it before it returns. */
  private readonly inner = Buffer.alloc(BLOCK_BYTES + SCRATCH_BYTES);
  private readonly outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
  private readonly key: KeyObject;

  /** `key`: 32 to 64 bytes. */
  constructor(key: Uint8Array) {
    if (key.length < DIGEST_BYTES || key.length > BLOCK_BYTES)
      throw new RangeError('an HMAC key here has 32 to 64 bytes');
    this.key = createSecretKey(key);
    for (let at = 0; at < BLOCK_BYTES; at++) {
      this.inner[at] = (key[at] ?? 0) ^ INNER_PAD;
      this.outer[at] = (key[at] ?? 0) ^ OUTER_PAD;
    }
  }

  /** The digest in base64url, 43 characters. */
  digest(message: string): string {
    if (message.length > SCRATCH_BYTES / MAX_BYTES_A_UNIT) {
      return createHmac('sha256', this.key).update(message).digest('base64url');
    }
    const end = BLOCK_BYTES + this.inner.write(message, BLOCK_BYTES);
    // As a latin1 string the inner digest crosses from native code without a buffer of its own.
    this.outer.write(hash('sha256', this.inner.subarray(0, end), 'latin1' as 'binary'), BLOCK_BYTES, 'latin1');
    return hash('sha256', this.outer, 'base64url');
  }

  digestOfBytes(message: Uint8Array): string {
    return createHmac('sha256', this.key).update(message).digest('base64url');
  }
}
