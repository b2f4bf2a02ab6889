// Keeps master keys that the operator configured in memory, and derives data keys from them.
import { type DataKey, failure, type KeyContext, type KeyDescription, KeyService } from '#ports';
import { derivedKey } from './derived-key.js';
import type { MasterKey } from './master-key.js';

export class LocalKeyService extends KeyService {
  readonly provider = 'local';
  private readonly byId: Map<string, MasterKey>;

  /** Takes the keys over, and wipes them when it is closed. */
  constructor(
    private readonly current: MasterKey,
    former: readonly MasterKey[] = [],
  ) {
    super();
    this.byId = new Map([...former, current].map((key) => [key.id, key]));
  }

  async keys(): Promise<KeyDescription[]> {
    return [...this.byId.keys()].map((keyId) => ({ keyId, state: keyId === this.current.id ? 'current' : 'former' }));
  }

  async dataKey({ tenant, purpose }: KeyContext, keyId = this.current.id): Promise<DataKey> {
    const master = this.byId.get(keyId);
    if (!master) throw failure('crypto.key_unknown', { keyId });
    return { keyId, key: derivedKey(master.bytes, ['resk-caching data key v1', tenant, purpose]) };
  }

  async close(): Promise<void> {
    for (const { bytes } of this.byId.values()) bytes.fill(0);
    this.byId.clear();
  }
}
