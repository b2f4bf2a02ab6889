// What a tenant keeps is in its account while it is kept, and what goes beyond its quota is not kept.
import { expect, onTestFinished, test } from 'vitest';
import { failure, listen } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { StorageQuota } from '../src/index.js';
import { aCache, aDraft, aFolder, anEntry, Clock } from './support/a-cache.js';

class Account extends StorageQuota {
  limit = Infinity;
  fails = false;
  counted = true;
  readonly records = new MemoryRecords();

  constructor(private readonly now: () => number = Date.now) {
    super();
  }

  async hold(tenant: string, item: string, bytes: number, endsAt: number): Promise<void> {
    const { held } = await this.records.hold(tenant, { item, bytes, endsAt }, { items: this.limit }, this.now());
    if (!held) throw failure('quota.exceeded', { quota: 'storedEntries', limit: this.limit });
  }

  override counts(): boolean {
    return this.counted;
  }

  async release(tenant: string, items?: readonly string[]): Promise<void> {
    if (this.fails) throw failure('records.unavailable', { backend: 'memory' });
    await this.records.release(tenant, items);
  }

  async items(tenant = 'north'): Promise<number> {
    return (await this.records.holding(tenant, this.now())).items;
  }
}

const about = (label: string) => anEntry('north', label);
const EXCEEDED = { code: 'quota.exceeded' };

test.each(['memory', 'sqlite'])('an entry in %s is held once, with its bytes, until its end', async (backend) => {
  const clock = new Clock();
  const quota = new Account(clock.now);
  const cache = await aCache({ CACHE_BACKEND: backend }, { ...clock, quota });
  await cache.keep(about('a'), aDraft({ json: '"longer"' }));
  const { entry } = await cache.keep(about('a'), aDraft({ ttlMs: 1000, staleMs: 1000 }));
  expect(await quota.records.holding('north', clock.now())).toEqual({ items: 1, bytes: entry.bytes });
  clock.advance(1999);
  expect(await quota.items()).toBe(1);
  clock.advance(1);
  expect(await quota.items()).toBe(0);
});

test.each(['memory', 'sqlite'])(
  'beyond the quota, who writes into %s is told, what was found by itself is passed over, and what was there stays',
  async (backend) => {
    const quota = new Account();
    const cache = await aCache({ CACHE_BACKEND: backend }, { quota });
    quota.limit = 1;
    await cache.keep(about('a'), aDraft());
    await expect(cache.keep(about('b'), aDraft())).rejects.toMatchObject(EXCEEDED);
    expect(await cache.keep(about('b'), aDraft({ origin: 'vectordb' }))).toMatchObject({ kept: false, tiers: [] });
    expect(await cache.look(about('b'))).toBeUndefined();
    expect(await cache.keep(about('a'), aDraft({ json: '"newer"' }))).toMatchObject({ kept: true });
    expect((await cache.look(about('a')))?.entry.json).toBe('"newer"');
    await expect(cache.keep(anEntry('south', 'a'), aDraft())).resolves.toMatchObject({ kept: true });
  },
);

test.each(['memory', 'sqlite'])('what is forgotten, erased or taken out of %s is released', async (backend) => {
  const clock = new Clock();
  const quota = new Account(clock.now);
  const cache = await aCache({ CACHE_BACKEND: backend }, { ...clock, quota });
  for (const label of ['a', 'b', 'c', 'd', 'e', 'f']) {
    const labels = { a: {}, b: { tags: ['red'] }, c: { subjects: ['ann'] }, d: { subjects: ['bea'] } }[label];
    await cache.keep(about(label), aDraft(labels ?? {}));
  }
  await cache.forget(about('a'));
  expect(await quota.items()).toBe(5);
  await cache.forgetTag('north', 'red');
  await expect.poll(() => quota.items()).toBe(4);
  await cache.forgetSubject('north', 'ann');
  await expect.poll(() => quota.items()).toBe(3);
  await cache.eraseSubject('north', 'bea');
  expect(await quota.items()).toBe(2);
  clock.advance(1000);
  await cache.keep(about('g'), aDraft());
  await cache.removeOlder('north', clock.now(), { limit: 100 });
  expect(await quota.items()).toBe(1);
  await cache.forgetTenant('north');
  expect(await quota.items()).toBe(0);
});

test('without a store, what has to leave memory for want of room is released', async () => {
  const quota = new Account();
  const cache = await aCache({ CACHE_BACKEND: 'memory', CACHE_MEMORY_MAX: '10KiB' }, { quota });
  for (let at = 0; at < 50; at++) await cache.keep(about(`${at}`), aDraft());
  const [memory] = cache.stats();
  await expect.poll(() => quota.items()).toBe(memory!.entries);
  expect(await cache.keep(about('large'), aDraft({ json: `"${'x'.repeat(20_000)}"` }))).toMatchObject({ kept: false });
  expect(await quota.items()).toBe(memory!.entries);
});

test('what a purge overtakes is not held', async () => {
  const quota = new Account();
  const cache = await aCache({}, { quota });
  const mark = await cache.mark(about('a'));
  const later = await cache.mark(about('b'));
  await cache.forgetTenant('north');
  expect(await cache.keep(about('a'), aDraft(), { mark })).toMatchObject({ kept: false });
  await cache.keep(about('b'), aDraft());
  expect(await cache.keep(about('b'), aDraft(), { mark: later })).toMatchObject({ kept: false });
  expect(await quota.items()).toBe(1);
});

test('what a purge overtakes in the store, on the other instance only, is not held', async () => {
  const quota = new Account();
  const dataDir = await aFolder();
  const [cache, other] = [
    await aCache({}, { quota, dataDir, bus: new LocalBus() }),
    await aCache({}, { quota, dataDir, bus: new LocalBus() }),
  ];
  const mark = await cache.mark(about('a'));
  await other.forgetTenant('north');
  expect(await cache.keep(about('a'), aDraft(), { mark })).toMatchObject({ kept: false });
  expect(await quota.items()).toBe(0);
});

test('where no account is kept of a tenant, a purge goes through none of its entries', async () => {
  const lists: unknown[] = [];
  onTestFinished(listen('cache.store_call', ({ operation }) => void (operation === 'list' && lists.push(operation))));
  const quota = new Account();
  const cache = await aCache({}, { quota });
  await cache.keep(about('a'), aDraft({ tags: ['red'] }));
  quota.counted = false;
  await cache.forgetTag('north', 'red');
  await cache.close();
  expect(lists).toEqual([]);
});

test('an account that cannot be reached fails no purge', async () => {
  const quota = new Account();
  const cache = await aCache({}, { quota });
  await cache.keep(about('a'), aDraft({ tags: ['red'] }));
  quota.fails = true;
  await cache.forgetTag('north', 'red');
  expect(await cache.forgetTenant('north')).toBeDefined();
  expect(await cache.look(about('a'))).toBeUndefined();
});
