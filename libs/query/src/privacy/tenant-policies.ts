// The policies of all tenants, at hand in every instance: changed by one, known to all within a second.
import { type Bus, type Records, Watched } from '#records';
import { cautious, type EffectivePolicy, effectivePolicy, type PolicyDefaults, type TenantPolicy } from './policy.js';

const POLICIES = 'policy/tenant/';
const VERSION = 'policy/version';
const PAGE = 500;

export interface TenantPoliciesOptions {
  records: Records;
  bus: Bus;
  defaults: PolicyDefaults;
}

export type PolicyHearer = (tenant: string, before: EffectivePolicy, after: EffectivePolicy) => void;

type Texts = ReadonlyMap<string, string>;

const NOTHING: Texts = new Map();

export class TenantPolicies {
  private readonly watched: Watched<Texts>;
  /** Holds for tenants that have set nothing. */
  private standard: EffectivePolicy;
  private texts: Texts = NOTHING;
  private readonly own = new Map<string, TenantPolicy>();
  private readonly effective = new Map<string, EffectivePolicy>();
  private readonly hearers = new Set<PolicyHearer>();

  constructor(private readonly options: TenantPoliciesOptions) {
    const { records, bus, defaults } = options;
    // Until the records have answered, what tenants have set is not known: nothing is kept that anybody might not want kept.
    this.standard = effectivePolicy(cautious(defaults), undefined);
    this.watched = new Watched({
      records,
      bus,
      topic: 'policy',
      key: VERSION,
      load: () => this.load(),
      onChange: (texts) => this.take(texts),
      initial: NOTHING,
    });
  }

  /** Opens also where the records do not answer yet. */
  async open(): Promise<void> {
    await this.watched.open();
  }

  /** What holds for a tenant now. */
  of(tenant: string): EffectivePolicy {
    return this.effective.get(tenant) ?? this.standard;
  }

  /** What the tenant itself has set. */
  ownOf(tenant: string): TenantPolicy | undefined {
    return this.own.get(tenant);
  }

  /** Tenants that have set something. */
  tenants(): string[] {
    return [...this.own.keys()];
  }

  /** How long an entry of the tenant may live. Milliseconds; `undefined` is as long as the cache lets it. Asked on every look-up. */
  readonly lifeLimit = (tenant: string): number | undefined => {
    const own = this.effective.size === 0 ? undefined : this.effective.get(tenant);
    return (own ?? this.standard).retention.entriesMs;
  };

  /** Replaces what the tenant has set. When it returns, it holds in this process and the others have been told. */
  async set(tenant: string, policy: TenantPolicy): Promise<void> {
    await this.options.records.put(POLICIES + tenant, JSON.stringify(policy));
    await this.watched.changed();
  }

  /** Calls back after each change of what holds for a tenant, wherever it was made. Returns how to stop. */
  onChange(heard: PolicyHearer): () => void {
    this.hearers.add(heard);
    return () => void this.hearers.delete(heard);
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.hearers.clear();
    await this.watched.close();
  }

  private async load(): Promise<Texts> {
    const texts = new Map<string, string>();
    let cursor: string | undefined;
    do {
      const page = await this.options.records.list(POLICIES, { cursor, limit: PAGE });
      for (const { key, value } of page.records) texts.set(key.slice(POLICIES.length), value);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return texts;
  }

  private take(texts: Texts): void {
    const before = this.texts;
    if (before === NOTHING) this.standard = effectivePolicy(this.options.defaults, undefined);
    this.texts = texts;
    for (const tenant of new Set([...before.keys(), ...texts.keys()])) {
      if (before.get(tenant) !== texts.get(tenant)) this.changed(tenant, texts.get(tenant));
    }
  }

  private changed(tenant: string, text: string | undefined): void {
    const before = this.of(tenant);
    const policy = text === undefined ? undefined : read(text);
    if (policy) this.own.set(tenant, policy);
    else this.own.delete(tenant);
    const { defaults } = this.options;
    // Where the tenant's policy cannot be read, nothing is kept that it might not want kept.
    if (text === undefined) this.effective.delete(tenant);
    else this.effective.set(tenant, effectivePolicy(policy ? defaults : cautious(defaults), policy));
    for (const heard of this.hearers) heard(tenant, before, this.of(tenant));
  }
}

function read(text: string): TenantPolicy | undefined {
  try {
    const policy = JSON.parse(text) as Partial<TenantPolicy> | null;
    return policy?.retention?.collectionsMs && policy.detection?.kinds ? (policy as TenantPolicy) : undefined;
  } catch {
    return undefined;
  }
}
