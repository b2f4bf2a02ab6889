// The window that instances share over a real Redis, and what is left of it when Redis goes away.
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { KeyNames } from '#crypto';
import { Secret } from '#ports';
import { RedisConnection } from '#records';
import { type RedisServer, startRedis } from '../../../../test/support/redis.js';
import { type RateRule, RedisSlidingWindow, SlidingWindow, SlidingWindowStorage } from '../../src/rate-limit/index.js';

const WINDOW_MS = 60_000;
const names = new KeyNames(Buffer.alloc(32, 3));
let server: RedisServer;
const connections: RedisConnection[] = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(connections.splice(0).map((one) => one.close()));
});

async function connect(): Promise<RedisConnection> {
  const redis = RedisConnection.open(new Secret(server.url));
  connections.push(redis);
  await expect.poll(() => redis.up).toBe(true);
  return redis;
}

const windowOver = (redis: RedisConnection, rule = 'caller') =>
  new RedisSlidingWindow(redis, names, { prefix: 'resk', rule });
let keys = 0;
const aKey = () => `caller:5:north:${keys++}`;

describe('shared sliding window', () => {
  test('two instances together admit exactly the limit, however their hits interleave', async () => {
    const [one, two] = [windowOver(await connect()), windowOver(await connect())];
    const key = aKey();
    const hits = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => (i % 2 ? one : two).hit(key, 1, 10, WINDOW_MS)),
    );
    expect(hits.filter(({ allowed }) => allowed)).toHaveLength(10);
    const refused = hits.find(({ allowed }) => !allowed)!;
    expect(refused.remaining).toBe(0);
    expect(refused.retryAfterMs).toBeGreaterThan(0);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(WINDOW_MS * (1 + 1 / 16));
  });

  test('counts as the window in memory does, costs and looks included', async () => {
    const shared = windowOver(await connect());
    const costs = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(costs, fc.integer({ min: 1, max: 20 }), async (list, limit) => {
        const key = aKey();
        const memory = new SlidingWindow();
        for (const cost of list) {
          const expected = memory.hit(key, cost, limit, WINDOW_MS);
          const { allowed, remaining } = await shared.hit(key, cost, limit, WINDOW_MS);
          expect({ allowed, remaining }).toEqual({ allowed: expected.allowed, remaining: expected.remaining });
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a window that has passed is free again, and Redis forgets its key', async () => {
    const redis = await connect();
    const window = windowOver(redis);
    const key = aKey();
    const first = await window.hit(key, 2, 2, 160);
    expect(first).toMatchObject({ allowed: true, remaining: 0, retryAfterMs: 0 });
    expect((await window.hit(key, 1, 2, 160)).allowed).toBe(false);
    await expect.poll(async () => (await window.hit(key, 1, 2, 160)).allowed).toBe(true);
    await expect.poll(() => redis.client.exists(`resk:l:caller:${names.name(key)}`)).toBe(0);
  });

  test('a hit made late in a step counts for the whole window', async () => {
    const window = windowOver(await connect());
    const key = aKey();
    const [windowMs, stepMs] = [800, 50];
    while (Date.now() % stepMs < stepMs / 2) await pause(1);
    const began = performance.now();
    await window.hit(key, 1, 1, windowMs);
    while (!(await window.hit(key, 1, 1, windowMs)).allowed) await pause(1);
    // Redis counts whole milliseconds.
    expect(performance.now() - began).toBeGreaterThanOrEqual(windowMs - 1);
  });

  test('rules count apart, and no user is named in Redis', async () => {
    const redis = await connect();
    const key = aKey();
    expect((await windowOver(redis, 'caller').hit(key, 1, 1, WINDOW_MS)).allowed).toBe(true);
    expect((await windowOver(redis, 'address').hit(key, 1, 1, WINDOW_MS)).allowed).toBe(true);
    const stored = await redis.client.keys('*');
    expect(stored.every((name) => /^resk:l:[a-z]+:[\w-]{43}$/.test(name))).toBe(true);
  });

  test('refuses what is not a number', async () => {
    const window = windowOver(await connect());
    const odd: Array<[number, number, number]> = [
      [Number.NaN, 5, WINDOW_MS],
      [-1, 5, WINDOW_MS],
      [1, Number.NaN, WINDOW_MS],
      [1, 5, Number.NaN],
      [1, 5, 0],
    ];
    for (const [cost, limit, windowMs] of odd) {
      expect((await window.hit(aKey(), cost, limit, windowMs)).allowed).toBe(false);
    }
  });

  test('while Redis is frozen, killed and back, what an instance has admitted still counts', async () => {
    const redis = await connect();
    const window = windowOver(redis);
    const key = aKey();
    for (let i = 0; i < 3; i++) await window.hit(key, 1, 5, WINDOW_MS);
    server.freeze();
    expect((await window.hit(key, 1, 5, WINDOW_MS)).remaining).toBe(1);
    server.thaw();
    await server.kill();
    await expect.poll(() => redis.up).toBe(false);
    expect(window.hit(key, 1, 5, WINDOW_MS)).toMatchObject({ allowed: true, remaining: 0 });
    expect(window.hit(key, 1, 5, WINDOW_MS)).toMatchObject({ allowed: false });
    await server.restart();
    await expect.poll(() => redis.up, { timeout: 20_000 }).toBe(true);
    expect((await window.hit(key, 1, 5, WINDOW_MS)).allowed).toBe(true);
  });
});

describe('storage of the throttler', () => {
  const rule: RateRule = { name: 'caller', limit: 2, windowMs: WINDOW_MS };

  test('answers at once from memory, and as a promise from Redis', async () => {
    const memory = new SlidingWindowStorage();
    expect(memory.hit(rule, 'k')).toMatchObject({ allowed: true, remaining: 1 });
    expect(memory.hit(rule, 'k', 2)).toMatchObject({ allowed: false });
    const shared = new SlidingWindowStorage({ redis: await connect(), names, prefix: 'resk' });
    const hit = shared.hit(rule, aKey());
    expect(hit).toBeInstanceOf(Promise);
    expect(await hit).toMatchObject({ allowed: true, remaining: 1 });
  });

  test('gives the throttler its record, in seconds, and counts in the same window', async () => {
    const storage = new SlidingWindowStorage();
    await storage.hit(rule, 'k');
    const allowed = await storage.increment('k', WINDOW_MS, 2, 0, 'caller');
    expect(allowed).toMatchObject({ totalHits: 2, isBlocked: false, timeToBlockExpire: 0 });
    expect(allowed.timeToExpire).toBeGreaterThanOrEqual(60);
    const refused = await storage.increment('k', WINDOW_MS, 2, 0, 'caller');
    expect(refused).toMatchObject({ totalHits: 3, isBlocked: true });
    expect(refused.timeToBlockExpire).toBeGreaterThan(0);
    expect((await storage.increment('k', WINDOW_MS, 2, 0, 'address')).isBlocked).toBe(false);
  });

  test('a flood under one rule does not push keys of another out of memory', async () => {
    const storage = new SlidingWindowStorage(undefined, 100);
    for (let i = 0; i < 2; i++) await storage.hit(rule, 'k');
    const flood = { ...rule, name: 'address' };
    for (let i = 0; i < 10_000; i++) await storage.hit(flood, `address:${i}`);
    expect(storage.hit(rule, 'k')).toMatchObject({ allowed: false });
  });
});
