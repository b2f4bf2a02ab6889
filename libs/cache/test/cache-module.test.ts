// The container gets one cache over its records, its bus and its Redis connection, and closes it when it stops.
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig, runtimeSection } from '#config';
import { ConfigModule } from '#config/module';
import { cryptoSection, KeyNames } from '#crypto';
import { CryptoModule } from '#crypto/module';
import { Secret } from '#ports';
import { Bus, RedisBus, RedisConnection, SqliteBus } from '#records';
import { RecordsModule } from '#records/module';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { CacheModule } from '../src/cache.module.js';
import { cacheSection, LIFE_LIMIT, StorageQuota, TieredCache } from '../src/index.js';
import { aDraft, aFolder, anEntry } from './support/a-cache.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function started(env: Record<string, string>, more: DynamicModule[] = []) {
  const given: Record<string, string> = { DATA_DIR: await aFolder(), ...env };
  const sections = [runtimeSection, cacheSection, cryptoSection];
  const lookUp = (name: string) => (given[name] ? { text: given[name], source: 'test' } : undefined);
  const config = readConfig(sections, { lookUp }) as Record<string, unknown>;
  const crypto = CryptoModule.forRoot({ nameSecret: new Secret('a secret of more than thirty-two characters') });
  const place = {
    redisPrefix: 'resk',
    storeTimeoutMs: 2000,
    dataDir: given.DATA_DIR!,
    redisUrl: new Secret(redis.url),
  };
  const cacheBackend = env.CACHE_BACKEND === 'redis' ? 'redis' : 'sqlite';
  const records = RecordsModule.forRoot({ ...place, cacheBackend });
  @Module({ imports: [ConfigModule.forRoot(sections, config), records, crypto, ...more, CacheModule] })
  class App {}
  return (await Test.createTestingModule({ imports: [App] }).compile()).init();
}

test('with SQLite: no connection, a bus through the file', async () => {
  const app = await started({});
  expect(app.get(RedisConnection)).toBeNull();
  expect(app.get(Bus)).toBeInstanceOf(SqliteBus);
  expect(app.get(KeyNames)).toBeDefined();
  expect(await app.get(TieredCache).keep(anEntry('north', 'a'), aDraft())).toMatchObject({
    tiers: ['memory', 'sqlite'],
  });
  await app.close();
});

test('with Redis: one connection for the cache and the bus, closed when the application stops', async () => {
  const app = await started({ CACHE_BACKEND: 'redis', REDIS_URL: redis.url });
  const connection = app.get(RedisConnection);
  expect(app.get(Bus)).toBeInstanceOf(RedisBus);
  expect(await app.get(TieredCache).keep(anEntry('north', 'a'), aDraft())).toMatchObject({
    tiers: ['memory', 'redis'],
  });
  expect(connection.up).toBe(true);
  await app.close();
  expect(connection.up).toBe(false);
});

test('takes a limit of lives and a quota where the container has them', async () => {
  @Global()
  @Module({})
  class Limits {}
  const held: string[] = [];
  const quota: StorageQuota = { hold: async (tenant) => void held.push(tenant), release: async () => {} };
  const providers = [
    { provide: LIFE_LIMIT, useValue: () => 5000 },
    { provide: StorageQuota, useValue: quota },
  ];
  const app = await started({}, [{ module: Limits, providers, exports: [LIFE_LIMIT, StorageQuota] }]);
  const { entry } = await app.get(TieredCache).keep(anEntry('north', 'a'), aDraft());
  expect(entry.expiresAt - entry.createdAt).toBeLessThanOrEqual(5000);
  expect(held).toEqual(['north']);
  await app.close();
});
