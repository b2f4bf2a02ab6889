// Every call is in the ledger once: spent, free or uncertain, whoever dies and whatever does not answer.
import { afterEach, describe, expect, test } from 'vitest';
import { announce, SERVICE_ACCOUNT } from '#ports';
import { MemoryRecords, type Records } from '#records';
import {
  aCall,
  aLedger,
  aPrice,
  Clock,
  DAY_MS,
  HOUR_MS,
  hearing,
  LEASE_MS,
  type LedgerParts,
  NOON,
  unreliable,
} from './builders.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function anOpenLedger(parts: LedgerParts = {}) {
  const all = aLedger(parts);
  await all.ledger.open();
  opened.push(all.ledger);
  return all;
}

const NONE = { calls: 0, tokens: 0, money: null };

/** What is left of calls and their marks in the records. */
async function leftovers(records: Records) {
  return (await records.list('usage/~pending/', { limit: 100 })).records.length;
}

const answered = (tenant: string, avoided?: { provider: string; model: string; tokens: number }) =>
  announce('query.answered', {
    tenant,
    key: 'k',
    status: 'hit',
    source: 'cache',
    tier: 'memory',
    latencies: { total: 1, cache: 1 },
    ...(avoided && { avoided }),
  });

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

describe('a process that dies', () => {
  const two = async () => {
    const clock = new Clock();
    const records = new MemoryRecords(clock.now);
    const died = aLedger({ clock, records });
    await died.ledger.tick();
    return { clock, records, died };
  };

  test('leaves its open calls to be noted as uncertain, once, by whoever finds them', async () => {
    const { clock, records, died } = await two();
    await died.ledger.begin(aCall({ estimatedTokens: 8 }));
    await (await died.ledger.begin(aCall())).spent(4);
    clock.advance(LEASE_MS + 1);
    const finders = [aLedger({ clock, records }), aLedger({ clock, records })];
    await Promise.all(finders.map(({ ledger }) => ledger.tick()));
    expect(await finders[0]!.totals()).toMatchObject({
      spent: { calls: 1, tokens: 4 },
      uncertain: { calls: 1, tokens: 8 },
    });
    expect(await leftovers(records)).toBe(0);
  });

  test('is not taken for dead while it says that it lives', async () => {
    const { clock, records, died } = await two();
    const account = await died.ledger.begin(aCall());
    for (let passed = 0; passed < 5; passed++) {
      clock.advance(LEASE_MS / 2);
      await died.ledger.tick();
    }
    await aLedger({ clock, records }).ledger.tick();
    await account.spent(4);
    expect(await died.totals()).toMatchObject({ spent: { calls: 1, tokens: 4 }, uncertain: NONE });
  });

  test.each([
    ['spent', { calls: 1, tokens: 4 }],
    ['free', { calls: 0, tokens: 0 }],
  ] as const)('and was only thought dead puts right what was noted of it: %s', async (outcome, spent) => {
    const { clock, records, died } = await two();
    const account = await died.ledger.begin(aCall({ estimatedTokens: 8 }));
    clock.advance(LEASE_MS + 1);
    const finder = aLedger({ clock, records });
    await finder.ledger.tick();
    expect((await finder.totals()).uncertain.tokens).toBe(8);
    await (outcome === 'spent' ? account.spent(4) : account.free());
    expect(await finder.totals()).toMatchObject({ spent, uncertain: { calls: 0, tokens: 0 } });
    const [day = {}] = await records.tallies(['quota/north/d/2026-11-21']);
    expect(day.tokens).toBe(spent.tokens);
  });

  test('that stopped in order is not waited for', async () => {
    const { clock, records, died } = await two();
    await died.ledger.begin(aCall({ estimatedTokens: 8 }));
    await died.ledger.close();
    const next = aLedger({ clock, records });
    await next.ledger.tick();
    expect((await next.totals()).uncertain).toMatchObject({ calls: 1, tokens: 8 });
  });

  test('marks of settlements go when nobody can be at work on them', async () => {
    const { clock, records, died } = await two();
    const account = await died.ledger.begin(aCall());
    await account.spent(4);
    await died.ledger.tick();
    const mark = async () => Object.keys((await records.tallies([`usage/~settled/${account.callId}`]))[0]!);
    expect(await mark()).toEqual(['settled']);
    clock.advance(LEASE_MS + 1);
    await died.ledger.tick();
    expect(await mark()).toEqual([]);
  });

  test('what cannot be read of it is left alone', async () => {
    const { clock, records, died } = await two();
    await records.put('usage/~pending/other/1', '{"form":"of another version"}');
    await died.ledger.begin(aCall({ estimatedTokens: 8 }));
    clock.advance(LEASE_MS + 1);
    const next = aLedger({ clock, records });
    await next.ledger.tick();
    expect((await next.totals()).uncertain.tokens).toBe(8);
    expect(await leftovers(records)).toBe(1);
  });
});

describe('a hit', () => {
  test('is counted as avoided within a second, never as spent', async () => {
    const { ledger, totals, records } = await anOpenLedger({ prices: [aPrice()] });
    for (let at = 0; at < 3; at++) answered('north', { provider: 'openai', model: 'acme', tokens: 1000 });
    answered('south', { provider: 'openai', model: 'other', tokens: 5 });
    answered('north');
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
    answered('north', { provider: 'openai', model: 'acme', tokens: 1 });
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
        answered('north', { provider: 'openai', model: 'acme', tokens: 1 });
        await ledger.tick();
      }
      state[trouble] = false;
    }
    for (let at = 0; at < 10; at++) await ledger.tick();
    expect((await totals('north', Date.now())).avoided).toMatchObject({ calls: 40, tokens: 40 });
  });

  test('is not lost when the process stops in order, and not heard after', async () => {
    const { ledger, totals } = await anOpenLedger();
    answered('north', { provider: 'openai', model: 'acme', tokens: 1 });
    await ledger.close();
    answered('north', { provider: 'openai', model: 'acme', tokens: 1 });
    await ledger.tick();
    expect((await totals()).avoided.calls).toBe(1);
  });

  test('of very many tenants and models is added in pieces that the records take', async () => {
    const { ledger, totals } = await anOpenLedger();
    for (let at = 0; at < 500; at++) answered(`t${at}`, { provider: 'openai', model: 'acme', tokens: at });
    await ledger.tick();
    expect((await totals('t499')).avoided.tokens).toBe(499);
  });
});
