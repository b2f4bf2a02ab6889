// A Redis that is absent, dies, freezes or fails costs hits, never answers; and the cache comes back by itself.
import { setTimeout as pause } from 'node:timers/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type AnnouncementName, type Announcements, listen, Secret } from '#ports';
import { RedisBus, RedisConnection } from '#records';
import { freePort, type RedisServer, startRedis } from '../../../test/support/redis.js';
import { aCache, aDraft, anEntry } from './support/a-cache.js';

const REF = anEntry('north', 'opening hours');
const FAR = anEntry('north', 'in the store only');

async function aRedis(options: Parameters<typeof startRedis>[0] = {}): Promise<RedisServer> {
  const redis = await startRedis(options);
  onTestFinished(() => redis.stop());
  return redis;
}

function over(url: string, more: Record<string, string> = {}) {
  return aCache({ CACHE_BACKEND: 'redis', REDIS_URL: url, ...more });
}

function heard<Name extends AnnouncementName>(name: Name): Announcements[Name][] {
  const messages: Announcements[Name][] = [];
  onTestFinished(listen(name, (message) => messages.push(message)));
  return messages;
}

type Cache = Awaited<ReturnType<typeof over>>;
const isUp = async (cache: Cache) => (await cache.health()).every(({ ok }) => ok);
const recovered = (cache: Cache) => expect.poll(() => isUp(cache), { timeout: 15_000 }).toBe(true);

/** Everything a caller does, while the store is away. */
async function worksFromMemory(cache: Cache): Promise<void> {
  const away = anEntry('north', `kept while away ${Math.random()}`);
  expect((await cache.look(REF))?.tier).toBe('memory');
  expect(await cache.look(FAR)).toBeUndefined();
  expect(await cache.keep(away, aDraft())).toMatchObject({ kept: true, tiers: ['memory'] });
  expect(await cache.keep(away, aDraft(), { mark: await cache.mark(away) })).toMatchObject({
    kept: true,
    tiers: ['memory'],
  });
  expect((await cache.look(away))?.tier).toBe('memory');
  expect([await cache.next('robin', 'east'), await cache.next('robin', 'east')]).toHaveLength(2);
  const unavailable = { code: 'cache.store_unavailable', facts: { tier: 'redis' } };
  await expect(cache.forget(away)).rejects.toMatchObject(unavailable);
  expect(await cache.look(away)).toBeUndefined();
  await expect(cache.forgetTenant('south')).rejects.toMatchObject(unavailable);
  await expect(cache.entries('north', { limit: 5 })).rejects.toMatchObject(unavailable);
  expect(await cache.health()).toEqual([
    { tier: 'memory', ok: true },
    { tier: 'redis', ok: false },
  ]);
}

test('opens while Redis is down, answers from memory, and uses Redis once it is up', async () => {
  const port = await freePort();
  const cache = await over(`redis://127.0.0.1:${port}`);
  await cache.keep(REF, aDraft());
  await worksFromMemory(cache);
  await aRedis({ port });
  await recovered(cache);
  expect(await cache.keep(FAR, aDraft())).toMatchObject({ tiers: ['memory', 'redis'] });
});

describe('a cache that has entries in memory and in Redis', () => {
  let redis: RedisServer;
  let cache: Cache;
  beforeEach(async () => {
    redis = await startRedis();
    cache = await over(redis.url);
    await (await over(redis.url)).keep(FAR, aDraft());
    await cache.keep(REF, aDraft());
    return () => redis.stop();
  });

  test('answers on while Redis is killed under load, and uses it again when it is back', async () => {
    const failures = heard('cache.store_failed');
    let stop = false;
    let [kept, lost] = [0, 0];
    const load = Array.from({ length: 20 }, async (_, worker) => {
      for (let at = 0; !stop; at++) {
        const ref = anEntry('north', `load ${worker} ${at}`);
        await cache.look(ref);
        await cache.keep(ref, aDraft());
        if (await cache.look(ref)) kept++;
        else lost++;
        await pause(1);
      }
    });
    await pause(50);
    await redis.kill();
    await expect.poll(() => failures.length).toBeGreaterThan(0);
    await worksFromMemory(cache);
    stop = true;
    await Promise.all(load);
    // A connection that becomes ready late empties the memory once: each worker can then miss what it has just kept.
    expect(lost).toBeLessThanOrEqual(load.length);
    expect(kept).toBeGreaterThan(load.length);
    expect(failures[0]).toMatchObject({ tier: 'redis', code: 'cache.store_unavailable' });
    await redis.restart();
    await recovered(cache);
    expect(await cache.keep(FAR, aDraft())).toMatchObject({ tiers: ['memory', 'redis'] });
  });

  test('answers within the limit while Redis is frozen, asks it ever more rarely, and uses it again when it thaws', async () => {
    const [degraded, restored] = [heard('provider.degraded'), heard('provider.recovered')];
    redis.freeze();
    await worksFromMemory(cache);
    expect(degraded).toEqual([{ family: 'byte-store', provider: 'redis' }]);
    const [failures, calls] = [heard('cache.store_failed'), heard('provider.call')];
    const many = await Promise.all(Array.from({ length: 1000 }, (_, at) => cache.look(anEntry('north', `new ${at}`))));
    expect(many.every((found) => found === undefined)).toBe(true);
    // One of them may try whether Redis is back, and waits; the others go on at once.
    expect(calls.filter(({ outcome }) => outcome !== 'call.open_circuit').length).toBeLessThan(2);
    expect(failures).toHaveLength(1000);
    redis.thaw();
    await recovered(cache);
    expect(restored).toEqual([{ family: 'byte-store', provider: 'redis' }]);
    expect((await cache.look(FAR))?.tier).toBe('redis');
  });

  test('ends a look-up when its caller leaves, and calls that no failure of the store', async () => {
    const failures = heard('cache.store_failed');
    redis.freeze();
    const signal = AbortSignal.timeout(20);
    expect(await cache.look(FAR, { signal })).toBeUndefined();
    expect(failures).toEqual([]);
    redis.thaw();
  });

  test('gives up what may have been purged elsewhere while it could not hear of it', async () => {
    const mark = await cache.mark(REF);
    await redis.kill();
    await redis.restart();
    await expect.poll(() => cache.lookInMemory(REF), { timeout: 15_000 }).toBeUndefined();
    expect(await cache.keep(REF, aDraft(), { mark })).toMatchObject({ kept: false });
  });

  test('keeps in memory what Redis has no room for', async () => {
    const small = await over((await aRedis({ args: ['--maxmemory', '1', '--maxmemory-policy', 'noeviction'] })).url);
    expect(await small.keep(REF, aDraft())).toMatchObject({ kept: true, tiers: ['memory'] });
    expect((await small.look(REF))?.tier).toBe('memory');
  });
});

