// A quota holds over all instances, is known to each within a second, and refuses with its name and when to come back.
import { afterEach, describe, expect, test } from 'vitest';
import { type Bus, LocalBus, MemoryRecords, type Records } from '#records';
import { type LimitsInForce, Quotas } from '#usage';
import { aCall, aLedger, aPrice, Clock, DAY_MS, hearing, NOON, unreliable } from './builders.js';

const HALF_A_DAY_MS = 12 * 3_600_000;

const opened: Quotas[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

interface Parts {
  limits?: LimitsInForce;
  records?: Records;
  bus?: Bus;
  clock?: Clock;
}

async function someQuotas({ limits = {}, records, bus = new LocalBus(), clock = new Clock() }: Parts = {}) {
  const quotas = new Quotas(records ?? new MemoryRecords(clock.now), bus, limits, clock.now);
  await quotas.open();
  opened.push(quotas);
  return quotas;
}

/** Sends so many requests, one after the other. Gives how many were admitted. */
async function admitted(quotas: Quotas, count: number, tenant = 'north', cost = 1): Promise<number> {
  let passed = 0;
  for (let at = 0; at < count; at++) {
    const admission = Promise.resolve().then(() => quotas.admit(tenant, cost));
    await admission.then(
      () => passed++,
      (error) => expect(error).toMatchObject({ code: 'quota.exceeded' }),
    );
  }
  return passed;
}

describe('the limits of a tenant', () => {
  test('are the server’s until others are set; null is none, and an empty body brings the server’s back', async () => {
    const quotas = await someQuotas({ limits: { requestsPerDay: 5, storedEntries: 7 } });
    await quotas.set('north', { requestsPerDay: 9, storedEntries: null });
    expect(quotas.table.of('north')).toEqual({ requestsPerDay: 9 });
    expect(quotas.table.of('south')).toEqual({ requestsPerDay: 5, storedEntries: 7 });
    await quotas.set('north', {});
    expect(quotas.table.of('north')).toEqual({ requestsPerDay: 5, storedEntries: 7 });
  });

  test('are asked for by nobody while nobody has any', async () => {
    const quotas = await someQuotas();
    expect(quotas.any).toBe(false);
    await quotas.set('north', { requestsPerSecond: 3 });
    expect([quotas.any, quotas.perSecond('north'), quotas.perSecond('south')]).toEqual([true, 3, undefined]);
    await quotas.set('north', {});
    expect(quotas.any).toBe(false);
  });

  test('set at one instance hold at another, told by message or found by asking', async () => {
    const records = new MemoryRecords();
    const bus = new LocalBus();
    const here = await someQuotas({ records, bus });
    const [told, asking] = [await someQuotas({ records, bus }), await someQuotas({ records })];
    await here.set('north', { requestsPerDay: 1 });
    for (const one of [told, asking]) await expect.poll(() => one.table.of('north')).toEqual({ requestsPerDay: 1 });
  });

  test('are the server’s where the records do not answer at boot, and the tenant’s as soon as they do', async () => {
    const { records, state } = unreliable(new MemoryRecords());
    await (await someQuotas({ records })).set('north', { requestsPerDay: 1 });
    state.down = true;
    const quotas = await someQuotas({ records, limits: { tokensPerDay: 9 } });
    expect(quotas.table.of('north')).toEqual({ tokensPerDay: 9 });
    state.down = false;
    await expect.poll(() => quotas.table.of('north')).toEqual({ tokensPerDay: 9, requestsPerDay: 1 });
  });

  test('outlive the instance that set them, however many tenants have some', async () => {
    const records = new MemoryRecords();
    const first = await someQuotas({ records });
    for (let at = 0; at < 501; at++) await records.put(`quota/~limits/t${at}`, JSON.stringify({ requestsPerDay: at }));
    await first.set('north', { requestsPerDay: 1 });
    const next = await someQuotas({ records });
    expect([next.table.of('t500'), next.table.of('north')]).toEqual([{ requestsPerDay: 500 }, { requestsPerDay: 1 }]);
  });
});

describe('requests in a day', () => {
  test('are admitted up to the limit, then refused until the day ends', async () => {
    const clock = new Clock();
    const quotas = await someQuotas({ limits: { requestsPerDay: 5 }, clock });
    const { heard, stop } = hearing('quota.exceeded');
    expect(await admitted(quotas, 8)).toBe(5);
    await expect(quotas.admit('north', 1)).rejects.toMatchObject({
      code: 'quota.exceeded',
      facts: { quota: 'requestsPerDay', limit: 5 },
      retryAfterMs: HALF_A_DAY_MS,
    });
    expect(heard).toHaveLength(4);
    expect(heard[0]).toEqual({ tenant: 'north', quota: 'requestsPerDay', limit: 5 });
    expect(await admitted(quotas, 1, 'south')).toBe(1);
    clock.advance(HALF_A_DAY_MS);
    expect(await admitted(quotas, 8)).toBe(5);
    stop();
  });

  test('count by their cost', async () => {
    const quotas = await someQuotas({ limits: { requestsPerDay: 25 } });
    expect(await admitted(quotas, 5, 'north', 10)).toBe(2);
    expect(await admitted(quotas, 9)).toBe(5);
  });

  test('are exactly as many as the limit over two instances at once', async () => {
    const records = new MemoryRecords();
    const limits = { requestsPerDay: 1000 };
    const [one, two] = [await someQuotas({ records, limits }), await someQuotas({ records, limits })];
    const senders = Array.from({ length: 40 }, (_, at) => admitted(at % 2 ? one : two, 50));
    const passed = (await Promise.all(senders)).reduce((sum, part) => sum + part, 0);
    expect(passed).toBe(1000);
  });

  test('are asked for in blocks where there is much left, and what was not used is given back', async () => {
    const clock = new Clock();
    const records = new MemoryRecords(clock.now);
    const limits = { requestsPerDay: 100_000 };
    const quotas = await someQuotas({ records, limits, clock });
    expect(await admitted(quotas, 2)).toBe(2);
    expect(quotas.admit('north', 1)).toBeUndefined();
    expect((await quotas.describe('north')).requestsPerDay).toEqual({
      limit: 100_000,
      used: 3,
      resetsAt: '2026-11-22T00:00:00.000Z',
    });
    await quotas.close();
    const [day] = await records.tallies(['quota/north/d/2026-11-21']);
    expect(day).toEqual({ requests: 3 });
  });

  test('a block that does not fit any more is asked for as what is needed', async () => {
    const records = new MemoryRecords();
    const limits = { requestsPerDay: 1000 };
    const [one, two] = [await someQuotas({ records, limits }), await someQuotas({ records, limits })];
    expect(await admitted(one, 2)).toBe(2);
    expect(await admitted(two, 985)).toBe(985);
    expect((await admitted(one, 50)) + (await admitted(two, 50))).toBe(13);
  });

  test('are admitted while the records do not answer, and counted when they do', async () => {
    const clock = new Clock();
    const { records, state } = unreliable(new MemoryRecords(clock.now));
    const quotas = await someQuotas({ records, limits: { requestsPerDay: 10 }, clock });
    state.down = true;
    expect(await admitted(quotas, 8)).toBe(8);
    state.down = false;
    expect(await admitted(quotas, 8)).toBe(2);
  });

  test('owed at the end are counted then', async () => {
    const clock = new Clock();
    const inner = new MemoryRecords(clock.now);
    const { records, state } = unreliable(inner);
    const quotas = await someQuotas({ records, limits: { requestsPerDay: 10 }, clock });
    state.down = true;
    expect(await admitted(quotas, 3)).toBe(3);
    state.down = false;
    await quotas.close();
    expect(await inner.tallies(['quota/north/d/2026-11-21'])).toEqual([{ requests: 3 }]);
  });
});

describe('what may be spent in a day', () => {
  const priced = { prices: [aPrice({ perMillionTokens: '1' })] };

  test('is set aside before a call, and put right after it', async () => {
    const { ledger, clock } = aLedger({ limits: { tokensPerDay: 250 } });
    const first = await ledger.begin(aCall({ estimatedTokens: 100 }));
    await ledger.begin(aCall({ estimatedTokens: 100 }));
    await expect(ledger.begin(aCall({ estimatedTokens: 100 }))).rejects.toMatchObject({
      code: 'quota.exceeded',
      facts: { quota: 'tokensPerDay', limit: 250 },
      retryAfterMs: HALF_A_DAY_MS,
    });
    await first.spent(10);
    await (await ledger.begin(aCall({ estimatedTokens: 140 }))).free();
    await ledger.begin(aCall({ estimatedTokens: 140 }));
    clock.advance(DAY_MS);
    await ledger.begin(aCall({ estimatedTokens: 250 }));
  });

  test('is a sum of money too, by the price of each model', async () => {
    const { ledger } = aLedger({ limits: { moneyPerDay: '0.0003' }, ...priced });
    await (await ledger.begin(aCall({ estimatedTokens: 100 }))).spent(200);
    await ledger.begin(aCall({ estimatedTokens: 100 }));
    await expect(ledger.begin(aCall({ estimatedTokens: 1 }))).rejects.toMatchObject({
      facts: { quota: 'moneyPerDay', limit: '0.0003' },
    });
    await ledger.begin(aCall({ model: 'of no price', estimatedTokens: 1000 }));
  });

  test('holds what was spent before the quota was set', async () => {
    const clock = new Clock();
    const records = new MemoryRecords(clock.now);
    const before = aLedger({ records, clock, ...priced });
    await (await before.ledger.begin(aCall())).spent(240);
    const { ledger } = aLedger({ records, clock, limits: { tokensPerDay: 250 }, ...priced });
    await expect(ledger.begin(aCall({ estimatedTokens: 11 }))).rejects.toMatchObject({ code: 'quota.exceeded' });
    await ledger.begin(aCall({ estimatedTokens: 10 }));
  });

  test('is never more than the limit, however many calls begin at once at two instances', async () => {
    const records = new MemoryRecords();
    const ledgers = [
      aLedger({ records, limits: { tokensPerDay: 1000 } }),
      aLedger({ records, limits: { tokensPerDay: 1000 } }),
    ];
    const begun = await Promise.allSettled(
      Array.from({ length: 200 }, (_, at) => ledgers[at % 2]!.ledger.begin(aCall({ estimatedTokens: 30 }))),
    );
    expect(begun.filter((one) => one.status === 'fulfilled')).toHaveLength(33);
  });
});

describe('what may be kept', () => {
  const stored = async (parts: Parts) => (await someQuotas(parts)).stored;

  test('is so many bytes and so many entries at a time', async () => {
    const clock = new Clock();
    const answers = await stored({ limits: { storedBytes: 100, storedEntries: 2 }, clock });
    await answers.hold('north', 'a', 60, NOON + 1000);
    await expect(answers.hold('north', 'b', 50, NOON + 9000)).rejects.toMatchObject({
      facts: { quota: 'storedBytes', limit: 100 },
      retryAfterMs: 60_000,
    });
    await answers.hold('north', 'b', 30, NOON + 9000);
    await expect(answers.hold('north', 'c', 1, NOON + 9000)).rejects.toMatchObject({
      facts: { quota: 'storedEntries', limit: 2 },
    });
    await answers.hold('north', 'a', 70, NOON + 1000);
    await answers.hold('south', 'c', 100, NOON + 9000);
    clock.advance(1000);
    await answers.hold('north', 'c', 70, NOON + 9000);
    expect(await answers.holding('north')).toEqual({ items: 2, bytes: 100 });
  });

  test('has room again for what was forgotten', async () => {
    const answers = await stored({ limits: { storedEntries: 1 } });
    await answers.hold('north', 'a', 1, NOON + 1000);
    await answers.release('north', ['a']);
    await answers.hold('north', 'b', 1, NOON + 1000);
    await answers.release('north');
    await answers.hold('north', 'c', 1, NOON + 1000);
  });

  test('is not counted for who has no such quota, and begins anew where one is lifted', async () => {
    const quotas = await someQuotas();
    await quotas.stored.hold('north', 'a', 1, NOON + 1000);
    await quotas.stored.release('north');
    expect(await quotas.stored.holding('north')).toEqual({ items: 0, bytes: 0 });
    await quotas.set('north', { storedEntries: 1 });
    await quotas.stored.hold('north', 'a', 1, NOON + 1000);
    await quotas.set('north', {});
    await quotas.set('north', { storedEntries: 1 });
    await quotas.stored.hold('north', 'b', 1, NOON + 1000);
  });

  test('is kept uncounted while the records do not answer', async () => {
    const { records, state } = unreliable(new MemoryRecords());
    const answers = await stored({ limits: { storedEntries: 0 }, records });
    state.down = true;
    await answers.hold('north', 'a', 1, NOON + 1000);
    await answers.release('north', ['a']);
    state.down = false;
  });
});

test('a tenant sees its limits, what it has used, and when that begins again', async () => {
  const clock = new Clock();
  const records = new MemoryRecords(clock.now);
  const limits = {
    requestsPerSecond: 10,
    requestsPerDay: 100,
    tokensPerDay: 1000,
    moneyPerDay: '2.50',
    storedBytes: 100,
    storedEntries: 2,
  };
  const quotas = await someQuotas({ records, limits, clock });
  const { ledger } = aLedger({ records, limits, clock, prices: [aPrice()] });
  await admitted(quotas, 3);
  await quotas.stored.hold('north', 'a', 60, NOON + 1000);
  await (await ledger.begin(aCall())).spent(124);
  const resetsAt = '2026-11-22T00:00:00.000Z';
  expect(await quotas.describe('north')).toEqual({
    requestsPerSecond: { limit: 10, used: null, resetsAt: null },
    requestsPerDay: { limit: 100, used: 3, resetsAt },
    tokensPerDay: { limit: 1000, used: 124, resetsAt },
    moneyPerDay: { limit: '2.50', used: '0.00000248', resetsAt },
    storedBytes: { limit: 100, used: 60, resetsAt: null },
    storedEntries: { limit: 2, used: 1, resetsAt: null },
  });
  const none = { limit: null, used: null, resetsAt: null };
  expect((await (await someQuotas()).describe('north')).tokensPerDay).toEqual(none);
});
