// What the tests of this room are made of.
import { onTestFinished } from 'vitest';
import { type Announcements, listen, type MeteredCall } from '#ports';
import { MemoryRecords, type Records } from '#records';
import { Ledger, type LedgerOptions, type LimitsInForce, type Price, Prices, UsageReports } from '#usage';

export const NOON = Date.parse('2026-11-21T12:00:00Z');
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const LEASE_MS = 30_000;

/** Time that stands still until it is moved. */
export class Clock {
  constructor(public at = NOON) {}
  readonly now = (): number => this.at;
  advance(ms: number): void {
    this.at += ms;
  }
}

export const aCall = (more: Partial<MeteredCall> = {}): MeteredCall => ({
  tenant: 'north',
  provider: 'openai',
  model: 'acme',
  operation: 'embedding',
  items: 1,
  estimatedTokens: 100,
  ...more,
});

export const aPrice = (more: Partial<Price> = {}): Price => ({
  provider: 'openai',
  model: 'acme',
  from: '2026-01-01',
  perMillionTokens: '0.02',
  currency: 'USD',
  ...more,
});

/** Records that can be told not to answer, before a call has an effect (`down`) or after it (`deaf`). */
export function unreliable<R extends Records>(records: R) {
  const state = { down: false, deaf: false };
  const call = async (method: (...args: unknown[]) => Promise<unknown>, args: unknown[]) => {
    if (state.down) throw new Error('down');
    const result = await method.apply(records, args);
    if (state.deaf) throw new Error('no answer');
    return result;
  };
  const proxy = new Proxy(records, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (...args: unknown[]) => call(value as never, args) : value;
    },
  });
  return { records: proxy, state };
}

export interface LedgerParts {
  clock?: Clock;
  records?: Records;
  limits?: LimitsInForce;
  prices?: readonly Price[];
  options?: Partial<LedgerOptions>;
}

/** A ledger whose time is moved by the test, and whose ticks are made by it. */
export function aLedger({ clock = new Clock(), records, limits = {}, prices = [], options = {} }: LedgerParts = {}) {
  const kept = records ?? new MemoryRecords(clock.now);
  const priced = new Prices(prices);
  const quotas = { of: () => limits };
  const keeping = { keepHoursMs: 31 * DAY_MS, keepDaysMs: 400 * DAY_MS, leaseMs: LEASE_MS };
  const ledger = new Ledger(kept, priced, quotas, { ...keeping, now: clock.now, ...options });
  const reports = new UsageReports(kept, priced);
  /** The sums of a tenant's day. */
  const totals = async (tenant = 'north', at = clock.at) =>
    (await reports.read(tenant, { from: at, to: at + 1, by: 'day' })).totals;
  return { ledger, records: kept, reports, totals, clock };
}

/** A ledger that listens and works of itself, until the test is over. */
export async function anOpenLedger(parts: LedgerParts = {}) {
  const all = aLedger(parts);
  await all.ledger.open();
  onTestFinished(() => all.ledger.close());
  return all;
}

/** Hears what is announced while the test runs. */
export function hearing<Name extends keyof Announcements>(name: Name) {
  const heard: Announcements[Name][] = [];
  const stop = listen(name, (message) => heard.push(message));
  return { heard, stop };
}

/** What is left of calls and their marks in the records. */
export async function leftovers(records: Records) {
  return (await records.list('usage/~pending/', { limit: 100 })).records.length;
}
