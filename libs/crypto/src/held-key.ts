// A data key in memory: derives the keys of its purposes, and is wiped when it is dropped.
import { createSecretKey, type KeyObject } from 'node:crypto';
import { derivedKey } from './derived-key.js';

/** Purposes whose keys are kept ready. The code names a handful. */
const MOST_PURPOSES = 32;

export class HeldKey {
  private readonly purposes = new Map<string, KeyObject>();
  private wiped = false;

  /** Takes the bytes over. */
  constructor(
    readonly id: string,
    private readonly bytes: Uint8Array,
  ) {}

  /** The key of one purpose: HKDF-SHA-256 over the data key. */
  for(purpose: string): KeyObject {
    const ready = this.purposes.get(purpose);
    if (ready) return ready;
    // Zeros would derive a key that anybody can derive.
    if (this.wiped) throw new Error('A data key was used after it was wiped.');
    if (this.purposes.size >= MOST_PURPOSES) this.purposes.clear();
    const derived = derivedKey(this.bytes, ['resk-caching data key v2', purpose]);
    // OpenSSL clears a KeyObject's memory when it is dropped, and a cipher over one starts in a quarter of the time.
    const key = createSecretKey(derived);
    derived.fill(0);
    this.purposes.set(purpose, key);
    return key;
  }

  /** Wipes the bytes once those who were given the key in this turn of the event loop have used it. */
  drop(): void {
    setImmediate(() => {
      this.wiped = true;
      this.bytes.fill(0);
      this.purposes.clear();
    });
  }
}
