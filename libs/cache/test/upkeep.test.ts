// What is kept of a person can be shown and erased, whatever is too old leaves, and nothing comes back by it.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type ByteStore, listen, Secret } from '#ports';
import { LocalBus, RedisConnection, SqliteBus } from '#records';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { type OpenCacheOptions, type PageRequest, RedisStore, SqliteStore, type TieredCache } from '../src/index.js';
import { aCache, aDraft, aFolder, anEntry, Clock, NAMES } from './support/a-cache.js';
import { FailingSealer, MarkingSealer, SlowSealer } from './support/sealers.js';

let redis: RedisServer;
let services = 0;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const ANN = 'ann@example.org';
const about = (label: string) => anEntry('north', label);

/** Any number of caches over one store, and the store itself. */
async function aService(backend: string) {
  const [dataDir, prefix, bus] = [await aFolder(), `upkeep${services++}`, new LocalBus()];
  const env = { CACHE_BACKEND: backend, REDIS_URL: redis.url, REDIS_PREFIX: prefix, CACHE_STORE_TIMEOUT: '5s' };
  const open = (more: Record<string, string> = {}, o: Partial<OpenCacheOptions> = {}) =>
    aCache({ ...env, ...more }, { dataDir, bus, ...o });
  const under = `${prefix}:e:${NAMES.tenantTag('north')}:`;
  const names = async () => {
    const store = await storeOf(backend, dataDir);
    const { keys } = await store.list(under, { limit: 10_000 });
    return keys.map((key) => key.slice(under.length)).sort();
  };
  return { open, names, keyOf: (name: string) => under + name, store: () => storeOf(backend, dataDir) };
}

async function storeOf(backend: string, dataDir: string): Promise<ByteStore> {
  if (backend === 'sqlite') {
    const store = await SqliteStore.open({ file: join(dataDir, 'cache.sqlite'), busyTimeoutMs: 5000 });
    onTestFinished(() => store.close());
    return store;
  }
  const connection = RedisConnection.open(new Secret(redis.url), { timeoutMs: 5000 });
  onTestFinished(() => connection.close());
  await connection.opened();
  return new RedisStore(connection);
}

/** All pages, together. */
async function whole<T extends { cursor: string | undefined }>(page: (request: PageRequest) => Promise<T>) {
  const pages: T[] = [];
  let cursor: string | undefined;
  do {
    pages.push(await page({ limit: 3, ...(cursor !== undefined && { cursor }) }));
    cursor = pages.at(-1)!.cursor;
  } while (cursor !== undefined);
  return pages;
}

async function exported(cache: TieredCache, tenant: string, subject: string) {
  const pages = await whole((page) => cache.entriesAbout(tenant, subject, page));
  return pages.flatMap(({ entries }) => entries);
}

const sum = (pages: { seen: number; resealed: number }[]) =>
  pages.reduce(([seen, resealed], page) => [seen! + page.seen, resealed! + page.resealed], [0, 0]);
const sorted = (...labels: string[]) => labels.map((label) => about(label).name).sort();

