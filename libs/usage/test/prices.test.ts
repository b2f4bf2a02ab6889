// Money is computed exactly, with the price in force on the day.
import { writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { Prices, usageSection } from '#usage';
import { moneyText, nanoFrom, nanoOf, nanoText } from '../src/prices.js';
import { aPrice } from './builders.js';

const costOn = (prices: Prices, day: string, tokens = 1_000_000, model = 'acme') => {
  const money = prices.costOf(tokens, { provider: 'openai', model, day });
  return money === undefined ? undefined : moneyText(money);
};

describe('a price', () => {
  test('holds from its day on, until a later one', () => {
    const prices = new Prices([
      aPrice({ from: '2026-07-01', perMillionTokens: '0.04' }),
      aPrice({ from: '2026-01-01', perMillionTokens: '0.02' }),
      aPrice({ from: '2027-01-01', perMillionTokens: '0' }),
    ]);
    expect(costOn(prices, '2025-12-31')).toBeUndefined();
    expect(costOn(prices, '2026-01-01')).toBe('0.02');
    expect(costOn(prices, '2026-06-30')).toBe('0.02');
    expect(costOn(prices, '2026-07-01')).toBe('0.04');
    expect(costOn(prices, '2027-03-01')).toBe('0.00');
  });

  test('is that of one model alone', () => {
    expect(costOn(new Prices([aPrice()]), '2026-11-21', 1, 'other')).toBeUndefined();
    expect(new Prices([]).currency).toBeUndefined();
  });

  test('is exact down to a single token, and for as many as there are', () => {
    const prices = new Prices([aPrice({ perMillionTokens: '0.000000000001' })]);
    expect(costOn(prices, '2026-11-21', 1)).toBe('0.000000000000000001');
    expect(costOn(new Prices([aPrice({ perMillionTokens: '0.13' })]), '2026-11-21', 9_007_199_254_740_991)).toBe(
      '1170935903.11632883',
    );
  });

  test('of another currency beside it is refused', () => {
    expect(() => new Prices([aPrice(), aPrice({ currency: 'EUR', model: 'b' })])).toThrow(/one currency.*USD, EUR/);
  });
});

test('sums of parts are the cost of the whole, whatever the price', () => {
  const price = fc
    .tuple(fc.nat(10 ** 9 - 1), fc.nat(10 ** 12 - 1))
    .map(([a, b]) => `${a}.${String(b).padStart(12, '0')}`);
  fc.assert(
    fc.property(price, fc.array(fc.nat(10 ** 9)), (perMillionTokens, parts) => {
      const prices = new Prices([aPrice({ perMillionTokens })]);
      const of = (tokens: number) => prices.costOf(tokens, { provider: 'openai', model: 'acme', day: '2026-11-21' })!;
      const whole = parts.reduce((sum, one) => sum + one, 0);
      expect(parts.reduce((sum, one) => sum + of(one), 0n)).toBe(of(whole));
    }),
  );
});

test('a budget is counted in billionths, rounded up', () => {
  expect(nanoOf(1n)).toBe(1);
  expect(nanoOf(10n ** 9n)).toBe(1);
  expect(nanoOf(10n ** 9n + 1n)).toBe(2);
  expect(nanoOf(0n)).toBe(0);
  expect(nanoFrom('2.5')).toBe(2_500_000_000);
  expect(nanoFrom('999999.999999999')).toBe(999_999_999_999_999);
  expect(nanoText(2_500_000_001)).toBe('2.500000001');
  expect(nanoText(0)).toBe('0.00');
  expect(moneyText(-1_500_000_000_000_000_000n)).toBe('-1.50');
});

describe('the configuration', () => {
  const read = (env: Record<string, string>) =>
    readConfig([usageSection], environmentSources({ env, envFile: false })).usage;
  const problem = (env: Record<string, string>) => {
    try {
      read(env);
      return 'none';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test('is valid as it is by default, without a price and without a quota', () => {
    expect(read({})).toMatchObject({ prices: '[]', tokensPerDay: undefined, tenantConcurrency: 32 });
  });

  test('takes prices from a file', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'prices-')), 'prices.json');
    writeFileSync(file, JSON.stringify([aPrice()]));
    expect(problem({ USAGE_PRICES_FILE: file, QUOTA_MONEY_PER_DAY: '2.50' })).toBe('none');
    expect(problem({ USAGE_PRICES_FILE: `${file}.gone` })).toMatch(/USAGE_PRICES_FILE .*cannot be read \(ENOENT\)/);
  });

  test.each([
    [{ USAGE_PRICES: '{' }, /USAGE_PRICES .*must be a JSON list of prices/],
    [
      { USAGE_PRICES: JSON.stringify([aPrice({ perMillionTokens: '1e3' })]) },
      /is wrong at 0.perMillionTokens: must be a decimal/,
    ],
    [{ USAGE_PRICES: JSON.stringify([aPrice({ from: '2026-02-30' })]) }, /is wrong at 0.from/],
    [{ USAGE_PRICES: JSON.stringify([aPrice(), aPrice({ currency: 'EUR' })]) }, /must be of one currency/],
    [{ QUOTA_MONEY_PER_DAY: '2.50' }, /QUOTA_MONEY_PER_DAY .*needs prices/],
    [{ TENANT_CONCURRENCY: '65' }, /TENANT_CONCURRENCY .*must be SLOW_WORK_CONCURRENCY \(64\) at most/],
  ])('that makes no sense is refused: %j', (env, says) => {
    expect(problem(env as unknown as Record<string, string>)).toMatch(says);
  });
});
