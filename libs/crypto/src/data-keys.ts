// Holds tenants' data keys for use: a bounded number for a bounded time, each unwrapped once, and none that was destroyed.
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { failure, type KeyService } from '#ports';
import { SingleFlight } from '#resilience';
import { HeldKey } from './held-key.js';
import type { TenantKeyRecords } from './tenant-key-records.js';
import type { StoredDataKey, TenantKeys } from './tenant-keys.js';

export interface DataKeysOptions {
  /** Data keys held at most; the least used is dropped. Default 1,000. */
  maxHeld?: number | undefined;
  /** How long a data key is held at most; up to a fifth less, so that not all end at once. Milliseconds, default 5 minutes. */
  holdMs?: number | undefined;
  /** Data keys of one tenant at most, former ones included. Default 100. */
  maxPerTenant?: number | undefined;
  /** The master key under which new data keys are wrapped. Default: the one that the key service calls current. */
  master?: (() => Promise<string | undefined>) | undefined;
  now?: (() => number) | undefined;
  random?: (() => number) | undefined;
}

interface Held {
  tenant: string;
  key: HeldKey;
  /** Ends the holding. */
  timer: NodeJS.Timeout;
}

/** A tenant's record as it was read, and the data key of it that seals here. */
interface Known {
  keys: TenantKeys;
  sealingId: string | undefined;
}

export class DataKeys {
  private readonly known: LRUCache<string, Known>;
  private readonly holding: LRUCache<string, Held>;
  private readonly readings = new SingleFlight<Known>();
  private readonly beginnings = new SingleFlight<Known>();
  private readonly unwrappings = new SingleFlight<HeldKey>();
  private readonly holdMs: number;
  private readonly maxPerTenant: number;
  private readonly askMaster: () => Promise<string | undefined>;
  private readonly masters: LRUCache<'', { id: string | undefined }>;
  private readonly now: () => number;
  private readonly random: () => number;
  /** Grows with each change heard of: what was read before it is not kept. */
  private age = 0;

  constructor(
    private readonly service: KeyService,
    private readonly stored: TenantKeyRecords,
    o: DataKeysOptions = {},
  ) {
    const max = o.maxHeld ?? 1000;
    this.holdMs = o.holdMs ?? 300_000;
    this.maxPerTenant = o.maxPerTenant ?? 100;
    this.askMaster =
      o.master ?? (async () => (await service.keys()).find(({ state }) => state === 'current')?.masterKeyId);
    this.masters = new LRUCache({ max: 1, ttl: this.holdMs });
    this.now = o.now ?? Date.now;
    this.random = o.random ?? Math.random;
    this.known = new LRUCache({ max, ttl: this.holdMs });
    this.holding = new LRUCache({ max, dispose: dropped });
  }

  /** The key at hand, without waiting; without an id, the one that seals. Use it before you wait for anything. */
  held(tenant: string, dataKeyId?: string): HeldKey | undefined {
    const known = this.known.get(tenant);
    const wanted = dataKeyId ?? known?.sealingId;
    return known && wanted !== undefined && storedIn(known.keys, wanted)
      ? this.holding.get(slot(tenant, wanted))?.key
      : undefined;
  }

  /**
   * The key that seals: the newest that is wrapped under the master key of now. Where there is none, for the tenant is new
   * or the master key is, one is begun. Use it before you wait for anything else.
   */
  async sealing(tenant: string): Promise<HeldKey> {
    const { age } = this;
    const known = await this.knownOf(tenant);
    const { keys, sealingId } = known.sealingId === undefined ? await this.begin(tenant) : known;
    return this.hold(keys, sealingId!, age);
  }

  /** A key by its id; `undefined` where the tenant has none of that name, or no longer. */
  async opening(tenant: string, dataKeyId: string): Promise<HeldKey | undefined> {
    const { age } = this;
    let { keys } = await this.knownOf(tenant);
    // Another instance may have begun it a moment ago.
    if (!storedIn(keys, dataKeyId)) ({ keys } = await this.read(tenant));
    return storedIn(keys, dataKeyId) ? this.hold(keys, dataKeyId, age) : undefined;
  }

  /** The id of the key that seals, if there is one. */
  async currentId(tenant: string): Promise<string | undefined> {
    return (await this.knownOf(tenant)).sealingId;
  }

  /**
   * Begins a new data key, unless another than `replaced` seals already: of many who find a key spent, or none, one
   * begins the next. Fails with `crypto.too_many_data_keys`, or as the key service does.
   */
  begin(tenant: string, replaced?: string): Promise<Known> {
    return this.beginnings.run(tenant, async () => {
      const { age } = this;
      const master = await this.master();
      const keys = await this.stored.change(tenant, async (before) =>
        sealingIdOf(before, master) === replaced ? this.withNewKey(before, master) : undefined,
      );
      // What was just begun seals, whatever name the service gives the master key.
      const known = { keys, sealingId: sealingIdOf(keys, master) ?? keys.current };
      if (age === this.age) this.known.set(tenant, known);
      return known;
    });
  }

