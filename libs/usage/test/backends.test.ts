// What the ledger and the quotas promise holds over several processes' connections to one store: SQLite and Redis.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '#ports';
import { LocalBus, type Records, RedisConnection, RedisRecords, SqliteRecords } from '#records';
import { Quotas } from '#usage';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { aCall, aLedger, Clock, LEASE_MS } from './builders.js';

let redis: RedisServer;
let folder: string;
beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'resk-usage-'));
});
afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true, force: true });
});

let stores = 0;
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Gives each caller a connection of its own to one store that is new. */
const backends: [string, () => () => Promise<Records>][] = [
  [
    'SQLite',
    () => {
      const file = join(folder, `${++stores}.sqlite`);
      return async () => SqliteRecords.open({ file });
    },
  ],
  [
    'Redis',
    () => {
      const prefix = `usage-${++stores}`;
      return async () => {
        const connection = RedisConnection.open(new Secret(redis.url), { timeoutMs: 5000 });
        await connection.opened();
        closing.push(() => connection.close());
        return new RedisRecords(connection, prefix);
      };
    },
  ],
];

describe.each(backends)('over %s', (_, aStore) => {
  async function connections(count: number): Promise<Records[]> {
    const connect = aStore();
    const all: Records[] = [];
    for (let at = 0; at < count; at++) {
      const records = await connect();
      closing.push(() => records.close());
      all.push(records);
    }
    return all;
  }

  test('sums of two instances are exact', async () => {
    const clock = new Clock();
    const ledgers = (await connections(2)).map((records) => aLedger({ records, clock }));
    const one = async (at: number) => {
      const account = await ledgers[at % 2]!.ledger.begin(aCall());
      if (at % 5 === 0) await account.uncertain();
      else if (at % 5 === 1) await account.free();
      else await account.spent(at);
    };
    await Promise.all(Array.from({ length: 200 }, (_, at) => one(at)));
    for (const { ledger } of ledgers) await ledger.tick();
    const expected = Array.from({ length: 200 }, (_, at) => at).filter((at) => at % 5 > 1);
    expect(await ledgers[0]!.totals()).toMatchObject({
      spent: { calls: 120, tokens: expected.reduce((sum, at) => sum + at, 0) },
      uncertain: { calls: 40, tokens: 4000 },
    });
    expect((await ledgers[1]!.records.list('usage/~pending/', { limit: 10 })).records).toEqual([]);
  });

  test('what a dead instance left open is found once by several, and put right if it was not dead', async () => {
    // The store's own clock ends the lease, so it is a short one.
    const clock = new Clock(Date.now());
    const options = { leaseMs: 50 };
    const [dead, ...finders] = (await connections(3)).map((records) => aLedger({ records, clock, options }));
    await dead!.ledger.tick();
    const accounts = await Promise.all(
      Array.from({ length: 20 }, () => dead!.ledger.begin(aCall({ estimatedTokens: 8 }))),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    clock.advance(LEASE_MS);
    await Promise.all(finders.map(({ ledger }) => ledger.tick()));
    expect(await dead!.totals()).toMatchObject({ uncertain: { calls: 20, tokens: 160 }, spent: { calls: 0 } });
    for (const account of accounts) await account.spent(2);
    expect(await dead!.totals()).toMatchObject({
      uncertain: { calls: 0, tokens: 0 },
      spent: { calls: 20, tokens: 40 },
    });
  });

  test('a day’s requests and tokens never exceed the quota in a race of two instances', async () => {
    const limits = { requestsPerDay: 100, tokensPerDay: 1000 };
    const both = await connections(2);
    const quotas = both.map((records) => new Quotas(records, new LocalBus(), limits));
    for (const one of quotas) await one.open();
    closing.push(...quotas.map((one) => () => one.close()));
    const admissions = await Promise.allSettled(
      Array.from({ length: 300 }, async (_, at) => quotas[at % 2]!.admit('north', 1)),
    );
    expect(admissions.filter((one) => one.status === 'fulfilled')).toHaveLength(100);
    const ledgers = both.map((records) => aLedger({ records, limits }));
    const calls = await Promise.allSettled(
      Array.from({ length: 100 }, async (_, at) => ledgers[at % 2]!.ledger.begin(aCall({ estimatedTokens: 30 }))),
    );
    expect(calls.filter((one) => one.status === 'fulfilled')).toHaveLength(33);
  });

  test('limits set at one instance are in force at the other within a second, and survive both', async () => {
    const [here, there] = (await connections(2)).map((records) => new Quotas(records, new LocalBus(), {}));
    await Promise.all([here!.open(), there!.open()]);
    closing.push(
      () => here!.close(),
      () => there!.close(),
    );
    await here!.set('north', { requestsPerDay: 3, moneyPerDay: '0.50' });
    await expect.poll(() => there!.table.of('north')).toEqual({ requestsPerDay: 3, moneyPerDay: '0.50' });
    expect(there!.any).toBe(true);
  });

  test('entries are held over both instances, until their end', async () => {
    const both = await connections(2);
    const [one, two] = both.map((records) => new Quotas(records, new LocalBus(), { storedEntries: 2 }));
    const soon = Date.now() + 300;
    await one!.stored.hold('north', 'a', 1, soon);
    await two!.stored.hold('north', 'b', 1, Date.now() + 60_000);
    await expect(one!.stored.hold('north', 'c', 1, soon)).rejects.toMatchObject({ code: 'quota.exceeded' });
    await expect.poll(() => two!.stored.holding('north')).toEqual({ items: 1, bytes: 1 });
    await one!.stored.hold('north', 'c', 1, Date.now() + 60_000);
  });
});
