// What a provider asks for its tokens, by date: money is computed from tokens, exactly, with the price in force on the day.
import { z } from 'zod';

/** Digits after the point of a price; money has six more, since prices are for a million tokens. */
const PRICE_SCALE = 12;
const MONEY_SCALE = 18;
/** Billionths: what budgets are counted in, so that a sum is a whole number that a tally can hold. */
const NANO_PER_MONEY = 10n ** BigInt(MONEY_SCALE - 9);

/** An amount of money, exact: whole numbers of 10^-18 of the currency. */
export type Money = bigint;

export const priceSchema = z.strictObject({
  provider: z.string().min(1),
  model: z.string().min(1),
  from: z.iso.date(),
  perMillionTokens: z.string().regex(/^\d{1,9}(\.\d{1,12})?$/, 'must be a decimal number in quotes, e.g. "0.02"'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters, e.g. "USD"'),
});

/** One line of the table: what the model costs from a day (UTC, `2026-01-31`) on, until a later line of the same model. */
export type Price = z.output<typeof priceSchema>;

interface Since {
  from: string;
  /** For a million tokens, in 10^-12 of the currency. */
  scaled: bigint;
}

export class Prices {
  /** `undefined` where there is no price at all. */
  readonly currency: string | undefined;
  /** By provider and model, the latest first. */
  private readonly table = new Map<string, Since[]>();

  /** All prices must be of one currency: sums of several would mean nothing. Throws an `Error` that says so. */
  constructor(prices: readonly Price[]) {
    const currencies = new Set(prices.map((one) => one.currency));
    if (currencies.size > 1) throw new Error(`must be of one currency; they are of ${[...currencies].join(', ')}`);
    [this.currency] = currencies;
    for (const { provider, model, from, perMillionTokens } of prices) {
      const name = nameOf(provider, model);
      const known = this.table.get(name) ?? [];
      known.push({ from, scaled: scaled(perMillionTokens) });
      this.table.set(name, known);
    }
    for (const [name, known] of this.table)
      this.table.set(
        name,
        known.sort((a, b) => (a.from < b.from ? 1 : -1)),
      );
  }

  /** What so many tokens cost on a day (`2026-01-31`); `undefined` where no price was in force. */
  costOf(
    tokens: number,
    { provider, model, day }: { provider: string; model: string; day: string },
  ): Money | undefined {
    const price = this.table.get(nameOf(provider, model))?.find(({ from }) => from <= day);
    return price && BigInt(tokens) * price.scaled;
  }
}

/** An amount as a decimal number, exact, with two digits after the point at least: `0.00000248`. */
export function moneyText(money: Money): string {
  const digits = (money < 0n ? -money : money).toString().padStart(MONEY_SCALE + 1, '0');
  const fraction = digits.slice(-MONEY_SCALE).replace(/0+$/, '').padEnd(2, '0');
  return `${money < 0n ? '-' : ''}${digits.slice(0, -MONEY_SCALE)}.${fraction}`;
}

/** Billionths of the currency, rounded up: a budget is never overdrawn by rounding. */
export function nanoOf(money: Money): number {
  return Number((money + NANO_PER_MONEY - 1n) / NANO_PER_MONEY);
}

/** Billionths as a decimal number. */
export function nanoText(nano: number): string {
  return moneyText(BigInt(nano) * NANO_PER_MONEY);
}

/** Billionths of a decimal number with at most nine digits after the point. */
export function nanoFrom(decimal: string): number {
  return Number(scaledTo(decimal, 9));
}

function scaled(decimal: string): bigint {
  return scaledTo(decimal, PRICE_SCALE);
}

function scaledTo(decimal: string, digits: number): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.padEnd(digits, '0'));
}

function nameOf(provider: string, model: string): string {
  return JSON.stringify([provider, model]);
}