  /** Reads the tenants' records anew, and drops keys that are no longer there. */
  async refresh(): Promise<void> {
    this.age++;
    this.known.clear();
    this.masters.clear();
    if (this.holding.size === 0) return;
    const tenants = [...new Set([...this.holding.values()].map(({ tenant }) => tenant))];
    const records = new Map((await this.stored.readMany(tenants)).map((keys) => [keys.tenant, keys]));
    for (const [at, { tenant, key }] of [...this.holding.entries()]) {
      const keys = records.get(tenant);
      if (keys && !storedIn(keys, key.id)) this.holding.delete(at);
    }
  }

  /** Drops every key held. */
  drop(): void {
    this.age++;
    this.known.clear();
    this.masters.clear();
    this.holding.clear();
  }

  /** Asked once in a while, not for each tenant. Where the service does not say, the newest data key seals. */
  private async master(): Promise<string | undefined> {
    const { age } = this;
    const known = this.masters.get('') ?? { id: await this.askMaster().catch(() => undefined) };
    if (age === this.age) this.masters.set('', known, { noUpdateTTL: true });
    return known.id;
  }

  private async knownOf(tenant: string): Promise<Known> {
    return this.known.get(tenant) ?? this.read(tenant);
  }

  private read(tenant: string): Promise<Known> {
    // What was asked for before a change does not answer those who ask after it.
    return this.readings.run(`${this.age} ${tenant}`, async () => {
      const { age } = this;
      const [keys, master] = await Promise.all([this.stored.read(tenant), this.master()]);
      const known = { keys, sealingId: sealingIdOf(keys, master) };
      if (age === this.age) this.known.set(tenant, known);
      return known;
    });
  }

  private async hold(keys: TenantKeys, dataKeyId: string, age: number): Promise<HeldKey> {
    const at = slot(keys.tenant, dataKeyId);
    const held = this.holding.get(at)?.key;
    if (held) return held;
    const stored = storedIn(keys, dataKeyId)!;
    return this.unwrappings.run(`${age} ${at}`, () => this.unwrap(keys.tenant, stored, age));
  }

  /** Held only where no change was heard of since its record was read: it may have been destroyed. */
  private async unwrap(tenant: string, stored: StoredDataKey, age: number): Promise<HeldKey> {
    const { dataKeyId } = stored;
    const key = new HeldKey(dataKeyId, await this.service.unwrap(stored, { tenant, dataKeyId }));
    if (age === this.age) this.keep(slot(tenant, dataKeyId), tenant, key);
    else key.drop();
    return key;
  }

  private keep(at: string, tenant: string, key: HeldKey): void {
    const timer = setTimeout(() => this.holding.delete(at), this.holdMs * (1 - this.random() / 5)).unref();
    this.holding.set(at, { tenant, key, timer });
  }

  private async withNewKey(before: TenantKeys, masterKeyId: string | undefined): Promise<TenantKeys> {
    const { tenant, keys } = before;
    if (keys.length >= this.maxPerTenant) throw failure('crypto.too_many_data_keys', { limit: this.maxPerTenant });
    const dataKeyId = randomBytes(9).toString('base64url');
    const bytes = randomBytes(32);
    try {
      const wrapped = await this.service.wrap(bytes, { tenant, dataKeyId }, { ...(masterKeyId && { masterKeyId }) });
      const { resealedUnder: _, ...kept } = before;
      return { ...kept, current: dataKeyId, keys: [...keys, { dataKeyId, createdAt: this.now(), ...wrapped }] };
    } finally {
      bytes.fill(0);
    }
  }
}

function dropped({ key, timer }: Held): void {
  clearTimeout(timer);
  key.drop();
}

/** The current data key; where it is wrapped under another master key, the newest that is not. */
function sealingIdOf({ keys, current }: TenantKeys, master: string | undefined): string | undefined {
  const fit = keys.filter(({ masterKeyId }) => master === undefined || masterKeyId === master);
  return (fit.find(({ dataKeyId }) => dataKeyId === current) ?? fit.at(-1))?.dataKeyId;
}

/** Ids have no blanks in them. */
function slot(tenant: string, dataKeyId: string): string {
  return `${dataKeyId} ${tenant}`;
}

export function storedIn({ keys }: TenantKeys, dataKeyId: string): StoredDataKey | undefined {
  return keys.find((key) => key.dataKeyId === dataKeyId);
}
