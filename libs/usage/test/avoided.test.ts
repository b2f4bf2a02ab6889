// What hits avoid is in the ledger within a second, once, and never as spending.
import { describe, expect, test } from 'vitest';
import { MemoryRecords } from '#records';
import { announceHit } from '../../../test/support/announced.js';
import { anOpenLedger, aPrice, Clock, HOUR_MS, leftovers, NOON, unreliable } from './builders.js';

const NONE = { calls: 0, tokens: 0, money: null };

describe('a hit', () => {
  test('is counted as avoided within a second, never as spent', async () => {
    const { ledger, totals, records } = await anOpenLedger({ prices: [aPrice()] });
    for (let at = 0; at < 3; at++) announceHit('north', { provider: 'openai', model: 'acme', tokens: 1000 });
    announceHit('south', { provider: 'openai', model: 'other', tokens: 5 });
    announceHit('north');
    expect((await totals()).avoided).toEqual(NONE);
    await ledger.tick();
    expect(await totals()).toMatchObject({
      avoided: { calls: 3, tokens: 3000, money: '0.00006' },
      spent: { tokens: 0 },
    });
    expect((await totals('south')).avoided).toEqual({ calls: 1, tokens: 5, money: null });
    expect(await leftovers(records)).toBe(0);
  });

  test('counts in the hour in which it was, also when that has just ended', async () => {
    const clock = new Clock(Date.parse('2026-11-21T12:59:59.500Z'));
    const { ledger, reports } = await anOpenLedger({ clock });
    announceHit('north', { provider: 'openai', model: 'acme', tokens: 1 });
    clock.advance(700);
    await ledger.tick();
    const { rows } = await reports.read('north', { from: NOON, to: NOON + 3 * HOUR_MS, by: 'hour' });
    expect(rows.map((row) => row.at)).toEqual(['2026-11-21T12:00:00Z']);
  });

  test('is counted once though the records did not answer, or their answer was lost', async () => {
    const { records, state } = unreliable(new MemoryRecords());
    const { ledger, totals } = await anOpenLedger({ records });
    for (const trouble of ['down', 'deaf'] as const) {
      state[trouble] = true;
      for (let at = 0; at < 20; at++) {
        announceHit('north', { provider: 'openai', model: 'acme', tokens: 1 });
        await ledger.tick();
      }
      state[trouble] = false;
    }
    for (let at = 0; at < 10; at++) await ledger.tick();
    expect((await totals('north', Date.now())).avoided).toMatchObject({ calls: 40, tokens: 40 });
  });

  test('is not lost when the process stops in order, and not heard after', async () => {
    const { ledger, totals } = await anOpenLedger();
    announceHit('north', { provider: 'openai', model: 'acme', tokens: 1 });
    await ledger.close();
    announceHit('north', { provider: 'openai', model: 'acme', tokens: 1 });
    await ledger.tick();
    expect((await totals()).avoided.calls).toBe(1);
  });

  test('of very many tenants and models is added in pieces that the records take', async () => {
    const { ledger, totals } = await anOpenLedger();
    for (let at = 0; at < 500; at++) announceHit(`t${at}`, { provider: 'openai', model: 'acme', tokens: at });
    await ledger.tick();
    expect((await totals('t499')).avoided.tokens).toBe(499);
  });
});
