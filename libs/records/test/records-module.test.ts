// The container gets the records, the bus and at most one Redis connection, and closes them when it stops.
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';
import { Secret } from '#ports';
import { startRedis } from '../../../test/support/redis.js';
import { Bus, LocalBus, Records, RedisBus, RedisConnection, SqliteBus } from '../src/index.js';
import { RecordsModule, type RecordsModuleOptions } from '../src/records.module.js';
import { aFolder } from './support/some-records.js';

async function started(o: Pick<RecordsModuleOptions, 'cacheBackend' | 'recordsBackend' | 'redisUrl'>) {
  const module = RecordsModule.forRoot({ redisPrefix: 'resk', storeTimeoutMs: 2000, dataDir: await aFolder(), ...o });
  return (await Test.createTestingModule({ imports: [module] }).compile()).init();
}

test.each([
  ['sqlite', undefined, 'sqlite'],
  ['memory', undefined, 'sqlite'],
  ['sqlite', 'memory', 'memory'],
] as const)('answers in %s, records as %s: no connection', async (cacheBackend, asked, backend) => {
  const app = await started({ cacheBackend, recordsBackend: asked });
  expect(app.get(RedisConnection)).toBeNull();
  expect(app.get(Bus)).toBeInstanceOf(backend === 'memory' ? LocalBus : SqliteBus);
  expect(app.get(Records).backend).toBe(backend);
  await app.close();
});

test.each([
  ['redis', undefined, 'redis'],
  ['redis', 'sqlite', 'sqlite'],
  ['sqlite', 'redis', 'redis'],
] as const)(
  'answers in %s, records as %s: one connection, closed with the rest',
  async (cacheBackend, asked, backend) => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const app = await started({ cacheBackend, recordsBackend: asked, redisUrl: new Secret(redis.url) });
    const [connection, records] = [app.get(RedisConnection), app.get(Records)];
    expect(app.get(Bus)).toBeInstanceOf(RedisBus);
    expect(records.backend).toBe(backend);
    await records.put('a', 'x');
    expect(connection.up).toBe(true);
    await app.close();
    expect(connection.up).toBe(false);
    await expect(records.get('a')).rejects.toMatchObject({ code: 'records.unavailable' });
  },
);
