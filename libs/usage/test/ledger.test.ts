// Every call is in the ledger once: spent, free or uncertain, whoever dies and whatever does not answer.
import { describe, expect, test } from 'vitest';
import { SERVICE_ACCOUNT } from '#ports';
import { MemoryRecords } from '#records';
import {
  aCall,
  aLedger,
  anOpenLedger,
  aPrice,
  Clock,
  DAY_MS,
  hearing,
  LEASE_MS,
  leftovers,
  NOON,
  unreliable,
} from './builders.js';

const NONE = { calls: 0, tokens: 0, money: null };

describe('a call', () => {
  test('is noted before it is made, and counted as what the provider counted', async () => {
    const { ledger, records, totals } = await anOpenLedger();
    const account = await ledger.begin(aCall({ estimatedTokens: 100 }));
    expect(await leftovers(records)).toBe(1);
    expect((await totals()).spent).toEqual(NONE);
    await account.spent(42);
    expect(await totals()).toEqual({ spent: { calls: 1, tokens: 42, money: null }, uncertain: NONE, avoided: NONE });
    await ledger.tick();
    expect(await leftovers(records)).toBe(0);
  });

  test('that was refused costs nothing', async () => {
    const { ledger, records, totals } = await anOpenLedger();
    await (await ledger.begin(aCall())).free();
    await ledger.tick();
    expect(await totals()).toEqual({ spent: NONE, uncertain: NONE, avoided: NONE });
    expect(await leftovers(records)).toBe(0);
  });

  test.each([Number.NaN, -5, Infinity])(
    'of %d tokens, as no provider should say, is noted as a call of none',
    async (tokens) => {
      const { ledger, totals } = await anOpenLedger();
      await (await ledger.begin(aCall({ estimatedTokens: tokens }))).spent(tokens);
      expect((await totals()).spent).toEqual({ calls: 1, tokens: 0, money: null });
    },
  );

  test('whose outcome is unknown stands apart, as what it may have cost', async () => {
    const { ledger, totals } = await anOpenLedger();
    await (await ledger.begin(aCall({ estimatedTokens: 7 }))).uncertain();
    expect(await totals()).toEqual({ spent: NONE, uncertain: { calls: 1, tokens: 7, money: null }, avoided: NONE });
  });

  test('is settled once, whatever is said later', async () => {
    const { ledger, totals } = await anOpenLedger();
    const account = await ledger.begin(aCall());
    await account.spent(5);
    await account.spent(5);
    await account.uncertain();
    expect((await totals()).spent).toMatchObject({ calls: 1, tokens: 5 });
    expect((await totals()).uncertain).toEqual(NONE);
  });

  test('belongs to the hour and the day in which it began', async () => {
    const clock = new Clock(Date.parse('2026-11-21T23:59:59.900Z'));
    const { ledger, reports } = await anOpenLedger({ clock });
    const account = await ledger.begin(aCall());
    clock.advance(60_000);
    await account.spent(3);
    const read = (by: 'hour' | 'day') => reports.read('north', { from: NOON, to: NOON + 2 * DAY_MS, by });
    expect((await read('hour')).rows.map((row) => row.at)).toEqual(['2026-11-21T23:00:00Z']);
    expect((await read('day')).rows.map((row) => row.at)).toEqual(['2026-11-21T00:00:00Z']);
  });

  test('has a name of its own, and is announced without it', async () => {
    const { heard, stop } = hearing('usage.noted');
    const { ledger } = await anOpenLedger();
    const [one, two] = [await ledger.begin(aCall()), await ledger.begin(aCall())];
    expect(one.callId).not.toBe(two.callId);
    await one.spent(3);
    await two.free();
    expect(heard).toEqual([{ tenant: 'north', provider: 'openai', model: 'acme', sort: 'spent', tokens: 3 }]);
    stop();
  });

  test('is announced with what it cost at the price of its day', async () => {
    const { heard, stop } = hearing('usage.noted');
    const { ledger } = await anOpenLedger({ prices: [aPrice({ perMillionTokens: '0.5', currency: 'EUR' })] });
    await (await ledger.begin(aCall())).spent(4_000_000);
    expect(heard).toMatchObject([{ sort: 'spent', money: { amount: 2, currency: 'EUR' } }]);
    stop();
  });

  test('of the service itself is counted, and has no quota', async () => {
    const { ledger, totals } = await anOpenLedger({ limits: { tokensPerDay: 0 } });
    await (await ledger.begin(aCall({ tenant: SERVICE_ACCOUNT }))).spent(1);
    expect((await totals(SERVICE_ACCOUNT)).spent.tokens).toBe(1);
  });
});

