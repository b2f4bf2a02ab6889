// What is older than its tenant or the operator allows is not given, and is removed.
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AuditEvent, failure, listen, type VectorStore } from '#ports';
import { MemoryRecords } from '#records';
import { RetentionService } from '../../src/index.js';
import { aRoom, asker, type Room, type Shared } from '../support.js';

const DAY = 86_400_000;
const TENANT = {
  retention: { documentsMs: 10 * DAY, entriesMs: DAY, collectionsMs: { hr: 2 * DAY } },
  detection: { kinds: {} },
};

async function aged(env: Record<string, string> = {}, shared: Shared = {}) {
  const room = await aRoom(env, shared);
  const { records, policies, tenants } = room;
  let now = Date.now();
  const options = { records, policies, tenants, everyMs: 0, now: () => now };
  const retention = new RetentionService(room.cache, room.personal, options);
  onTestFinished(() => retention.close());
  return { room, retention, options, later: (ms: number) => (now += ms) };
}

const fill = async ({ documents, answers }: Room) => {
  await documents.upsert([{ id: 'a', text: 'Tea is green.' }], undefined, 'north');
  await documents.upsert([{ id: 'h', text: 'Tea is dear.' }], 'hr', 'north');
  await documents.upsert([{ id: 's', text: 'Tea of the south.' }], undefined, 'south');
  await answers.write({ query: 'q', response: 1, ttl: 20 * 86_400 }, asker);
};

const found = async ({ knowledge }: Room, collection: string, tenant = 'north') =>
  (await knowledge.search({ text: 'tea', collection }, tenant)).matches.length;

