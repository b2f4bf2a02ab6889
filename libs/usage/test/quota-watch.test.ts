// How near tenants are to the ends of their quotas is read from what all instances have counted.
import { afterEach, describe, expect, test } from 'vitest';
import { LocalBus, MemoryRecords, type Records } from '#records';
import { type LimitsInForce, Quotas } from '#usage';
import { MOST_WATCHED } from '../src/quota-watch.js';
import { Clock, DAY_MS, unreliable } from './builders.js';

const open: Quotas[] = [];
afterEach(() => Promise.all(open.splice(0).map((quotas) => quotas.close())));

async function quotasOf(
  limits: LimitsInForce,
  { records, clock = new Clock() }: { records?: Records; clock?: Clock } = {},
) {
  const kept = records ?? new MemoryRecords(clock.now);
  const quotas = new Quotas(kept, new LocalBus(), limits, clock.now);
  await quotas.open();
  open.push(quotas);
  return { quotas, records: kept, clock };
}

const ratios = (quotas: Quotas) =>
  Object.fromEntries(quotas.watch.shares.map(({ tenant, quota, ratio }) => [`${tenant} ${quota}`, ratio]));

describe('the watch over quotas', () => {
  test('tells the share that is used of each quota of who was active', async () => {
    const { quotas, records } = await quotasOf({
      requestsPerDay: 200,
      tokensPerDay: 1000,
      moneyPerDay: '2',
      storedBytes: 1000,
      storedEntries: 10,
    });
    for (let at = 0; at < 50; at++) await quotas.admit('north', 1);
    await records.add([
      { key: 'quota/north/d/2026-11-21', field: 'tokens', by: 900 },
      { key: 'quota/north/d/2026-11-21', field: 'nano', by: 500_000_000 },
      { key: 'quota/south/d/2026-11-21', field: 'tokens', by: 900 },
    ]);
    await quotas.stored.hold('north', 'a', 100, Number.MAX_SAFE_INTEGER);
    await quotas.watch.look();
    expect(ratios(quotas)).toEqual({
      'north requestsPerDay': 0.25,
      'north tokensPerDay': 0.9,
      'north moneyPerDay': 0.25,
      'north storedBytes': 0.1,
      'north storedEntries': 0.1,
    });
  });

  test('tells nothing of quotas by the second, and a quota of nothing as used up', async () => {
    const { quotas } = await quotasOf({ requestsPerSecond: 5, tokensPerDay: 0 });
    await quotas.admit('north', 1);
    await quotas.watch.look();
    expect(ratios(quotas)).toEqual({ 'north tokensPerDay': 1 });
    await quotas.set('north', { tokensPerDay: null });
    await quotas.watch.look();
    expect(ratios(quotas)).toEqual({});
  });

  test('begins again with the day, and forgets who is silent for a whole one', async () => {
    const { quotas, records, clock } = await quotasOf({ tokensPerDay: 10, storedEntries: 2 });
    await quotas.watch.look();
    await quotas.admit('north', 1);
    await records.add([{ key: 'quota/north/d/2026-11-21', field: 'tokens', by: 9 }]);
    await quotas.stored.hold('north', 'a', 1, Number.MAX_SAFE_INTEGER);
    await quotas.watch.look();
    expect(ratios(quotas)).toEqual({ 'north tokensPerDay': 0.9, 'north storedEntries': 0.5 });
    clock.advance(DAY_MS);
    await quotas.watch.look();
    expect(ratios(quotas)).toEqual({ 'north tokensPerDay': 0, 'north storedEntries': 0.5 });
    clock.advance(DAY_MS);
    await quotas.watch.look();
    expect(ratios(quotas)).toEqual({});
  });

  test('keeps what it read last while the records do not answer', async () => {
    const clock = new Clock();
    const { records, state } = unreliable(new MemoryRecords(clock.now));
    const { quotas } = await quotasOf({ tokensPerDay: 10 }, { records, clock });
    await quotas.admit('north', 1);
    await quotas.watch.look();
    state.down = true;
    await expect(quotas.watch.look()).rejects.toThrow('down');
    expect(ratios(quotas)).toEqual({ 'north tokensPerDay': 0 });
    state.down = false;
  });

  test('looks at so many tenants and no more, some hundreds at a time', async () => {
    const { quotas } = await quotasOf({ tokensPerDay: 10 });
    for (let at = 0; at < MOST_WATCHED + 10; at++) await quotas.admit(`t${at}`, 1);
    await quotas.watch.look();
    expect(quotas.watch.shares).toHaveLength(MOST_WATCHED);
  });
});