describe('instances over one Redis', () => {
  test('purge each other’s memory before the purge returns to its caller, or as soon as the message is there', async () => {
    const redis = await aRedis();
    const [here, there] = [await over(redis.url), await over(redis.url)];
    const refs = {
      entry: anEntry('north', 'entry'),
      written: anEntry('north', 'written'),
      tag: anEntry('north', 'tag'),
      tenant: anEntry('south', 'tenant'),
    };
    for (const ref of Object.values(refs)) await here.keep(ref, aDraft({ tags: [ref === refs.tag ? 'red' : 'blue'] }));
    for (const ref of Object.values(refs)) expect((await there.look(ref))?.tier).toBe('redis');
    await here.forget(refs.entry);
    await here.keep(refs.written, aDraft({ json: '"newer"' }));
    await here.forgetTag('north', 'red');
    await here.forgetTenant('south');
    for (const ref of Object.values(refs)) await expect.poll(() => there.lookInMemory(ref)).toBeUndefined();
    expect((await there.look(refs.written))?.entry.json).toBe('"newer"');
    for (const ref of [refs.entry, refs.tag, refs.tenant]) expect(await there.look(ref)).toBeUndefined();
  });

  test('a message that is none of theirs is passed over', async () => {
    const redis = await aRedis();
    const cache = await over(redis.url);
    await cache.keep(REF, aDraft());
    const connection = await aConnection(redis.url);
    for (const message of ['', '{', 'null', '{"from":"x"}', '{"from":"x","change":{"kind":"flood"}}']) {
      await connection.publish('resk:b:cache', message);
    }
    const bus = new RedisBus(connection, 'resk');
    await bus.publish('cache', JSON.stringify({ from: 'x', change: { kind: 'forgotten', name: FAR.name } }));
    expect(cache.lookInMemory(REF)).toBeDefined();
    await bus.publish('cache', JSON.stringify({ from: 'x', change: { kind: 'forgotten', name: REF.name } }));
    await expect.poll(() => cache.lookInMemory(REF)).toBeUndefined();
  });

  test('share Redis with strangers without touching their keys', async () => {
    const redis = await aRedis();
    const connection = await aConnection(redis.url);
    const foreign = ['other:e:x:y', 'resk', 'resk2:e:z:z', 'reskXe:north:1'];
    for (const key of foreign) await connection.run('set', (client) => client.set(key, 'theirs'));
    const cache = await over(redis.url);
    await cache.keep(REF, aDraft({ tags: ['red'] }));
    await cache.forgetTag('north', 'red');
    await cache.forgetTenant('north');
    await cache.forget(REF);
    for (const key of foreign) expect(await connection.run('get', (client) => client.get(key))).toBe('theirs');
    const keys = await connection.run('keys', (client) => client.keys('*'));
    for (const key of keys.filter((one) => !foreign.includes(one))) expect(key).toMatch(/^resk:[a-z]:/);
    expect(keys.filter((one) => !foreign.includes(one)).join()).not.toMatch(/north|red/);
  });
});

async function aConnection(url: string, options = {}): Promise<RedisConnection> {
  const connection = RedisConnection.open(new Secret(url), options);
  onTestFinished(() => connection.close());
  await connection.opened();
  return connection;
}

test('is one client for commands, entries and messages', async () => {
  const redis = await aRedis();
  const connection = await aConnection(redis.url);
  const cache = await aCache({ CACHE_BACKEND: 'redis', REDIS_URL: redis.url }, { redis: connection });
  await cache.keep(REF, aDraft());
  const clients = await connection.run('clients', (client) => client.sendCommand(['CLIENT', 'LIST']));
  expect(String(clients).trim().split('\n')).toHaveLength(1);
  await cache.close();
  expect(connection.up).toBe(true);
});