describe.each(['memory', 'sqlite', 'redis'])('a cache with the backend %s', (backend) => {
  test('gives back where an entry came from, what it cost and whom it is about', async () => {
    const { open } = await aService(backend);
    const lineage = { provider: 'openai', model: 'm', collection: 'c', sources: ['a', 'b'], runs: ['r'] };
    const cost = { provider: 'openai', model: 'm', tokens: 12 };
    const more = { subjects: [ANN, 'bea'], lineage, cost };
    const cache = await open();
    await cache.keep(about('a'), aDraft(more));
    const other = backend === 'memory' ? cache : await open();
    expect((await other.look(about('a')))?.entry).toMatchObject(more);
    expect((await cache.look(about('a')))?.entry).toMatchObject(more);
  });

  test('shows every entry about a person, whole, and none of another person or tenant', async () => {
    const { open } = await aService(backend);
    const cache = await open();
    for (let at = 0; at < 8; at++) await cache.keep(about(`${at}`), aDraft({ json: `${at}`, subjects: ['bea', ANN] }));
    for (let at = 0; at < 8; at++) await cache.keep(about(`other ${at}`), aDraft({ subjects: ['bea'] }));
    await cache.keep(anEntry('south', '0'), aDraft({ subjects: [ANN] }));
    await cache.keep(about('ends'), aDraft({ subjects: [ANN], ttlMs: 1 }));
    await cache.forget(about('3'));
    await expect.poll(() => cache.lookInMemory(about('ends'))).toBeUndefined();
    const found = await exported(cache, 'north', ANN);
    expect(found.map(({ name }) => name).sort()).toEqual(sorted('0', '1', '2', '4', '5', '6', '7'));
    expect(found.map(({ json }) => json).sort()).toEqual(['0', '1', '2', '4', '5', '6', '7']);
    expect(await exported(cache, 'north', 'nobody')).toEqual([]);
  });

  test('erases all that is about a person, everywhere, and counts it', async () => {
    const { open, names } = await aService(backend);
    const purges: unknown[] = [];
    onTestFinished(listen('cache.purge', (message) => purges.push(message)));
    const cache = await open();
    for (let at = 0; at < 450; at++) await cache.keep(about(`${at}`), aDraft({ subjects: [at % 3 ? 'bea' : ANN] }));
    await cache.keep(about('both'), aDraft({ subjects: ['bea', ANN] }));
    await cache.keep(anEntry('south', '0'), aDraft({ subjects: [ANN] }));
    const other = backend === 'memory' ? cache : await open();
    await other.look(about('both'));
    expect(await cache.eraseSubject('north', ANN)).toEqual({ erased: 151, unreadable: 0 });
    expect(purges).toEqual([{ tenant: 'north', scope: 'subject', purged: 151 }]);
    for (const one of [cache, other]) {
      expect(one.lookInMemory(about('both'))).toBeUndefined();
      expect(await one.look(about('0'))).toBeUndefined();
      expect((await one.look(about('1')))?.entry.subjects).toEqual(['bea']);
      expect(await one.look(anEntry('south', '0'))).toBeDefined();
    }
    if (backend !== 'memory') expect(await names()).toHaveLength(300);
    expect(await cache.eraseSubject('north', ANN)).toEqual({ erased: 0, unreadable: 0 });
    expect(await cache.keep(about('both'), aDraft({ subjects: [ANN] }))).toMatchObject({ kept: true });
    expect(await cache.look(about('both'))).toBeDefined();
  });

  test('takes out what was made before then, wherever it lies, and nothing else', async () => {
    const { open } = await aService(backend);
    const clock = new Clock();
    const [cache, other] = [await open({}, clock), await open({}, clock)];
    for (let at = 0; at < 8; at++) await cache.keep(about(`old ${at}`), aDraft());
    await cache.keep(anEntry('south', 'old'), aDraft());
    clock.advance(1000);
    for (let at = 0; at < 8; at++) await cache.keep(about(`new ${at}`), aDraft());
    await other.look(about('old 0'));
    const pages = await whole((page) => cache.removeOlder('north', clock.now(), page));
    expect(pages.reduce((sum, { removed }) => sum + removed, 0)).toBe(8);
    expect(pages.reduce((sum, { seen }) => sum + seen, 0)).toBeGreaterThanOrEqual(16 - (backend === 'memory' ? 0 : 8));
    expect(await cache.look(about('old 0'))).toBeUndefined();
    expect(other.lookInMemory(about('old 0'))).toBeUndefined();
    for (const ref of [about('new 0'), anEntry('south', 'old')]) expect(await cache.look(ref)).toBeDefined();
    const again = await whole((page) => cache.removeOlder('north', clock.now(), page));
    expect(again.reduce((sum, { removed }) => sum + removed, 0)).toBe(0);
  });

  test('never serves an entry beyond the life that its tenant allows, also one that is kept already', async () => {
    const { open } = await aService(backend);
    const clock = new Clock();
    const limits: Record<string, number> = { north: 10_000 };
    const o = { ...clock, lifeLimit: (tenant: string) => limits[tenant] };
    const cache = await open({ CACHE_STALE: '1h' }, o);
    const { entry } = await cache.keep(about('a'), aDraft());
    expect([entry.expiresAt, entry.staleUntil]).toEqual([clock.now() + 10_000, clock.now() + 10_000]);
    await cache.keep(anEntry('south', 'a'), aDraft());
    const other = backend === 'memory' ? cache : await open({ CACHE_MEMORY_MAX: '0B' }, o);
    clock.advance(5000);
    expect((await other.look(about('a')))?.state).toBe('fresh');
    limits.north = limits.south = 5000;
    for (const one of [cache, other]) {
      for (const ref of [about('a'), anEntry('south', 'a')]) {
        expect(one.lookInMemory(ref)).toBeUndefined();
        expect(await one.look(ref)).toBeUndefined();
        expect(await one.entry(ref)).toBeUndefined();
      }
      expect((await one.entries('north', { limit: 10 })).entries).toEqual([]);
    }
    limits.north = 0;
    expect(await cache.keep(about('b'), aDraft())).toMatchObject({ kept: false });
  });
});

