// Reads the ledger: by hour or by day, for each model, tokens and money spent, perhaps spent, and avoided.
import type { Records } from '#records';
import { type Period, periodsBetween, startOf } from './periods.js';
import { type Money, moneyText, type Prices } from './prices.js';
import { readField, SORTS, type Sort, tallyKey } from './tally-lines.js';

/** Tallies in one call of the records. */
const MAX_KEYS = 200;

export interface UsageAmount {
  /** Calls made, or answers that made one unnecessary. */
  calls: number;
  tokens: number;
  /** Exact decimal number; `null` where the table has no price for it. */
  money: string | null;
}

export type UsageRow = { at: string; provider: string; model: string } & Record<Sort, UsageAmount>;

export interface UsageReport {
  tenant: string;
  by: Period;
  /** Of USAGE_PRICES; `null` where there are none. */
  currency: string | null;
  /** In the order of time, then by provider and model. Periods in which nothing happened have none. */
  rows: UsageRow[];
  /** Money is what the priced rows make together; `null` where no row has a price. */
  totals: Record<Sort, UsageAmount>;
}

export interface UsageQuestion {
  /** Epoch milliseconds: the periods from the one that holds `from` up to the one before `to`. */
  from: number;
  to: number;
  by: Period;
}

interface Amount {
  calls: number;
  tokens: number;
  money: Money | undefined;
}

type Line = { at: string; provider: string; model: string } & Record<Sort, Amount>;

export class UsageReports {
  constructor(
    private readonly records: Records,
    private readonly prices: Prices,
  ) {}

  async read(tenant: string, { from, to, by }: UsageQuestion): Promise<UsageReport> {
    const periods = periodsBetween(from, to, by);
    const lines: Line[] = [];
    for (let at = 0; at < periods.length; at += MAX_KEYS) {
      const some = periods.slice(at, at + MAX_KEYS);
      const tallies = await this.records.tallies(some.map((period) => tallyKey(tenant, by, period)));
      for (const [index, tally] of tallies.entries()) lines.push(...this.linesOf(some[index]!, tally));
    }
    const rows = lines.map(({ at, provider, model, ...line }) => ({ at, provider, model, ...shown(line) }));
    return { tenant, by, currency: this.prices.currency ?? null, rows, totals: shown(totalsOf(lines)) };
  }

  private linesOf(period: string, tally: Record<string, number>): Line[] {
    const lines = new Map<string, Line>();
    for (const [field, value] of Object.entries(tally)) {
      const read = readField(field);
      if (!read) continue;
      const { sort, count, provider, model } = read;
      const name = `${provider}|${model}`;
      const line = lines.get(name) ?? { at: startOf(period), provider, model, ...nothing() };
      line[sort][count] += value;
      lines.set(name, line);
    }
    const day = period.slice(0, 10);
    for (const line of lines.values())
      for (const sort of SORTS) line[sort].money = this.prices.costOf(line[sort].tokens, { ...line, day });
    return [...lines.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  }
}

function nothing(): Record<Sort, Amount> {
  return {
    spent: { calls: 0, tokens: 0, money: undefined },
    avoided: { calls: 0, tokens: 0, money: undefined },
    uncertain: { calls: 0, tokens: 0, money: undefined },
  };
}

function totalsOf(lines: readonly Line[]): Record<Sort, Amount> {
  const totals = nothing();
  for (const line of lines)
    for (const sort of SORTS) {
      const [total, one] = [totals[sort], line[sort]];
      total.calls += one.calls;
      total.tokens += one.tokens;
      if (one.money !== undefined) total.money = (total.money ?? 0n) + one.money;
    }
  return totals;
}

function shown(amounts: Record<Sort, Amount>): Record<Sort, UsageAmount> {
  const one = ({ calls, tokens, money }: Amount): UsageAmount => ({
    calls,
    tokens,
    money: money === undefined ? null : moneyText(money),
  });
  return { spent: one(amounts.spent), avoided: one(amounts.avoided), uncertain: one(amounts.uncertain) };
}