test('a thousand calls at a time are all counted, each tenant’s apart', async () => {
  const { ledger, records, totals } = await anOpenLedger();
  const one = async (at: number) => (await ledger.begin(aCall({ tenant: `t${at % 3}` }))).spent(at);
  await Promise.all(Array.from({ length: 1000 }, (_, at) => one(at)));
  const sums = await Promise.all([0, 1, 2].map(async (at) => (await totals(`t${at}`)).spent));
  expect(sums.map((sum) => sum.calls)).toEqual([334, 333, 333]);
  expect(sums.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(499_500);
  await ledger.tick();
  expect(await leftovers(records)).toBe(0);
});

describe('when the records do not answer', () => {
  test('it is known how many calls wait to be noted', async () => {
    const { records, state } = unreliable(new MemoryRecords());
    const { ledger } = await anOpenLedger({ records });
    const calls = await Promise.all([ledger.begin(aCall()), ledger.begin(aCall())]);
    expect(ledger.unsettled).toBe(0);
    state.down = true;
    for (const call of calls) await call.spent(10);
    expect(ledger.unsettled).toBe(2);
    state.down = false;
    await ledger.tick();
    await ledger.tick();
    expect(ledger.unsettled).toBe(0);
  });

  test('no call is begun', async () => {
    const { records, state } = unreliable(new MemoryRecords());
    const { ledger } = await anOpenLedger({ records });
    state.down = true;
    await expect(ledger.begin(aCall())).rejects.toMatchObject({
      code: 'usage.unavailable',
      facts: { provider: 'openai' },
    });
    state.down = false;
  });

  test('a call whose note was written, and the answer lost, is not found as one that was made', async () => {
    const clock = new Clock();
    const { records, state } = unreliable(new MemoryRecords(clock.now));
    const { ledger } = await anOpenLedger({ records, clock });
    state.deaf = true;
    await expect(ledger.begin(aCall())).rejects.toMatchObject({ code: 'usage.unavailable' });
    state.deaf = false;
    await ledger.tick();
    expect(await leftovers(records)).toBe(0);
  });

  test('what was spent meanwhile is noted as soon as they do, once', async () => {
    const { records, state } = unreliable(new MemoryRecords());
    const { ledger, totals } = await anOpenLedger({ records });
    const account = await ledger.begin(aCall());
    state.down = true;
    await account.spent(9);
    await ledger.tick();
    state.down = false;
    await ledger.tick();
    await ledger.tick();
    expect((await totals()).spent).toMatchObject({ calls: 1, tokens: 9 });
  });

  test('a settlement whose answer was lost is not added again', async () => {
    const { records, state } = unreliable(new MemoryRecords());
    const { ledger, totals } = await anOpenLedger({ records });
    const account = await ledger.begin(aCall());
    state.deaf = true;
    await account.spent(9);
    state.deaf = false;
    await ledger.tick();
    expect((await totals()).spent).toMatchObject({ calls: 1, tokens: 9 });
  });

  test('what was set aside for a call that could not be noted is given back', async () => {
    const inner = new MemoryRecords();
    const records = new Proxy(inner, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (name === 'put')
          return (key: string, ...rest: [string]) =>
            key.includes('~pending') ? Promise.reject(new Error('full')) : inner.put(key, ...rest);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { ledger } = await anOpenLedger({ records, limits: { tokensPerDay: 150 }, clock: new Clock() });
    await expect(ledger.begin(aCall())).rejects.toMatchObject({ code: 'usage.unavailable' });
    const [day] = await inner.tallies(['quota/north/d/2026-11-21']);
    expect(day).toMatchObject({ tokens: 0 });
  });

  test('the ledger opens and closes all the same', async () => {
    const { records, state } = unreliable(new MemoryRecords());
    state.down = true;
    const { ledger } = aLedger({ records });
    await ledger.open();
    await ledger.close();
    await ledger.close();
  });
});

test('an instance without calls writes nothing', async () => {
  const clock = new Clock();
  const written: string[] = [];
  const inner = new MemoryRecords(clock.now);
  const records = new Proxy(inner, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!['list', 'get', 'tallies'].includes(String(name))) written.push(String(name));
      return value.bind(target);
    },
  });
  const { ledger } = await anOpenLedger({ records, clock });
  for (let passed = 0; passed < 5; passed++) {
    clock.advance(LEASE_MS);
    await ledger.tick();
  }
  expect(written).toEqual([]);
});
