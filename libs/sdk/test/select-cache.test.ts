// The library keeps, makes once, forgets and reopens, whichever store lies behind it.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { type CacheOptions, isFailure, type LibraryCache, selectCache } from '../src/index.js';

const SECRET = 'a secret of the tests that is long enough';

let redis: RedisServer;
let folder: string;
beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'resk-sdk-'));
});
afterAll(async () => {
  await redis.stop();
  await rm(folder, { recursive: true });
});

function aCache(options: CacheOptions = {}): LibraryCache {
  const cache = selectCache(options);
  onTestFinished(() => cache.close());
  return cache;
}

const backends: [string, () => CacheOptions][] = [
  ['memory', () => ({})],
  ['sqlite', () => ({ backend: 'sqlite', dataDir: folder, keyNameSecret: SECRET })],
  ['redis', () => ({ backend: 'redis', redisUrl: redis.url, keyNameSecret: SECRET })],
];

/** A promise that a test settles. */
function held<T>() {
  let settle = (_value: T) => {};
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}

describe.each(backends)('on %s', (backend, options) => {
  let tenants = 0;
  const aFreshCache = () => aCache({ ...options(), tenant: `${backend}-${++tenants}` });

  test('gives back what was set, whatever JSON it is, and undefined for anything else', async () => {
    const cache = aFreshCache();
    for (const value of [{ payload: true }, [1, 'two'], 'text', 0, false, null]) {
      await cache.set('key', value, 60);
      expect(await cache.get('key')).toEqual(value);
    }
    expect(await cache.get('another')).toBeUndefined();
  });

  test('makes a value once for all who ask at the same time, and not again while it is kept', async () => {
    const cache = aFreshCache();
    const make = vi.fn(async () => ({ made: true }));
    const all = await Promise.all(Array.from({ length: 10 }, () => cache.wrap('key', make, 60)));
    expect(all).toEqual(Array(10).fill({ made: true }));
    expect(await cache.wrap('key', make)).toEqual({ made: true });
    expect(make).toHaveBeenCalledTimes(1);
  });

  test('keeps nothing of a making that failed, or that gave undefined', async () => {
    const cache = aFreshCache();
    await expect(cache.wrap('key', () => Promise.reject(new Error('no luck')))).rejects.toThrow('no luck');
    expect(await cache.wrap('key', async () => undefined)).toBeUndefined();
    expect(await cache.wrap('key', async () => 'luck')).toBe('luck');
  });

  test('what is deleted or set while a value is being made stays so', async () => {
    const cache = aFreshCache();
    for (const [meanwhile, expected] of [
      [() => cache.delete('key'), undefined],
      [() => cache.clear(), undefined],
      [() => cache.set('key', 'newer'), 'newer'],
    ] as const) {
      const began = held<void>();
      const made = held<string>();
      const wrapped = cache.wrap('key', () => {
        began.settle();
        return made.promise;
      });
      await began.promise;
      await meanwhile();
      made.settle('older');
      expect(await wrapped).toBe('older');
      expect(await cache.get('key')).toBe(expected);
    }
  });

  test('delete forgets one, clear forgets all of its tenant and no other', async () => {
    const cache = aFreshCache();
    const neighbour = aFreshCache();
    for (const key of ['a', 'b', 'c']) await cache.set(key, key);
    await neighbour.set('a', 'theirs');
    await cache.delete('a');
    expect([await cache.get('a'), await cache.get('b')]).toEqual([undefined, 'b']);
    await cache.clear();
    expect([await cache.get('b'), await cache.get('c')]).toEqual([undefined, undefined]);
    expect(await neighbour.get('a')).toBe('theirs');
  });

  test('a value ends after its ttl, and after that of the options where it has none', async () => {
    const cache = aCache({ ...options(), tenant: `${backend}-ttl`, ttl: 600 });
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await cache.set('short', 1, 60);
    await cache.set('usual', 1);
    vi.setSystemTime(Date.now() + 61_000);
    expect([await cache.get('short'), await cache.get('usual')]).toEqual([undefined, 1]);
    vi.setSystemTime(Date.now() + 600_000);
    expect(await cache.get('usual')).toBeUndefined();
  });

  test('is open again after close, and closes as often as it is asked to', async () => {
    const cache = aFreshCache();
    await cache.close();
    await cache.set('key', 'value');
    await cache.close();
    await cache.close();
    expect(await cache.get('key')).toBe(backend === 'memory' ? undefined : 'value');
  });
});

test.each(backends.slice(1))('two programs with one secret share a store: %s', async (_, options) => {
  const [one, other] = [aCache({ ...options(), tenant: 'shared' }), aCache({ ...options(), tenant: 'shared' })];
  await one.set('key', { from: 'one' });
  expect(await other.get('key')).toEqual({ from: 'one' });
  const stranger = aCache({ ...options(), tenant: 'shared', keyNameSecret: 'another secret that is long enough' });
  expect(await stranger.get('key')).toBeUndefined();
});

