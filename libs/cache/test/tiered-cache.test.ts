// What a cache promises whichever store lies behind it: none, SQLite, Redis.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type AnnouncementName, listen } from '#ports';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import type { OpenCacheOptions } from '../src/index.js';
import { aCache, aDraft, aFolder, anEntry, Clock } from './support/a-cache.js';

const MINUTE = 60_000;
const REF = anEntry('north', 'opening hours');

let redis: RedisServer;
let services = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

/** Opens any number of caches over one store: as after a restart, or as several instances. */
async function aService(backend: string) {
  const dataDir = await aFolder();
  const own = { CACHE_BACKEND: backend, REDIS_URL: redis.url, REDIS_PREFIX: `service${services++}` };
  return (env: Record<string, string> = {}, o: Partial<OpenCacheOptions> = {}) =>
    aCache({ ...own, ...env }, { dataDir, ...o });
}

function heard(name: AnnouncementName) {
  const messages: unknown[] = [];
  onTestFinished(listen(name, (message) => messages.push(message)));
  return messages;
}

describe.each(['memory', 'sqlite', 'redis'])('a cache with the backend %s', (backend) => {
  const tiers = backend === 'memory' ? ['memory'] : ['memory', backend];
  const openOne = async (env: Record<string, string> = {}, o: Partial<OpenCacheOptions> = {}) =>
    (await aService(backend))(env, o);

  test('answers from memory what was kept, until its end and not after, however often it is read', async () => {
    const clock = new Clock();
    const cache = await openOne({}, clock);
    expect(await cache.keep(REF, aDraft({ ttlMs: MINUTE }))).toMatchObject({ kept: true, tiers });
    for (let second = 0; second < 60; second++) {
      expect(cache.lookInMemory(REF)).toMatchObject({
        tier: 'memory',
        state: 'fresh',
        entry: { json: '{"answer":42}' },
      });
      expect(await cache.look(REF)).toMatchObject({ tier: 'memory', state: 'fresh' });
      clock.advance(1000);
    }
    expect(await cache.look(REF)).toBeUndefined();
    expect(cache.lookInMemory(REF)).toBeUndefined();
  });

  test('serves a stale answer for its window, and says that it is stale', async () => {
    const clock = new Clock();
    const cache = await openOne({ CACHE_STALE: '30s' }, clock);
    await cache.keep(REF, aDraft({ ttlMs: MINUTE }));
    clock.advance(MINUTE);
    expect(cache.lookInMemory(REF)?.state).toBe('stale');
    clock.advance(29_999);
    expect((await cache.look(REF))?.state).toBe('stale');
    clock.advance(1);
    expect(await cache.look(REF)).toBeUndefined();
  });

  test('never answers one tenant with the entry of another', async () => {
    const cache = await openOne();
    await cache.keep(REF, aDraft());
    const stolen = { ...REF, tenant: 'south' };
    expect(cache.lookInMemory(stolen)).toBeUndefined();
    expect(await cache.look(stolen)).toBeUndefined();
    expect(await cache.forget(stolen)).toEqual({ purged: 0 });
  });

  test('replaces an entry that is kept again', async () => {
    const cache = await openOne();
    await cache.keep(REF, aDraft({ json: '1' }));
    await cache.keep(REF, aDraft({ json: '2' }));
    expect((await cache.look(REF))?.entry.json).toBe('2');
    expect(cache.stats()).toMatchObject([{ tier: 'memory', entries: 1 }]);
  });

  test('forgets one entry, and says whether there was one', async () => {
    const cache = await openOne();
    const other = anEntry('north', 'other');
    for (const ref of [REF, other]) await cache.keep(ref, aDraft());
    expect(await cache.forget(REF)).toEqual({ purged: 1 });
    expect(await cache.look(REF)).toBeUndefined();
    expect(await cache.forget(REF)).toEqual({ purged: 0 });
    expect(await cache.look(other)).toBeDefined();
  });

  test('forgets a tenant as a whole and no other, and keeps what is written after', async () => {
    const cache = await openOne();
    const north = Array.from({ length: 100 }, (_, at) => anEntry('north', `${at}`));
    const south = anEntry('south', '0');
    for (const ref of [...north, south]) await cache.keep(ref, aDraft());
    expect(await cache.forgetTenant('north')).toEqual({ purged: backend === 'redis' ? null : 100 });
    for (const ref of north) expect(await cache.look(ref)).toBeUndefined();
    expect(await cache.look(south)).toBeDefined();
    await cache.keep(north[0]!, aDraft());
    expect(await cache.look(north[0]!)).toBeDefined();
    expect(await cache.forgetTenant('north')).toEqual({ purged: backend === 'redis' ? null : 1 });
    expect(await cache.forgetTenant('nobody')).toEqual({ purged: backend === 'redis' ? null : 0 });
  });

  test.each(['tag', 'subject'] as const)('forgets the entries of a %s of one tenant, and no other', async (kind) => {
    const cache = await openOne();
    const forget = (tenant: string, label: string) =>
      kind === 'tag' ? cache.forgetTag(tenant, label) : cache.forgetSubject(tenant, label);
    const labelled = (label: string) => aDraft(kind === 'tag' ? { tags: ['extra', label] } : { subjects: [label] });
    const [red, blue, plain, south] = [anEntry('north', 'red'), anEntry('north', 'blue'), REF, anEntry('south', 'red')];
    await cache.keep(red, labelled('red'));
    await cache.keep(blue, labelled('blue'));
    await cache.keep(plain, aDraft());
    await cache.keep(south, labelled('red'));
    expect(await forget('north', 'red')).toEqual({ purged: backend === 'memory' ? 1 : null });
    expect(await cache.look(red)).toBeUndefined();
    for (const ref of [blue, plain, south]) expect(await cache.look(ref)).toBeDefined();
    await cache.keep(red, labelled('red'));
    expect((await cache.look(red))?.entry.json).toBeDefined();
    expect(await forget('north', 'no such')).toEqual({ purged: backend === 'memory' ? 0 : null });
  });

  test('a tag and a subject of the same name are two things', async () => {
    const cache = await openOne();
    await cache.keep(REF, aDraft({ tags: ['ann'] }));
    await cache.forgetSubject('north', 'ann');
    expect(await cache.look(REF)).toBeDefined();
  });

  describe('a fill that began before a purge is not kept:', () => {
    const labelled = aDraft({ tags: ['red'], subjects: ['ann'] });
    test.each([
      ['of the entry', (cache) => cache.forget(REF)],
      ['of the tenant', (cache) => cache.forgetTenant('north')],
      ['of a tag', (cache) => cache.forgetTag('north', 'red')],
      ['of a subject', (cache) => cache.forgetSubject('north', 'ann')],
    ] as [string, (cache: Awaited<ReturnType<typeof openOne>>) => Promise<unknown>][])('%s', async (_, purge) => {
      const cache = await openOne();
      const mark = await cache.mark(REF);
      await purge(cache);
      expect(await cache.keep(REF, labelled, { mark })).toMatchObject({ kept: false, tiers: [] });
      expect(await cache.look(REF)).toBeUndefined();
      expect(await cache.keep(REF, labelled, { mark: await cache.mark(REF) })).toMatchObject({ kept: true });
      expect(await cache.look(REF)).toBeDefined();
    });

    test('one that a purge overtakes while it is being kept leaves nothing behind', async () => {
      const cache = await openOne();
      const mark = await cache.mark(REF);
      const [kept] = await Promise.all([cache.keep(REF, labelled, { mark }), cache.forgetTenant('north')]);
      expect(kept.kept).toBe(false);
      expect(await cache.look(REF)).toBeUndefined();
    });

    test('but a purge of other things does not concern it', async () => {
      const cache = await openOne();
      const mark = await cache.mark(REF);
      await cache.forgetTenant('south');
      await cache.forgetTag('north', 'red');
      expect(await cache.keep(REF, aDraft(), { mark })).toMatchObject({ kept: true, tiers });
    });

    test('and neither is one that began before a newer answer was written', async () => {
      const cache = await openOne();
      const mark = await cache.mark(REF);
      await cache.keep(REF, aDraft({ json: '"newer"' }));
      expect(await cache.keep(REF, aDraft({ json: '"older"' }), { mark })).toMatchObject({ kept: false });
      expect((await cache.look(REF))?.entry.json).toBe('"newer"');
    });
  });

  test('lists the entries of a tenant page by page, each once, without those that ended or were purged', async () => {
    const clock = new Clock();
    const cache = await openOne({}, clock);
    const refs = Array.from({ length: 23 }, (_, at) => anEntry('north', `${at}`));
    for (const ref of refs) await cache.keep(ref, aDraft({ tags: ['t'], origin: 'vectordb' }));
    await cache.keep(anEntry('north', 'ended'), aDraft({ ttlMs: 1 }));
    await cache.keep(anEntry('north', 'purged'), aDraft({ tags: ['purged'] }));
    await cache.keep(anEntry('south', 'foreign'), aDraft());
    await cache.forgetTag('north', 'purged');
    clock.advance(10);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await cache.entries('north', { limit: 5, cursor });
      for (const entry of page.entries) {
        seen.push(entry.name);
        expect(entry).toMatchObject({ tags: ['t'], origin: 'vectordb', negative: false, bytes: 43 + 13 });
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(new Set(seen)).toEqual(new Set(refs.map(({ name }) => name)));
  });

  test('gives one entry without counting it as a look-up', async () => {
    const lookups = heard('cache.lookup');
    const cache = await openOne();
    await cache.keep(REF, aDraft());
    expect(await cache.entry(REF)).toMatchObject({ name: REF.name, createdAt: expect.any(Number) });
    expect(await cache.entry(anEntry('north', 'none'))).toBeUndefined();
    expect(lookups).toEqual([]);
  });

  test('counts from 0 for each counter of each tenant', async () => {
    const cache = await openOne();
    expect([await cache.next('a', 'north'), await cache.next('a', 'north'), await cache.next('b', 'north')]).toEqual([
      0, 1, 0,
    ]);
    expect(await cache.next('a', 'south')).toBe(0);
  });

  test('refuses an entry that is too large, and names the limit', async () => {
    const cache = await openOne({ CACHE_ENTRY_MAX: '1KiB' });
    await cache.keep(REF, aDraft({ json: JSON.stringify('x'.repeat(1022)) }));
    await expect(cache.keep(REF, aDraft({ json: JSON.stringify('é'.repeat(512)) }))).rejects.toMatchObject({
      code: 'cache.entry_too_large',
      facts: { size: 1026, limit: 1024 },
    });
  });

  test('remembers that there is no answer only where that is configured', async () => {
    const negative = aDraft({ json: 'null', negative: true });
    const forgetful = await openOne();
    expect(await forgetful.keep(REF, negative)).toMatchObject({ kept: false, tiers: [] });
    expect(await forgetful.look(REF)).toBeUndefined();
    const mindful = await openOne({ CACHE_NEGATIVE_TTL: '10s', CACHE_STALE: '1h' });
    const { entry } = await mindful.keep(REF, negative);
    expect(entry.staleUntil - entry.createdAt).toBe(10_000);
    expect((await mindful.look(REF))?.entry.negative).toBe(true);
  });

  test('works once for callers that ask at the same time, and again for the next', async () => {
    const cache = await openOne();
    let runs = 0;
    const work = () => cache.flight(REF, async () => ++runs);
    expect(await Promise.all([work(), work(), cache.flight(anEntry('south', 'x'), async () => 'other')])).toEqual([
      1,
      1,
      'other',
    ]);
    expect(await work()).toBe(2);
  });

  test('announces writes, look-ups and purges, each once', async () => {
    const [writes, lookups, purges] = [heard('cache.write'), heard('cache.lookup'), heard('cache.purge')];
    const cache = await openOne();
    await cache.look(REF);
    await cache.keep(REF, aDraft());
    cache.lookInMemory(REF);
    cache.lookInMemory(anEntry('north', 'none'));
    await cache.look(REF);
    await cache.forget(REF);
    await cache.forgetTag('north', 'red');
    const at = { tenant: 'north', key: REF.name };
    const durationMs = expect.any(Number);
    expect(writes).toEqual([{ ...at, origin: 'written', bytes: 56 }]);
    expect(lookups).toEqual([
      { ...at, outcome: 'miss', tier: null, durationMs },
      { ...at, outcome: 'hit', tier: 'memory', durationMs },
      { ...at, outcome: 'hit', tier: 'memory', durationMs },
    ]);
    expect(purges).toEqual([
      { tenant: 'north', scope: 'entry', purged: 1 },
      { tenant: 'north', scope: 'tag', purged: backend === 'memory' ? 0 : null },
    ]);
  });

  test('closes twice, and says that all its tiers are well before', async () => {
    const cache = await openOne();
    expect(await cache.health()).toEqual(tiers.map((tier) => ({ tier, ok: true })));
    await cache.close();
    await cache.close();
  });
});

describe.each(['sqlite', 'redis'])('a cache over the store %s', (backend) => {
  test('answers after a restart from the store, then from memory, until the original end', async () => {
    const clock = new Clock();
    const open = await aService(backend);
    const json = JSON.stringify({ text: 'é€😀\u0000"\n', lone: '\ud800' });
    const draft = aDraft({
      json,
      ttlMs: MINUTE,
      staleMs: 1000,
      tags: ['a', 'b'],
      subjects: ['ann'],
      origin: 'vectordb',
    });
    const { entry } = await (await open({}, clock)).keep(REF, draft);
    const restarted = await open({}, clock);
    clock.advance(MINUTE / 2);
    expect(restarted.lookInMemory(REF)).toBeUndefined();
    expect(await restarted.look(REF)).toEqual({ tier: backend, state: 'fresh', entry });
    expect(restarted.lookInMemory(REF)).toEqual({ tier: 'memory', state: 'fresh', entry });
    clock.advance(MINUTE / 2);
    expect(restarted.lookInMemory(REF)?.state).toBe('stale');
    expect((await (await open({}, clock)).look(REF))?.state).toBe('stale');
    clock.advance(1000);
    expect(await (await open({}, clock)).look(REF)).toBeUndefined();
  });

  test('works without a memory tier', async () => {
    const cache = await (await aService(backend))({ CACHE_MEMORY_MAX: '0B' });
    expect(await cache.keep(REF, aDraft())).toMatchObject({ tiers: [backend], kept: true });
    expect(cache.lookInMemory(REF)).toBeUndefined();
    expect((await cache.look(REF))?.tier).toBe(backend);
    expect(cache.stats()).toEqual([{ tier: 'memory', entries: 0, bytes: 0 }]);
  });

  test('purges hold after a restart', async () => {
    const open = await aService(backend);
    const first = await open();
    const drafts = { entry: aDraft(), tag: aDraft({ tags: ['red'] }), subject: aDraft({ subjects: ['ann'] }) };
    for (const [label, draft] of Object.entries(drafts)) await first.keep(anEntry('north', label), draft);
    await first.keep(anEntry('south', 'tenant'), aDraft());
    await first.forget(anEntry('north', 'entry'));
    await first.forgetTag('north', 'red');
    await first.forgetSubject('north', 'ann');
    await first.forgetTenant('south');
    const second = await open();
    for (const label of Object.keys(drafts)) expect(await second.look(anEntry('north', label))).toBeUndefined();
    expect(await second.look(anEntry('south', 'tenant'))).toBeUndefined();
    expect((await second.entries('north', { limit: 10 })).entries).toEqual([]);
  });

  test('a fill is not kept when another instance has purged since it began', async () => {
    const open = await aService(backend);
    const [here, there] = [await open(), await open()];
    const mark = await here.mark(REF);
    await there.forget(REF);
    expect(await here.keep(REF, aDraft(), { mark })).toMatchObject({ kept: false });
    expect(await there.look(REF)).toBeUndefined();
  });

  test('instances share counters', async () => {
    const open = await aService(backend);
    const [here, there] = [await open(), await open()];
    const counts = await Promise.all([here, there, here, there].map((cache) => cache.next('robin', 'north')));
    expect(new Set(counts)).toEqual(new Set([0, 1, 2, 3]));
  });

  test('announces each call of the store with its time', async () => {
    const calls = heard('cache.store_call');
    const cache = await (await aService(backend))();
    await cache.look(REF);
    expect(calls).toEqual([{ tier: backend, operation: 'get', durationMs: expect.any(Number) }]);
  });
});
