// How near tenants are to the ends of their quotas: read from the records once in a while, for those who were active.
import type { Records } from '#records';
import { dayKey } from './day-budget.js';
import { dayOf } from './periods.js';
import { nanoFrom } from './prices.js';
import type { QuotaName } from './quota-limits.js';
import type { LimitsInForce, QuotaTable } from './quota-table.js';
import type { StoredAnswers } from './stored-answers.js';

/** What of a quota is used: 1 is all of it. */
export interface QuotaShare {
  tenant: string;
  quota: QuotaName;
  ratio: number;
}

const EVERY_MS = 15_000;
const PAGE = 500;
/** Tenants that are looked at, at most: the first of the day. */
export const MOST_WATCHED = 2000;
/** What is counted by the second is over before it could be told. */
const WATCHED = ['requestsPerDay', 'tokensPerDay', 'moneyPerDay', 'storedBytes', 'storedEntries'] as const;
type WatchedQuota = (typeof WATCHED)[number];

export interface QuotaWatchParts {
  records: Records;
  table: Pick<QuotaTable, 'of'>;
  stored: Pick<StoredAnswers, 'counts' | 'holding'>;
  /** Requests of a tenant that this process has counted beforehand. */
  heldBack: (tenant: string) => number;
  now: () => number;
}

/** Sums are those of all instances; which tenants they are told of is what each instance saw. */
export class QuotaWatch {
  private seen = new Set<string>();
  private before = new Set<string>();
  private day = '';
  private found: readonly QuotaShare[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: QuotaWatchParts) {}

  /** As they stood some seconds ago. */
  get shares(): readonly QuotaShare[] {
    return this.found;
  }

  /** A tenant was active: it is looked at until the end of the next day. */
  saw(tenant: string): void {
    if (this.seen.size < MOST_WATCHED) this.seen.add(tenant);
  }

  /** Looks every 15 seconds from now on. */
  open(): void {
    // Where the records do not answer, what was read last stands.
    this.timer ??= setInterval(() => void this.look().catch(() => undefined), EVERY_MS).unref();
  }

  /** May be called twice. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  async look(): Promise<void> {
    const day = dayOf(this.parts.now());
    if (day !== this.day) this.turn(day);
    const tenants = [...new Set([...this.seen, ...this.before])].filter((tenant) =>
      isWatched(this.parts.table.of(tenant)),
    );
    const found: QuotaShare[] = [];
    for (let at = 0; at < tenants.length; at += PAGE)
      found.push(...(await this.page(tenants.slice(at, at + PAGE), day)));
    this.found = found;
  }

  private turn(day: string): void {
    this.day = day;
    this.before = this.seen;
    this.seen = new Set();
  }

  private async page(tenants: readonly string[], day: string): Promise<QuotaShare[]> {
    const { records, table, stored, heldBack } = this.parts;
    const days = await records.tallies(tenants.map((tenant) => dayKey(tenant, day)));
    const shares: QuotaShare[] = [];
    for (const [index, tenant] of tenants.entries()) {
      const { requests = 0, tokens = 0, nano = 0 } = days[index]!;
      const held = stored.counts(tenant) ? await stored.holding(tenant) : { bytes: 0, items: 0 };
      const used = {
        requestsPerDay: Math.max(0, requests - heldBack(tenant)),
        tokensPerDay: tokens,
        moneyPerDay: nano,
        storedBytes: held.bytes,
        storedEntries: held.items,
      };
      shares.push(...sharesOf(tenant, used, table.of(tenant)));
    }
    return shares;
  }
}

function isWatched(limits: LimitsInForce): boolean {
  return WATCHED.some((quota) => limits[quota] !== undefined);
}

function sharesOf(tenant: string, used: Record<WatchedQuota, number>, limits: LimitsInForce): QuotaShare[] {
  return WATCHED.flatMap((quota) => {
    const limit = limits[quota];
    if (limit === undefined) return [];
    const most = typeof limit === 'string' ? nanoFrom(limit) : limit;
    // A quota of nothing is used up from the start.
    return [{ tenant, quota, ratio: most === 0 ? 1 : used[quota] / most }];
  });
}