test('with an encryption key the file holds neither key nor value', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'resk-sdk-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const encryptionKey = Buffer.alloc(32, 1).toString('base64');
  const cache = aCache({ backend: 'sqlite', dataDir, keyNameSecret: SECRET, encryptionKey });
  await cache.set('zanzibar', 'marmalade');
  expect(await cache.get('zanzibar')).toBe('marmalade');
  await cache.close();
  const database = new DatabaseSync(join(dataDir, 'cache.sqlite'));
  const rows = database.prepare('SELECT key, substr(value, 27) AS value FROM entries').all();
  database.close();
  expect(rows.length).toBeGreaterThan(0);
  for (const { key, value } of rows) {
    const text = `${key}${Buffer.from(String(value), 'base64').toString('latin1')}`;
    expect(text).not.toMatch(/zanzibar|marmalade|library/);
  }
});

test('with an encryption key, two programs open what the other sealed, wherever the data keys are kept', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'resk-sdk-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  vi.stubEnv('RECORDS_BACKEND', 'redis');
  onTestFinished(() => void vi.unstubAllEnvs());
  const encryptionKey = Buffer.alloc(32, 1).toString('base64');
  const given = { backend: 'sqlite', dataDir, redisUrl: redis.url, keyNameSecret: SECRET, encryptionKey } as const;
  const [one, other] = [aCache(given), aCache(given)];
  await one.set('key', 'value');
  expect(await other.get('key')).toBe('value');
  expect(existsSync(join(dataDir, 'records.sqlite'))).toBe(false);
});

test('what was opened is closed again when the rest cannot be', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'resk-sdk-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  await mkdir(join(dataDir, 'cache.sqlite'));
  const cache = aCache({ backend: 'sqlite', dataDir, keyNameSecret: SECRET });
  await expect(cache.get('key')).rejects.toMatchObject({ code: 'cache.store_refused' });
  await rm(join(dataDir, 'cache.sqlite'), { recursive: true });
  await cache.set('key', 'value');
  expect(await cache.get('key')).toBe('value');
});

test('a memory as small as an entry keeps one, and a value larger than is kept fails by name', async () => {
  const cache = aCache({ memoryMax: '2KiB' });
  for (const key of ['a', 'b', 'c', 'd']) await cache.set(key, 'x'.repeat(400));
  expect([await cache.get('a'), await cache.get('d')]).toEqual([undefined, 'x'.repeat(400)]);
  await expect(cache.set('huge', 'x'.repeat(2_000_000))).rejects.toMatchObject({ code: 'cache.entry_too_large' });
});

test('values without a JSON form and times that are none are refused, and what was kept stays', async () => {
  const cache = aCache();
  await cache.set('key', 'kept');
  for (const value of [undefined, () => 1, Symbol('no')]) {
    await expect(cache.set('key', value)).rejects.toThrow(TypeError);
  }
  for (const ttl of [0, -1, Number.NaN]) await expect(cache.set('key', 'new', ttl)).rejects.toThrow(RangeError);
  expect(await cache.get('key')).toBe('kept');
});

describe('options that cannot be', () => {
  test.each<[string, CacheOptions, string, RegExp]>([
    ['an unknown backend', { backend: 'disk' as 'memory' }, 'config.invalid', /CACHE_BACKEND/],
    [
      'Redis without an address',
      { backend: 'redis', keyNameSecret: SECRET },
      'config.invalid',
      /REDIS_URL .*must be set/,
    ],
    ['a key of the wrong length', { encryptionKey: 'c2hvcnQ=' }, 'config.invalid', /exactly 32 bytes/],
    ['a store without a secret', { backend: 'sqlite' }, 'crypto.name_secret_missing', /KEY_NAME_SECRET/],
    ['a secret that is too short', { backend: 'sqlite', keyNameSecret: 'short' }, 'config.invalid', /KEY_NAME_SECRET/],
    ['a time that is none', { ttl: -1 }, 'config.invalid', /CACHE_TTL/],
    ['a size that is none', { memoryMax: 'much' }, 'config.invalid', /CACHE_MEMORY_MAX/],
  ])('fail on first use with a name and a reason: %s', async (_, options, code, message) => {
    const cache = aCache({ dataDir: folder, ...options });
    const error: unknown = await cache.get('key').catch((failed: unknown) => failed);
    expect(isFailure(error) && error.code).toBe(code);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain(folder);
    if (options.encryptionKey) expect((error as Error).message).not.toContain(options.encryptionKey);
  });

  test('and once they are right, the cache works', async () => {
    const cache = aCache({ dataDir: folder });
    vi.stubEnv('CACHE_BACKEND', 'disk');
    await expect(cache.get('key')).rejects.toMatchObject({ code: 'config.invalid' });
    vi.unstubAllEnvs();
    expect(await cache.get('key')).toBeUndefined();
  });
});

test('a Redis that is down costs what is shared, and no caller an error but those who purge', async () => {
  const own = await startRedis();
  onTestFinished(() => own.stop());
  const cache = aCache({ backend: 'redis', redisUrl: own.url, keyNameSecret: SECRET });
  await cache.set('key', 'value');
  await own.kill();
  expect(await cache.get('key')).toBe('value');
  expect(await cache.wrap('new', async () => 'made')).toBe('made');
  await expect(cache.clear()).rejects.toMatchObject({ code: 'cache.store_unavailable' });
  expect(await cache.get('key')).toBeUndefined();
});
