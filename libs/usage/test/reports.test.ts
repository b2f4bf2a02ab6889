// The ledger is read by hour and by day, for each model, with money at the prices of the time.
import { describe, expect, test } from 'vitest';
import { periodsBetween } from '../src/periods.js';
import { readField } from '../src/tally-lines.js';
import { aCall, aLedger, aPrice, Clock, DAY_MS, HOUR_MS, NOON } from './builders.js';

async function spend(parts: ReturnType<typeof aLedger>, tokens: number, more: Parameters<typeof aCall>[0] = {}) {
  await (await parts.ledger.begin(aCall(more))).spent(tokens);
}

describe('a report', () => {
  test('has a row for each period and model in which something happened, in order, and the totals', async () => {
    const parts = aLedger({ prices: [aPrice({ perMillionTokens: '2' })] });
    await spend(parts, 10);
    await spend(parts, 5, { model: 'other' });
    parts.clock.advance(2 * HOUR_MS);
    await spend(parts, 7);
    await (await parts.ledger.begin(aCall({ estimatedTokens: 3 }))).uncertain();
    const report = await parts.reports.read('north', { from: NOON, to: NOON + DAY_MS, by: 'hour' });
    const none = { calls: 0, tokens: 0, money: null };
    const nothing = { calls: 0, tokens: 0, money: '0.00' };
    expect(report).toEqual({
      tenant: 'north',
      by: 'hour',
      currency: 'USD',
      rows: [
        {
          at: '2026-11-21T12:00:00Z',
          provider: 'openai',
          model: 'acme',
          spent: { calls: 1, tokens: 10, money: '0.00002' },
          avoided: nothing,
          uncertain: nothing,
        },
        {
          at: '2026-11-21T12:00:00Z',
          provider: 'openai',
          model: 'other',
          spent: { calls: 1, tokens: 5, money: null },
          avoided: none,
          uncertain: none,
        },
        {
          at: '2026-11-21T14:00:00Z',
          provider: 'openai',
          model: 'acme',
          spent: { calls: 1, tokens: 7, money: '0.000014' },
          avoided: nothing,
          uncertain: { calls: 1, tokens: 3, money: '0.000006' },
        },
      ],
      totals: {
        spent: { calls: 3, tokens: 22, money: '0.000034' },
        avoided: nothing,
        uncertain: { calls: 1, tokens: 3, money: '0.000006' },
      },
    });
  });

  test('is empty where nothing happened, and of one tenant alone', async () => {
    const parts = aLedger();
    await spend(parts, 10);
    const report = await parts.reports.read('south', { from: NOON, to: NOON + DAY_MS, by: 'day' });
    expect(report).toMatchObject({ rows: [], currency: null, totals: { spent: { calls: 0, tokens: 0, money: null } } });
  });

  test('takes the price of each day', async () => {
    const prices = [aPrice({ perMillionTokens: '1' }), aPrice({ from: '2026-11-22', perMillionTokens: '3' })];
    const parts = aLedger({ prices });
    await spend(parts, 1_000_000);
    parts.clock.advance(DAY_MS);
    await spend(parts, 1_000_000);
    const report = await parts.reports.read('north', { from: NOON, to: NOON + 2 * DAY_MS, by: 'day' });
    expect(report.rows.map((row) => row.spent.money)).toEqual(['1.00', '3.00']);
    expect(report.totals.spent.money).toBe('4.00');
  });

  test('of a long time is read in pieces, and sums of hours and of days are the same', async () => {
    const parts = aLedger({ clock: new Clock(NOON - 40 * DAY_MS) });
    for (let at = 0; at < 40; at++) {
      await spend(parts, at);
      parts.clock.advance(DAY_MS);
    }
    const read = async (by: 'hour' | 'day') =>
      (await parts.reports.read('north', { from: NOON - 30 * DAY_MS, to: NOON, by })).totals.spent;
    expect(await read('hour')).toEqual({ calls: 30, tokens: 735, money: null });
    expect(await read('day')).toEqual({ calls: 30, tokens: 735, money: null });
  });

  test('keeps hours and days as long as it is told', async () => {
    const parts = aLedger({ options: { keepHoursMs: DAY_MS, keepDaysMs: 3 * DAY_MS } });
    await spend(parts, 10);
    const tokens = async (by: 'hour' | 'day') =>
      (await parts.reports.read('north', { from: NOON, to: NOON + HOUR_MS, by })).totals.spent.tokens;
    parts.clock.advance(DAY_MS);
    expect([await tokens('hour'), await tokens('day')]).toEqual([0, 10]);
    parts.clock.advance(2 * DAY_MS);
    expect(await tokens('day')).toBe(0);
  });

  test('passes over what it does not know, and names of models may hold anything', async () => {
    const parts = aLedger();
    await spend(parts, 1, { model: 'a|b\n"c' });
    await spend(parts, 1, { model: 'x'.repeat(500) });
    await parts.records.add([{ key: 'usage/north/d/2026-11-21', field: 'of another version', by: 1 }]);
    const { rows } = await parts.reports.read('north', { from: NOON, to: NOON + 1, by: 'day' });
    expect(rows.map((row) => row.model)).toEqual(['a|b\n"c', 'x'.repeat(200)]);
  });
});

test('periods are those that the time touches', () => {
  const day = Date.parse('2026-11-21T00:00:00Z');
  expect(periodsBetween(NOON, NOON + 1, 'day')).toEqual(['2026-11-21']);
  expect(periodsBetween(day, day + DAY_MS, 'day')).toEqual(['2026-11-21']);
  expect(periodsBetween(NOON + 1, NOON + HOUR_MS + 1, 'hour')).toEqual(['2026-11-21T12', '2026-11-21T13']);
  expect(periodsBetween(NOON, NOON, 'hour')).toEqual([]);
});

test('a field is read as it was written', () => {
  expect(readField('avoided#|openai|a|b')).toEqual({
    sort: 'avoided',
    count: 'calls',
    provider: 'openai',
    model: 'a|b',
  });
  expect(readField('lost|openai|a')).toBeUndefined();
});
