// The container gets one cache, one bus and one Redis connection, and closes them when it stops.
import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig, runtimeSection } from '#config';
import { ConfigModule } from '#config/module';
import { cryptoSection, KeyNames } from '#crypto';
import { CryptoModule } from '#crypto/module';
import { Secret } from '#ports';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { CacheModule } from '../src/cache.module.js';
import { Bus, cacheSection, LocalBus, RedisBus, RedisConnection, TieredCache } from '../src/index.js';
import { aDraft, aFolder, anEntry } from './support/a-cache.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

async function started(env: Record<string, string>) {
  const given: Record<string, string> = { DATA_DIR: await aFolder(), ...env };
  const sections = [runtimeSection, cacheSection, cryptoSection];
  const lookUp = (name: string) => (given[name] ? { text: given[name], source: 'test' } : undefined);
  const config = readConfig(sections, { lookUp }) as Record<string, unknown>;
  const crypto = CryptoModule.forRoot({ nameSecret: new Secret('a secret of more than thirty-two characters') });
  @Module({ imports: [ConfigModule.forRoot(sections, config), crypto, CacheModule] })
  class App {}
  return (await Test.createTestingModule({ imports: [App] }).compile()).init();
}

test('with SQLite: no connection, a bus of its own', async () => {
  const app = await started({});
  expect(app.get(RedisConnection)).toBeNull();
  expect(app.get(Bus)).toBeInstanceOf(LocalBus);
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

test('the bus within a process carries messages to all who hear the topic, until they stop', async () => {
  const bus = new LocalBus();
  const heard: string[] = [];
  const stop = await bus.subscribe('a', (message) => heard.push(`first ${message}`));
  await bus.subscribe('a', (message) => heard.push(`second ${message}`));
  await bus.publish('a', '1');
  await bus.publish('b', '2');
  await stop();
  await bus.publish('a', '3');
  await bus.close();
  await bus.close();
  await bus.publish('a', '4');
  expect(heard).toEqual(['first 1', 'second 1', 'second 3']);
});