describe('a sweep', () => {
  it('removes what each tenant has limited, collection by collection, and tells the audit log', async () => {
    const { room, retention, later } = await aged();
    await fill(room);
    await room.policies.set('north', TENANT);
    expect(await retention.sweep()).toEqual({ entries: 0, documents: 0 });
    const told: AuditEvent[] = [];
    const stop = listen('audit.event', (event) => told.push(event));
    later(3 * DAY);
    expect(await retention.sweep()).toEqual({ entries: 1, documents: 1 });
    expect([await found(room, 'default'), await found(room, 'hr')]).toEqual([1, 0]);
    later(8 * DAY);
    expect(await retention.sweep()).toEqual({ entries: 0, documents: 1 });
    stop();
    expect([await found(room, 'default'), await found(room, 'default', 'south')]).toEqual([0, 1]);
    expect(told).toMatchObject([
      { action: 'retention.sweep', outcome: 'done', tenant: 'north', facts: { entries: 1, documents: 1 } },
      { action: 'retention.sweep', outcome: 'done', tenant: 'north', facts: { entries: 0, documents: 1 } },
    ]);
  });

  it('by the operator’s limit reaches every tenant that keeps documents', async () => {
    const { room, retention, later } = await aged({ RETENTION_DOCUMENTS: '5d' });
    await fill(room);
    later(6 * DAY);
    expect(await retention.sweep()).toEqual({ entries: 0, documents: 3 });
  });

  it('forgets the answers made of what it removes', async () => {
    const { room, retention, later } = await aged();
    await room.documents.upsert([{ id: 'a', text: 'Tea is green.' }], undefined, 'north');
    await room.queries.ask({ query: 'Is tea green?' }, asker);
    await room.policies.set('north', { ...TENANT, retention: { documentsMs: DAY, collectionsMs: {} } });
    later(2 * DAY);
    await retention.sweep();
    expect((await room.queries.ask({ query: 'Is tea green?' }, asker)).source).toBe('none');
  });

  it('is one instance’s at a time, and the next one’s when that has died', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const records = new MemoryRecords();
    const { retention } = await aged({}, { records });
    await records.put('retention/lease', 'another', { ttlMs: 60_000 });
    expect(await retention.sweep()).toBeUndefined();
    vi.advanceTimersByTime(61_000);
    expect(await retention.sweep()).toEqual({ entries: 0, documents: 0 });
    expect(await records.get('retention/lease')).toBeUndefined();
  });

  it('ends where another instance has taken its place', async () => {
    const { room, retention, later } = await aged();
    await fill(room);
    for (const tenant of ['north', 'south']) await room.policies.set(tenant, TENANT);
    later(30 * DAY);
    const stop = listen('audit.event', () => void room.records.put('retention/lease', 'another'));
    await retention.sweep();
    stop();
    expect([await found(room, 'default'), await found(room, 'default', 'south')]).toEqual([0, 1]);
    expect(await room.records.get('retention/lease')).toBe('another');
  });

  it('that fails for one tenant is told, and goes on with the next', async () => {
    let down = false;
    const broken = (store: VectorStore) =>
      new Proxy(store, {
        get: (target, name) => {
          if (name === 'listCollections' && down)
            return (tenant: string) =>
              tenant === 'north'
                ? Promise.reject(failure('vector.store_unavailable', { provider: 'odd', reason: 'down' }))
                : tenant === 'west'
                  ? Promise.reject(new Error('odd'))
                  : target.listCollections(tenant);
          const value = Reflect.get(target, name) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    const { room, retention, later } = await aged({}, { store: broken });
    await fill(room);
    down = true;
    for (const tenant of ['north', 'south', 'west']) await room.policies.set(tenant, TENANT);
    const told: AuditEvent[] = [];
    const stop = listen('audit.event', (event) => told.push(event));
    later(11 * DAY);
    expect(await retention.sweep()).toEqual({ entries: 0, documents: 1 });
    stop();
    expect(told.map(({ tenant, outcome, code }) => [tenant, outcome, code]).sort()).toEqual([
      ['north', 'failed', 'vector.store_unavailable'],
      ['south', 'done', undefined],
      ['west', 'failed', 'internal.unexpected'],
    ]);
  });

  it('comes by itself, in turn with the other instances, until it is closed', async () => {
    const { room, options } = await aged();
    const one = new RetentionService(room.cache, room.personal, { ...options, everyMs: 20 });
    const records = room.records as MemoryRecords;
    const claims: string[] = [];
    const claim = records.claim.bind(records);
    records.claim = async (key, value, o) => {
      const got = await claim(key, value, o);
      if (got.claimed) claims.push(key);
      return got;
    };
    one.open();
    one.open();
    await expect.poll(() => claims.filter((key) => key === 'retention/lease').length).toBeGreaterThan(1);
    await one.close();
    await one.close();
    expect(claims.slice(0, 2)).toEqual(['retention/turn', 'retention/lease']);
    const never = new RetentionService(room.cache, room.personal, options);
    never.open();
    await never.close();
  });

  it('does not fail the process where the records are down', async () => {
    const { room, options } = await aged();
    const down = { ...room.records, claim: () => Promise.reject(failure('records.unavailable', { backend: 'redis' })) };
    const one = new RetentionService(room.cache, room.personal, { ...options, records: down as never, everyMs: 5 });
    await expect(one.sweep()).rejects.toMatchObject({ code: 'records.unavailable' });
    one.open();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await one.close();
  });
});

describe('what is too old', () => {
  it('is not found, swept or not', async () => {
    const { room } = await aged();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3 * DAY });
    await fill(room);
    vi.useRealTimers();
    await room.policies.set('north', TENANT);
    expect([await found(room, 'default'), await found(room, 'hr')]).toEqual([1, 0]);
    expect((await room.queries.ask({ query: 'tea', vector: { collection: 'hr' } }, asker)).source).toBe('none');
  });

  it('ends by itself where the limit was known when it was written', async () => {
    const { room } = await aged({ RETENTION_DOCUMENTS: '1h' });
    await fill(room);
    const [point] = await room.store!.get({ tenant: 'north', collection: 'default' }, ['a']);
    expect(point!.expiresAt! - point!.lineage!.ingestedAt).toBe(3_600_000);
    await room.documents.upsert([{ id: 'b', text: 'Soon gone.', ttl: 60 }], undefined, 'north');
    const [soon] = await room.store!.get({ tenant: 'north', collection: 'default' }, ['b']);
    expect(soon!.expiresAt! - soon!.lineage!.ingestedAt).toBe(60_000);
  });

  it('is not outlived by an answer made of it', async () => {
    const { room } = await aged({ RETENTION_DOCUMENTS: '10m', CACHE_STALE: '1h' });
    await fill(room);
    const asked = await room.queries.ask({ query: 'Is tea green?' }, asker);
    const lives = await room.queries.ask({ query: 'Is tea green, really?', ttl: 60 }, asker);
    const entry = await room.cache.entry({ tenant: 'north', name: asked.key });
    expect(asked.freshFor).toBeGreaterThan(590);
    expect(asked.freshFor).toBeLessThanOrEqual(600);
    expect(entry!.staleUntil).toBe(entry!.expiresAt);
    expect(lives.freshFor).toBeLessThanOrEqual(60);
  });
});

it('a tenant that could not be noted is noted when it writes again', async () => {
  const { room } = await aged();
  const claim = room.records.claim.bind(room.records);
  room.records.claim = () => Promise.reject(failure('records.unavailable', { backend: 'redis' }));
  room.tenants.note('north');
  await new Promise(setImmediate);
  room.records.claim = claim;
  expect(await room.tenants.all()).toEqual([]);
  room.tenants.note('north');
  await expect.poll(() => room.tenants.all()).toEqual(['north']);
});
