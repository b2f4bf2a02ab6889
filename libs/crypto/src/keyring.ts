// Seals and opens under tenants' data keys, and counts what it seals.
import { isFailure, type KeyService } from '#ports';
import { type Bus, type Records, Watched } from '#records';
import { DataKeys, type DataKeysOptions } from './data-keys.js';
import { NONCE_BYTES, openEnvelope, parseEnvelope, sealEnvelope } from './envelope.js';
import type { HeldKey } from './held-key.js';
import { pooledRandom } from './pooled-random.js';
import { type SealContext, Sealer, unreadable } from './sealer.js';
import { SealingBudget, type SealingBudgetOptions } from './sealing-budget.js';
import { TenantKeyRecords } from './tenant-key-records.js';

export interface KeyringOptions extends Omit<DataKeysOptions, 'random'> {
  sealings?: SealingBudgetOptions | undefined;
  /** Bytes for nonces. */
  random?: ((bytes: number) => Uint8Array) | undefined;
}

export class Keyring extends Sealer {
  readonly sealing = true;
  /** For those who administrate the keys. */
  readonly keys: DataKeys;
  readonly stored: TenantKeyRecords;
  readonly budget: SealingBudget;
  private readonly random: (bytes: number) => Uint8Array;
  private watched: Watched<boolean> | undefined;

  constructor(
    readonly service: KeyService,
    private readonly records: Records,
    { random = pooledRandom(), sealings, ...held }: KeyringOptions = {},
  ) {
    super();
    this.random = random;
    this.stored = new TenantKeyRecords(records);
    this.keys = new DataKeys(service, this.stored, held);
    this.budget = new SealingBudget(records, sealings);
  }

  async seal(plain: Uint8Array, at: SealContext): Promise<Uint8Array> {
    const held = this.keys.held(at.tenant);
    const key = held && this.budget.take(held.id) ? held : await this.countedKey(at.tenant);
    return sealEnvelope(plain, { keyId: key.id, key: key.for(at.purpose) }, at, this.random(NONCE_BYTES));
  }

  async open(sealed: Uint8Array, at: SealContext): Promise<Uint8Array> {
    const envelope = parseEnvelope(sealed, at);
    const { keyId } = envelope;
    const key = this.keys.held(at.tenant, keyId) ?? (await this.knownKey(at, keyId));
    return openEnvelope(envelope, { keyId, key: key.for(at.purpose) }, at);
  }

  async isCurrent(sealed: Uint8Array, at: SealContext): Promise<boolean> {
    return parseEnvelope(sealed, at).keyId === (await this.keys.currentId(at.tenant));
  }

  /** Hears of rotations and shreds by other instances from now on. Records that are down are asked again. */
  async watch(bus: Bus): Promise<void> {
    const load = () => this.keys.refresh().then(() => true);
    this.watched = new Watched({
      records: this.records,
      bus,
      topic: 'keys',
      key: 'keys/changes',
      load,
      initial: false,
    });
    await this.watched.open();
  }

  /** To be called after records of keys were changed: when it returns, what is held here accords with them. */
  async changed(): Promise<void> {
    try {
      await (this.watched ? this.watched.changed() : this.keys.refresh());
    } catch (error) {
      this.keys.drop(); // What cannot be compared with the records is not held on to.
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.watched?.close();
    this.keys.drop();
    await this.service.close();
  }

  /** The key that seals, with one sealing taken from its budget; a key whose budget is spent is replaced. */
  private async countedKey(tenant: string): Promise<HeldKey> {
    for (;;) {
      const key = await this.keys.sealing(tenant);
      if (this.budget.take(key.id)) return key;
      if (!(await this.budget.reserve(tenant, key.id))) await this.keys.begin(tenant, key.id);
    }
  }

  private async knownKey(at: SealContext, keyId: string): Promise<HeldKey> {
    try {
      const key = await this.keys.opening(at.tenant, keyId);
      if (key) return key;
    } catch (error) {
      throw isFailure(error, 'crypto.key_unknown') ? unreadable('unknown_key', at, error) : error;
    }
    throw unreadable('unknown_key', at);
  }
}
