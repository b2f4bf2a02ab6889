// Seals and opens under the keys of a key service, and keeps a bounded number of data keys at hand.
import { createSecretKey } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isFailure, type KeyService } from '#ports';
import { NONCE_BYTES, openEnvelope, parseEnvelope, type SealingKey, sealEnvelope } from './envelope.js';
import { lengthPrefixed } from './length-prefixed.js';
import { pooledRandom } from './pooled-random.js';
import { type SealContext, Sealer, unreadable } from './sealer.js';

export interface KeyringOptions {
  /** Data keys held at most; the least used is dropped. Default 1,000 (one a tenant, purpose and master key). */
  maxDataKeys?: number;
  random?: (bytes: number) => Uint8Array;
}

export class Keyring extends Sealer {
  readonly sealing = true;
  private readonly held: LRUCache<string, SealingKey>;
  private readonly random: (bytes: number) => Uint8Array;

  constructor(
    private readonly service: KeyService,
    { maxDataKeys = 1000, random = pooledRandom() }: KeyringOptions = {},
  ) {
    super();
    this.random = random;
    this.held = new LRUCache({ max: maxDataKeys });
  }

  async seal(plain: Uint8Array, at: SealContext): Promise<Uint8Array> {
    return sealEnvelope(plain, await this.keyFor(at), at, this.random(NONCE_BYTES));
  }

  async open(sealed: Uint8Array, at: SealContext): Promise<Uint8Array> {
    const envelope = parseEnvelope(sealed, at);
    return openEnvelope(envelope, await this.knownKeyFor(at, envelope.keyId), at);
  }

  async close(): Promise<void> {
    this.held.clear();
    await this.service.close();
  }

  /** Forgets the data keys, so that the next call asks the key service again: after a rotation. */
  forgetKeys(): void {
    this.held.clear();
  }

  private async knownKeyFor(at: SealContext, keyId: string): Promise<SealingKey> {
    try {
      return await this.keyFor(at, keyId);
    } catch (error) {
      throw isFailure(error, 'crypto.key_unknown') ? unreadable('unknown_key', at, error) : error;
    }
  }

  private async keyFor({ tenant, purpose }: SealContext, keyId?: string): Promise<SealingKey> {
    const slot = lengthPrefixed([tenant, purpose, keyId ?? '']).toString('latin1');
    const held = this.held.get(slot);
    if (held) return held;
    const fetched = await this.service.dataKey({ tenant, purpose }, keyId);
    // Node clears a KeyObject's memory when it is dropped, and a cipher over one starts in a fraction of the time.
    const key = { keyId: fetched.keyId, key: createSecretKey(fetched.key) };
    fetched.key.fill(0);
    this.held.set(slot, key);
    return key;
  }
}
