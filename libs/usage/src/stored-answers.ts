// How much a tenant may keep in the cache at a time: each entry is held until its own end, and counted over all instances.
import type { Records } from '#records';
import { exceeded } from './quota-limits.js';
import type { QuotaTable } from './quota-table.js';

/** Room comes when entries end or are purged, which nobody can foretell: ask again in a minute. */
const ASK_AGAIN_MS = 60_000;

/** What the cache asks before it keeps an entry. Satisfies `StorageQuota` of the cache. */
export class StoredAnswers {
  constructor(
    private readonly records: Records,
    private readonly quotas: Pick<QuotaTable, 'of'>,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Counts an entry against the tenant's quota until `endsAt` (epoch milliseconds). Nothing is counted for a tenant that
   * has no such quota; and where the records do not answer the entry is kept uncounted: answers matter more than sums.
   * @throws Failure `quota.exceeded`
   */
  async hold(tenant: string, item: string, bytes: number, endsAt: number): Promise<void> {
    if (!this.counts(tenant)) return;
    const { storedBytes, storedEntries } = this.quotas.of(tenant);
    const limits = { items: storedEntries, bytes: storedBytes };
    const held = await this.records
      .hold(accountOf(tenant), { item, bytes, endsAt }, limits, this.now())
      .catch(() => undefined);
    if (!held || held.held) return;
    const reached =
      held.bytes + bytes > (storedBytes ?? Infinity)
        ? ({ quota: 'storedBytes', limit: storedBytes! } as const)
        : ({ quota: 'storedEntries', limit: storedEntries! } as const);
    throw exceeded(tenant, { ...reached, retryAfterMs: ASK_AGAIN_MS });
  }

  /** Whether the tenant has such a quota. */
  counts(tenant: string): boolean {
    const { storedBytes, storedEntries } = this.quotas.of(tenant);
    return storedBytes !== undefined || storedEntries !== undefined;
  }

  /** Entries that are gone before their end; without `items`, all of the tenant's. */
  async release(tenant: string, items?: readonly string[]): Promise<void> {
    if (!this.counts(tenant)) return;
    await this.records.release(accountOf(tenant), items).catch(() => undefined);
  }

  /** What is counted now. */
  async holding(tenant: string) {
    return this.records.holding(accountOf(tenant), this.now());
  }

  /** Forgets all that is counted: a tenant without a quota is not counted, and begins anew when it gets one. */
  async reset(tenant: string): Promise<void> {
    await this.records.release(accountOf(tenant));
  }
}

function accountOf(tenant: string): string {
  return `quota/${tenant}/stored`;
}
