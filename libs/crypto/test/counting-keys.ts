// A key service that counts, keeps hold of the bytes it hands out, and can be slow or fail.
import { LocalKeyService } from '#crypto';
import { failure, type KeyContext, KeyService, type MasterKeyDescription, type WrappedKey } from '#ports';
import { aMasterKey } from './crypto-builders.js';

export class CountingKeys extends KeyService {
  readonly provider = 'counting';
  readonly given: Uint8Array[] = [];
  wrapped = 0;
  closed = 0;
  broken = false;
  /** Awaited before a key is unwrapped. */
  gate: Promise<void> = Promise.resolve();
  private readonly inner: LocalKeyService;

  constructor([current = 0, ...former]: number[] = [0]) {
    super();
    this.inner = new LocalKeyService(aMasterKey(current), former.map(aMasterKey));
  }

  keys(): Promise<MasterKeyDescription[]> {
    return this.inner.keys();
  }

  wrap(key: Uint8Array, context: KeyContext, o?: { masterKeyId?: string }): Promise<WrappedKey> {
    this.wrapped++;
    return this.inner.wrap(key, context, o);
  }

  async unwrap(wrapped: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    await this.gate;
    if (this.broken) throw failure('crypto.key_service_unavailable', { provider: this.provider, reason: 'broken' });
    const key = await this.inner.unwrap(wrapped, context);
    this.given.push(key);
    return key;
  }

  async close(): Promise<void> {
    this.closed++;
  }

  get allWiped(): boolean {
    return this.given.every((key) => key.every((byte) => byte === 0));
  }
}
