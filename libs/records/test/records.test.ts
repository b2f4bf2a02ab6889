// The records keep their promises in memory, in SQLite and in Redis.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { MemoryRecords, openRecords, RedisRecords } from '../src/index.js';
import { failsOnceClosed, keepsThePromisesOfRecords } from './support/records-cases.js';
import { aConnection, aFolder, Clock, someRecords } from './support/some-records.js';

describe('in memory', () => {
  keepsThePromisesOfRecords(async () => {
    const clock = new Clock();
    const records = new MemoryRecords(clock.now);
    return { records, others: records, passes: (ms) => clock.advance(ms) };
  });

  test('what has ended does not pile up', async () => {
    const clock = new Clock();
    const records = new MemoryRecords(clock.now);
    for (let at = 0; at < 5000; at++) {
      await records.claim(`nonce/${at}`, 'x', { ttlMs: 10 });
      await records.add([{ key: `hour/${at}`, field: 'n', by: 1, ttlMs: 10 }]);
      clock.advance(1);
    }
    expect(records.size).toBeLessThan(1100);
  });
});

describe('in SQLite', () => {
  const open = async () => {
    const clock = new Clock();
    const { records, file } = await someRecords(clock);
    const { records: others } = await someRecords({ ...clock, file });
    return { records, others, passes: (ms: number) => clock.advance(ms) };
  };
  keepsThePromisesOfRecords(open);
  failsOnceClosed(open);

  test('outlive the process that wrote them, and are swept of what has ended', async () => {
    const clock = new Clock();
    const dataDir = await aFolder();
    const records = await openRecords({ backend: 'sqlite', dataDir, redisPrefix: 'resk', now: clock.now });
    await records.put('stays', 'x');
    await records.put('ends', 'x', { ttlMs: 1000 });
    await records.add([{ key: 't', field: 'a', by: 1, ttlMs: 1000 }]);
    await records.close();
    clock.advance(2000);
    const { records: again } = await someRecords({ file: join(dataDir, 'records.sqlite'), now: clock.now });
    expect(await again.sweep()).toBe(2);
    expect(await again.sweep()).toBe(0);
    expect(await again.get('stays')).toBe('x');
  });

  test('are swept by themselves', async () => {
    const clock = new Clock();
    const { records, file } = await someRecords({ sweepEveryMs: 5, now: clock.now });
    await records.put('ends', 'x', { ttlMs: 1000 });
    const { records: earlier } = await someRecords({ file });
    expect(await earlier.get('ends')).toBe('x');
    clock.advance(2000);
    await expect.poll(() => earlier.get('ends')).toBeUndefined();
  });
});

describe('in Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const open = async () => {
    const prefix = randomUUID().slice(0, 8);
    const records = await openRecords({
      backend: 'redis',
      dataDir: '',
      redisPrefix: prefix,
      redis: await aConnection(redis.url, { timeoutMs: 5000 }),
    });
    return { records, others: new RedisRecords(await aConnection(redis.url, { timeoutMs: 5000 }), prefix), prefix };
  };
  keepsThePromisesOfRecords(open);
  failsOnceClosed(open);

  test('lie under their prefix, and leave no trace of what has ended but in the lists that are swept', async () => {
    const { records, prefix } = await open();
    const connection = await aConnection(redis.url);
    for (let at = 0; at < 50; at++) await records.put(`nonce/${at}`, 'x', { ttlMs: 20 });
    await records.hold('north', { item: 'a', bytes: 1, endsAt: 1000 }, {}, 0);
    await records.append('audit', 0, 'line');
    await records.add([{ key: 't', field: 'n', by: 1 }]);
    const keys = (await connection.run('keys', (client) => client.keys(`*${prefix}*`))).map(String);
    for (const key of keys) expect(key).toMatch(new RegExp(`^${prefix}:r:`));
    const listed = () => connection.run('count', (client) => client.zCard(`${prefix}:r:index`)).then(Number);
    // What ended a second ago leaves the lists as others are written.
    await expect
      .poll(async () => {
        await records.put('other', 'x', { ttlMs: 60_000 });
        return listed();
      })
      .toBe(1);
    await records.delete(['other']);
    expect(await listed()).toBe(0);
  });

  test('fail while Redis is away, naming the driver’s error as cause, and answer again when it is back', async () => {
    const server = await startRedis();
    const records = new RedisRecords(await aConnection(server.url), 'resk');
    await server.kill();
    await expect(records.get('a')).rejects.toMatchObject({ code: 'records.unavailable', cause: expect.any(Error) });
    await expect(records.claim('a', 'x')).rejects.toMatchObject({ code: 'records.unavailable' });
    await server.restart();
    await expect
      .poll(
        () =>
          records.health().then(
            () => 'up',
            () => 'down',
          ),
        { timeout: 15_000 },
      )
      .toBe('up');
    await server.stop();
  });

  test('need a connection', async () => {
    await expect(openRecords({ backend: 'redis', dataDir: '', redisPrefix: 'resk' })).rejects.toMatchObject({
      code: 'records.refused',
    });
  });
});
