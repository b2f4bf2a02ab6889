// Keeps master keys that the operator configured in memory, and wraps data keys under them.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  type CallOptions,
  failure,
  type KeyContext,
  KeyService,
  type MasterKeyDescription,
  type WrappedKey,
} from '#ports';
import { derivedKey } from './derived-key.js';
import { lengthPrefixed } from './length-prefixed.js';
import type { MasterKey } from './master-key.js';

/** The wrapped form, version 1: `v1.` and base64url of nonce (12) | ciphertext (32) | tag (16), by AES-256-GCM. */
const FORM = /^v1\.([A-Za-z0-9_-]{80})$/;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class LocalKeyService extends KeyService {
  readonly provider = 'local';
  private readonly byId: Map<string, MasterKey>;

  /** Takes the keys over, and wipes them when it is closed. */
  constructor(
    private readonly current: MasterKey,
    former: readonly MasterKey[] = [],
    private readonly random: (bytes: number) => Uint8Array = randomBytes,
  ) {
    super();
    this.byId = new Map([...former, current].map((key) => [key.id, key]));
  }

  async keys(): Promise<MasterKeyDescription[]> {
    return [...this.byId.keys()].map((masterKeyId) => ({
      masterKeyId,
      state: masterKeyId === this.current.id ? 'current' : 'former',
    }));
  }

  async wrap(
    key: Uint8Array,
    context: KeyContext,
    { masterKeyId = this.current.id, signal }: CallOptions & { masterKeyId?: string } = {},
  ): Promise<WrappedKey> {
    signal?.throwIfAborted();
    const nonce = this.random(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.wrappingKey(masterKeyId), nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(authenticated(context, masterKeyId));
    const ciphertext = cipher.update(key);
    cipher.final();
    const bytes = Buffer.concat([nonce, ciphertext, cipher.getAuthTag()]);
    return { masterKeyId, wrapped: `v1.${bytes.toString('base64url')}` };
  }

  async unwrap(
    { masterKeyId, wrapped }: WrappedKey,
    context: KeyContext,
    { signal }: CallOptions = {},
  ): Promise<Uint8Array> {
    signal?.throwIfAborted();
    const wrapping = this.wrappingKey(masterKeyId);
    const bytes = Buffer.from(FORM.exec(wrapped)?.[1] ?? '', 'base64url');
    if (bytes.length === 0) throw failure('crypto.unwrap_refused', { provider: this.provider });
    const tagAt = bytes.length - TAG_BYTES;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(CIPHER, wrapping, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(authenticated(context, masterKeyId));
    decipher.setAuthTag(bytes.subarray(tagAt));
    const key = decipher.update(bytes.subarray(NONCE_BYTES, tagAt));
    try {
      decipher.final();
    } catch (cause) {
      key.fill(0);
      throw failure('crypto.unwrap_refused', { provider: this.provider }, { cause });
    }
    return key;
  }

  async close(): Promise<void> {
    for (const { bytes } of this.byId.values()) bytes.fill(0);
    this.byId.clear();
  }

  /** The key for this use alone: a master key itself encrypts nothing. */
  private wrappingKey(masterKeyId: string): Uint8Array {
    const master = this.byId.get(masterKeyId);
    if (!master) throw failure('crypto.key_unknown', { keyId: masterKeyId });
    return derivedKey(master.bytes, ['resk-caching key wrap v1']);
  }
}

/** Authenticated with the wrapped key: moved to another tenant or another name, it does not unwrap. */
function authenticated({ tenant, dataKeyId }: KeyContext, masterKeyId: string): Buffer {
  return lengthPrefixed(['resk-caching wrapped key v1', tenant, dataKeyId, masterKeyId]);
}
