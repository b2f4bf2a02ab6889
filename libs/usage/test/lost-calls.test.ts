// What a dead process leaves open is found, once; and put right where it was not dead.
import { describe, expect, test } from 'vitest';
import { MemoryRecords } from '#records';
import { aCall, aLedger, Clock, LEASE_MS, leftovers } from './builders.js';

const NONE = { calls: 0, tokens: 0, money: null };

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