describe.each(['sqlite', 'redis'])('a cache over the store %s', (backend) => {
  test('shows and erases what the store did not take, too', async () => {
    const { open } = await aService(backend);
    const failing = new FailingSealer();
    const cache = await open({}, { sealer: failing });
    await cache.keep(about('stored'), aDraft({ subjects: [ANN] }));
    failing.fails = true;
    expect(await cache.keep(about('near'), aDraft({ subjects: [ANN] }))).toMatchObject({ tiers: ['memory'] });
    failing.fails = false;
    expect((await exported(cache, 'north', ANN)).map(({ name }) => name).sort()).toEqual(sorted('near', 'stored'));
    expect(await cache.eraseSubject('north', ANN)).toMatchObject({ erased: 2 });
    expect(await exported(cache, 'north', ANN)).toEqual([]);
  });

  test('erases also what a purge has passed over and what nobody can open', async () => {
    const { open, names, keyOf, store } = await aService(backend);
    const cache = await open();
    for (const label of ['a', 'b']) await cache.keep(about(label), aDraft({ subjects: [ANN] }));
    await cache.keep(about('bea'), aDraft({ subjects: ['bea'] }));
    await cache.forgetSubject('north', ANN);
    await (await store()).set(keyOf(about('c').name), 'AAAA', 60_000);
    expect(await cache.eraseSubject('north', ANN)).toEqual({ erased: 2, unreadable: 1 });
    expect(await names()).toEqual(sorted('bea'));
  });

  test.each([
    ['here', (own: TieredCache) => own, {}],
    ['on another instance', (_: TieredCache, other: TieredCache) => other, {}],
    ['that it does not hear of', (_: TieredCache, other: TieredCache) => other, { bus: new LocalBus() }],
  ])('a write that an erasure %s overtakes leaves nothing in any tier', async (_, choose, own) => {
    const { open, names } = await aService(backend);
    const sealer = new SlowSealer();
    const [cache, other] = [await open({}, { sealer, ...own }), await open()];
    const release = sealer.hold();
    const kept = cache.keep(about('a'), aDraft({ subjects: [ANN] }));
    await sealer.asked;
    expect(await choose(cache, other).eraseSubject('north', ANN)).toMatchObject({ erased: 0 });
    release();
    expect(await kept).toMatchObject({ kept: false, tiers: [] });
    expect(await names()).toEqual([]);
    for (const one of [cache, other]) expect(await one.look(about('a'))).toBeUndefined();
  });

  test('a purge of another person, or of a tag, fails no write', async () => {
    const { open } = await aService(backend);
    const sealer = new SlowSealer();
    const [cache, other] = [await open({}, { sealer, bus: new LocalBus() }), await open()];
    const release = sealer.hold();
    const kept = cache.keep(about('a'), aDraft({ subjects: [ANN], tags: ['blue'] }));
    await sealer.asked;
    await other.eraseSubject('north', 'bea');
    await other.forgetTag('north', 'red');
    release();
    expect(await kept).toMatchObject({ kept: true });
    expect(await other.look(about('a'))).toBeDefined();
  });

  test('seals anew what lies under a former key, for the life that is left, page by page', async () => {
    const { open, names } = await aService(backend);
    const clock = new Clock();
    const sealer = new MarkingSealer();
    const cache = await open({ CACHE_MEMORY_MAX: '0B' }, { sealer, ...clock });
    for (let at = 0; at < 8; at++) await cache.keep(about(`${at}`), aDraft({ json: `${at}`, ttlMs: 10_000 }));
    sealer.mark = 2;
    await cache.keep(about('new'), aDraft());
    expect(sum(await whole((page) => cache.reseal('north', page)))).toEqual([9, 8]);
    expect(sum(await whole((page) => cache.reseal('north', page)))).toEqual([9, 0]);
    sealer.opens = [2];
    for (let at = 0; at < 8; at++) expect((await cache.look(about(`${at}`)))?.entry.json).toBe(`${at}`);
    expect(await names()).toHaveLength(9);
    clock.advance(10_000);
    expect(await cache.look(about('0'))).toBeUndefined();
  });

  test('sealing anew brings back nothing that was forgotten or written meanwhile', async () => {
    const { open, names } = await aService(backend);
    const sealer = new MarkingSealer();
    const cache = await open({ CACHE_MEMORY_MAX: '0B' }, { sealer });
    const other = await open({ CACHE_MEMORY_MAX: '0B' }, { sealer: new MarkingSealer(2) });
    for (const label of ['forgotten', 'written', 'purged'])
      await cache.keep(about(label), aDraft({ json: '"old"', tags: [label] }));
    sealer.mark = 2;
    sealer.meanwhile = async () => {
      sealer.meanwhile = undefined;
      await other.forget(about('forgotten'));
      await other.keep(about('written'), aDraft({ json: '"new"' }));
      await other.forgetTag('north', 'purged');
    };
    await whole((page) => cache.reseal('north', page));
    expect(await cache.look(about('forgotten'))).toBeUndefined();
    expect(await cache.look(about('purged'))).toBeUndefined();
    expect((await cache.look(about('written')))?.entry.json).toBe('"new"');
    expect(await names()).not.toContain(about('forgotten').name);
  });

  test('tells how much can be opened, and deletes nothing', async () => {
    const { open, names } = await aService(backend);
    const sealer = new MarkingSealer();
    const cache = await open({}, { sealer });
    for (let at = 0; at < 5; at++) await cache.keep(about(`${at}`), aDraft());
    sealer.mark = 2;
    for (let at = 5; at < 7; at++) await cache.keep(about(`${at}`), aDraft());
    expect(await cache.probe('north', 100)).toEqual({ readable: 7, unreadable: 0 });
    sealer.opens = [2];
    expect(await cache.probe('north', 100)).toEqual({ readable: 2, unreadable: 5 });
    const { readable, unreadable } = await cache.probe('north', 4);
    expect(readable + unreadable).toBe(4);
    expect(await cache.probe('nobody', 100)).toEqual({ readable: 0, unreadable: 0 });
    expect(sum(await whole((page) => cache.reseal('north', page)))).toEqual([7, 0]);
    expect(await names()).toHaveLength(7);
  });

  test('a sealer that fails while keys are away fails the work, and deletes nothing', async () => {
    const { open, names } = await aService(backend);
    const sealer = new FailingSealer();
    const cache = await open({}, { sealer });
    await cache.keep(about('a'), aDraft({ subjects: [ANN] }));
    sealer.fails = true;
    await expect(cache.eraseSubject('north', ANN)).rejects.toThrow('away');
    await expect(whole((page) => cache.reseal('north', page))).rejects.toThrow('away');
    await expect(cache.probe('north', 10)).rejects.toThrow('away');
    expect(await names()).toEqual(sorted('a'));
    sealer.fails = false;
    expect(await cache.eraseSubject('north', ANN)).toMatchObject({ erased: 1 });
  });
});

test('an erasure reaches the memory of another process over the same file', async () => {
  const { open } = await aService('sqlite');
  const file = join(await aFolder(), 'records.sqlite');
  const [here, there] = [1, 2].map(() => SqliteBus.open({ file, everyMs: 5 }));
  onTestFinished(() => Promise.all([here!.close(), there!.close()]).then(() => {}));
  const [cache, other] = [await open({}, { bus: here! }), await open({}, { bus: there! })];
  await cache.keep(about('a'), aDraft({ subjects: [ANN] }));
  await other.look(about('a'));
  expect(other.lookInMemory(about('a'))).toBeDefined();
  await cache.eraseSubject('north', ANN);
  await expect.poll(() => other.lookInMemory(about('a'))).toBeUndefined();
  expect(await other.look(about('a'))).toBeUndefined();
});

test('without a store there is nothing to seal anew or to try', async () => {
  const cache = await (await aService('memory')).open();
  await cache.keep(about('a'), aDraft());
  expect(await cache.reseal('north', { limit: 10 })).toEqual({ seen: 0, resealed: 0, cursor: undefined });
  expect(await cache.probe('north', 10)).toEqual({ readable: 0, unreadable: 0 });
});
