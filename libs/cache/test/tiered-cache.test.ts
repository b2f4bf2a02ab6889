// What a cache promises whichever store lies behind it: memory only, SQLite, Redis.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listen } from '#ports';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { aCache, aDraft, anEntry, Clock } from './support/a-cache.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const MINUTE = 60_000;

describe.each(['memory', 'sqlite', 'redis'])('a cache with the backend %s', (backend) => {
  let prefix = 0;
  const env = (more: Record<string, string> = {}) => ({
    CACHE_BACKEND: backend,
    ...(backend === 'redis' && { REDIS_URL: redis.url, REDIS_PREFIX: `t${prefix++}` }),
    ...more,
  });
  const open = async (more: Record<string, string> = {}, o = {}) => {
    const cache = await aCache(env(more), o);
    await expect
      .poll(() => cache.health())
      .toEqual(expect.not.arrayContaining([expect.objectContaining({ ok: false })]));
    return cache;
  };

  test('answers what was kept, from memory', async () => {
    const cache = await open();
    const ref = anEntry('north', 'a');
    const kept = await cache.keep(ref, aDraft());
    expect(kept).toMatchObject({ kept: true, tiers: backend === 'memory' ? ['memory'] : ['memory', backend] });
    expect(cache.lookInMemory(ref)).toMatchObject({ tier: 'memory', state: 'fresh', entry: { json: '{"answer":42}' } });
    expect(await cache.look(ref)).toMatchObject({ tier: 'memory' });
  });
});
