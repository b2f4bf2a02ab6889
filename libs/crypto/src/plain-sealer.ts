// Stands where no key is configured: marks bytes as unsealed, and lets them pass.
import { looksSealed } from './envelope.js';
import { type SealContext, Sealer, unreadable } from './sealer.js';

/** Differs from an envelope's first bytes, so that a server with a key refuses these as unsealed. */
const MARK = Buffer.from([0x52, 0x50, 0x01]); // 'RP', version 1

export class PlainSealer extends Sealer {
  readonly sealing = false;

  async seal(plain: Uint8Array): Promise<Uint8Array> {
    return Buffer.concat([MARK, plain]);
  }

  async open(kept: Uint8Array, at: SealContext): Promise<Uint8Array> {
    if (looksSealed(kept)) throw unreadable('unknown_key', at);
    if (!MARK.equals(kept.subarray(0, MARK.length))) throw unreadable('malformed', at);
    return kept.subarray(MARK.length);
  }

  async isCurrent(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}
}
