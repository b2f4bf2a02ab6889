// What each tenant may use, and has used: asked at the door of every request, and by who wants to know.
import { type Bus, type Records } from '#records';
import { dayKey } from './day-budget.js';
import { dayOf, endOfDay } from './periods.js';
import { nanoText } from './prices.js';
import { exceeded, type QuotaLimits, type QuotaName } from './quota-limits.js';
import { type LimitsInForce, QuotaTable } from './quota-table.js';
import { QuotaWatch } from './quota-watch.js';
import { RequestsPerDay } from './requests-per-day.js';
import { StoredAnswers } from './stored-answers.js';

/** One quota of a tenant as it stands. Money is a decimal number as text. */
export interface QuotaState {
  /** `null`: none. */
  limit: number | string | null;
  /** `null` where it is not counted: without a limit, or by the second. */
  used: number | string | null;
  /** When what is used begins again at nothing. */
  resetsAt: string | null;
}

export type QuotaStates = Record<QuotaName, QuotaState>;

export class Quotas {
  readonly table: QuotaTable;
  readonly stored: StoredAnswers;
  readonly watch: QuotaWatch;
  private readonly requests: RequestsPerDay;

  constructor(
    private readonly records: Records,
    bus: Bus,
    defaults: LimitsInForce,
    private readonly now: () => number = Date.now,
  ) {
    this.table = new QuotaTable(records, bus, defaults);
    this.stored = new StoredAnswers(records, this.table, now);
    this.requests = new RequestsPerDay(records, now);
    const { table, stored } = this;
    this.watch = new QuotaWatch({ records, table, stored, now, heldBack: (tenant) => this.requests.heldBack(tenant) });
  }

  async open(): Promise<void> {
    await this.table.open();
    this.watch.open();
  }

  /** Whether any tenant has any quota: where none has, there is nothing to ask. */
  get any(): boolean {
    return this.table.any;
  }

  /** Requests that a tenant may send in any second; the door counts them. */
  perSecond(tenant: string): number | undefined {
    return this.table.of(tenant).requestsPerSecond;
  }

  /** Counts a request against the tenant's day. At once in most cases; nothing where there is no such quota. Rejects with `quota.exceeded`. */
  admit(tenant: string, cost: number): void | Promise<void> {
    const { requestsPerDay } = this.table.of(tenant);
    this.watch.saw(tenant);
    if (requestsPerDay !== undefined) return this.requests.admit(tenant, cost, requestsPerDay);
  }

  /** The refusal of a request that is one too many for its second. */
  tooFast(tenant: string, limit: number, retryAfterMs: number) {
    return exceeded(tenant, { quota: 'requestsPerSecond', limit, retryAfterMs });
  }

  async describe(tenant: string): Promise<QuotaStates> {
    const now = this.now();
    const limits = this.table.of(tenant);
    const [today = {}] = await this.records.tallies([dayKey(tenant, dayOf(now))]);
    const held = await this.stored.holding(tenant);
    const resetsAt = new Date(endOfDay(now)).toISOString();
    const state = (name: QuotaName, used: number | string | null, resets: string | null): QuotaState =>
      limits[name] === undefined
        ? { limit: null, used: null, resetsAt: null }
        : { limit: limits[name], used, resetsAt: resets };
    return {
      requestsPerSecond: state('requestsPerSecond', null, null),
      requestsPerDay: state(
        'requestsPerDay',
        Math.max(0, (today.requests ?? 0) - this.requests.heldBack(tenant)),
        resetsAt,
      ),
      tokensPerDay: state('tokensPerDay', today.tokens ?? 0, resetsAt),
      moneyPerDay: state('moneyPerDay', nanoText(today.nano ?? 0), resetsAt),
      storedBytes: state('storedBytes', held.bytes, null),
      storedEntries: state('storedEntries', held.items, null),
    };
  }

  /** Sets a tenant's quotas: in force here when it returns, and on every instance within a second. */
  async set(tenant: string, limits: QuotaLimits): Promise<void> {
    await this.table.set(tenant, limits);
    const { storedBytes, storedEntries } = this.table.of(tenant);
    if (storedBytes === undefined && storedEntries === undefined) await this.stored.reset(tenant);
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.watch.close();
    await this.requests.close();
    await this.table.close();
  }
}
