// Seals and opens under the keys of a key service, and keeps a bounded number of data keys at hand.
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type DataKey, isFailure, type KeyService } from '#ports';
import { NONCE_BYTES, openEnvelope, parseEnvelope, sealEnvelope } from './envelope.js';
import { lengthPrefixed } from './length-prefixed.js';
import { type SealContext, Sealer, unreadable } from './sealer.js';

export interface KeyringOptions {
  /** Data keys held at most; the least used is wiped. Default 1,000 (one a tenant, purpose and master key). */
  maxDataKeys?: number;
  random?: (bytes: number) => Uint8Array;
}

export class Keyring extends Sealer {
  readonly sealing = true;
  private readonly held: LRUCache<string, DataKey>;
  private readonly random: (bytes: number) => Uint8Array;

  constructor(
    private readonly service: KeyService,
    { maxDataKeys = 1000, random = randomBytes }: KeyringOptions = {},
  ) {
    super();
    this.random = random;
    this.held = new LRUCache({ max: maxDataKeys, dispose: ({ key }) => void key.fill(0) });
  }

  seal(plain: Uint8Array, at: SealContext): Promise<Uint8Array> {
    return this.withKey(at, undefined, (key) => sealEnvelope(plain, key, at, this.random(NONCE_BYTES)));
  }

  async open(sealed: Uint8Array, at: SealContext): Promise<Uint8Array> {
    const envelope = parseEnvelope(sealed, at);
    try {
      return await this.withKey(at, envelope.keyId, ({ key }) => openEnvelope(envelope, key, at));
    } catch (error) {
      if (isFailure(error, 'crypto.key_unknown')) throw unreadable('unknown_key', at, error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.held.clear();
    await this.service.close();
  }

  /** Forgets the data keys, so that the next call asks the key service again: after a rotation. */
  forgetKeys(): void {
    this.held.clear();
  }

  /** `use` runs in the same turn in which its key was found, so that the key cannot have been wiped in between. */
  private async withKey<T>(
    { tenant, purpose }: SealContext,
    keyId: string | undefined,
    use: (key: DataKey) => T,
  ): Promise<T> {
    const slot = lengthPrefixed([tenant, purpose, keyId ?? '']).toString('latin1');
    const held = this.held.get(slot);
    if (held) return use(held);
    const fetched = await this.service.dataKey({ tenant, purpose }, keyId);
    this.held.set(slot, fetched);
    return use(fetched);
  }
}
