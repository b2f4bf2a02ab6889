// A key service that takes another's place: what the former wrapped still unwraps, until a promotion has wrapped it anew.
import { type CallOptions, type KeyContext, KeyService, type MasterKeyDescription, type WrappedKey } from '#ports';

type WrapOptions = CallOptions & { masterKeyId?: string };

export class MovedKeyService extends KeyService {
  /** Takes both over, and closes them. */
  constructor(
    private readonly current: KeyService,
    private readonly former: KeyService,
  ) {
    super();
  }

  get provider(): string {
    return this.current.provider;
  }

  async keys(options?: CallOptions): Promise<MasterKeyDescription[]> {
    const [current, former] = await Promise.all([this.current.keys(options), this.former.keys(options)]);
    return [...current, ...former.map(({ masterKeyId }) => ({ masterKeyId, state: 'former' as const }))];
  }

  async wrap(key: Uint8Array, context: KeyContext, options: WrapOptions = {}): Promise<WrappedKey> {
    const { masterKeyId } = options;
    return (masterKeyId === undefined ? this.current : await this.holderOf(masterKeyId)).wrap(key, context, options);
  }

  async unwrap(wrapped: WrappedKey, context: KeyContext, options?: CallOptions): Promise<Uint8Array> {
    return (await this.holderOf(wrapped.masterKeyId)).unwrap(wrapped, context, options);
  }

  async close(): Promise<void> {
    await Promise.all([this.current.close(), this.former.close()]);
  }

  /** The former service is a near one: it is asked first, and costs nothing. */
  private async holderOf(masterKeyId: string): Promise<KeyService> {
    const held = (await this.former.keys()).some((key) => key.masterKeyId === masterKeyId);
    return held ? this.former : this.current;
  }
}
