// What a tenant may spend in a day: tokens and money are set aside before a call, and put right after it.
import type { Records, TallyChange } from '#records';
import { endOfDay } from './periods.js';
import { nanoFrom } from './prices.js';
import { exceeded } from './quota-limits.js';
import type { QuotaTable } from './quota-table.js';

/** A day's tally outlives the day, for calls that began in it and for who asks a little later. */
const TALLY_LASTS_MS = 3 * 86_400_000;

/** Money in billionths of the currency. */
export interface Spending {
  tokens: number;
  nano: number;
}

export const NOTHING: Spending = { tokens: 0, nano: 0 };

export function dayKey(tenant: string, day: string): string {
  return `quota/${tenant}/d/${day}`;
}

/** One number of a tenant's day. */
export function dayChange(tenant: string, day: string, field: 'requests' | 'tokens' | 'nano', by: number): TallyChange {
  return { key: dayKey(tenant, day), field, by, ttlMs: TALLY_LASTS_MS };
}

export class DayBudget {
  constructor(
    private readonly records: Records,
    private readonly quotas: Pick<QuotaTable, 'of'>,
  ) {}

  /**
   * Sets aside what a call may cost. Gives what was set aside: nothing where the tenant may spend what it likes.
   * @throws Failure `quota.exceeded`
   */
  async reserve(tenant: string, cost: Spending, { day, now }: { day: string; now: number }): Promise<Spending> {
    const { tokensPerDay, moneyPerDay } = this.quotas.of(tenant);
    if (tokensPerDay === undefined && moneyPerDay === undefined) return NOTHING;
    const moneyLimit = moneyPerDay === undefined ? undefined : nanoFrom(moneyPerDay);
    const { added, over } = await this.records.addWithin([
      { ...dayChange(tenant, day, 'tokens', cost.tokens), limit: tokensPerDay },
      { ...dayChange(tenant, day, 'nano', cost.nano), limit: moneyLimit },
    ]);
    if (added) return cost;
    const reached =
      over === 0
        ? ({ quota: 'tokensPerDay', limit: tokensPerDay! } as const)
        : ({ quota: 'moneyPerDay', limit: moneyPerDay! } as const);
    throw exceeded(tenant, { ...reached, retryAfterMs: endOfDay(now) - now });
  }

  /** The changes that put right what was set aside, now that it is known what was spent. */
  settling(tenant: string, day: string, { reserved, spent }: { reserved: Spending; spent: Spending }): TallyChange[] {
    return [
      dayChange(tenant, day, 'tokens', spent.tokens - reserved.tokens),
      dayChange(tenant, day, 'nano', spent.nano - reserved.nano),
    ].filter(({ by }) => by !== 0);
  }
}
