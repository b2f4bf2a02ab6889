// The story of a question where HTTP does not show it: what is answered at once, announced, and not kept.
import { describe, expect, it } from 'vitest';
import type { StorageQuota } from '#cache';
import { type Announcements, failure, listen } from '#ports';
import { aRoom, asker, type Room } from './support.js';

const VARIANTS = { variants: ['a', 'b'] };

describe('recall', () => {
  it('gives at once what memory holds, and nothing that must be waited for', async () => {
    const { queries, answers } = await aRoom();
    expect(queries.recall({ query: 'hello' }, asker)).toBeUndefined();
    await answers.write({ query: 'hello', response: 'hi' }, asker);
    expect(queries.recall({ query: 'hello' }, asker)).toMatchObject({ resultJson: '"hi"', hit: true, tier: 'memory' });
    expect(queries.recall({ query: 'hello', forceRefresh: true }, asker)).toBeUndefined();
    expect(queries.recall({ query: 'hello', vector: { k: 1 } }, asker)).toBeUndefined();
    expect(queries.recall({ query: 'hello', embedding: { model: 'other' } }, asker)).toBeUndefined();
    expect(queries.recall({ query: 'hello' }, { ...asker, tenant: 'south' })).toBeUndefined();
  });

  it('leaves turns to be taken at the shared counter', async () => {
    const { queries, answers } = await aRoom();
    await answers.write({ query: 'turns', response: VARIANTS, variantStrategy: 'round-robin' }, asker);
    expect(queries.recall({ query: 'turns' }, asker)).toBeUndefined();
    await answers.write({ query: 'random', response: VARIANTS }, asker);
    expect(queries.recall({ query: 'random' }, asker)).toMatchObject({ resultJson: '"a"', variant: { index: 0 } });
  });

  it('leaves stale answers to be refreshed', async () => {
    const { queries, cache, names } = await aRoom();
    const draft = { json: '1', origin: 'written', ttlMs: 1000, staleMs: 60_000 } as const;
    await cache.keep(names.written({ query: 'old' }, asker.tenant), draft, { now: Date.now() - 2000 });
    expect(queries.recall({ query: 'old' }, asker)).toBeUndefined();
    expect(await queries.ask({ query: 'old' }, asker)).toMatchObject({ status: 'stale', resultJson: '1' });
  });
});

describe('ask', () => {
  it('announces every answer, by key, never by text', async () => {
    const { queries, answers } = await aRoom();
    const heard: Announcements['query.answered'][] = [];
    const stop = listen('query.answered', (message) => heard.push(message));
    await answers.write({ query: 'my pin is 4711', response: 'x' }, asker);
    queries.recall({ query: 'my pin is 4711' }, asker);
    await queries.ask({ query: 'nobody knows' }, asker);
    stop();
    expect(heard).toMatchObject([
      { tenant: 'north', status: 'hit', source: 'cache', tier: 'memory' },
      { tenant: 'north', status: 'miss', source: 'none', tier: null },
    ]);
    expect(JSON.stringify(heard)).not.toMatch(/4711|nobody/);
  });

  it('forgets what it does not find again when it is told not to look into the cache', async () => {
    const { queries, documents } = await aRoom();
    const ask = async (more = {}) => (await queries.ask({ query: 'open at nine', ...more }, asker)).source;
    await documents.upsert([{ id: 'd', text: 'We open at nine.' }], undefined, asker.tenant);
    expect([await ask(), await ask()]).toEqual(['vectordb', 'cache']);
    await documents.upsert([{ id: 'd', text: 'We open at nine.', ttl: -1 }], undefined, asker.tenant);
    expect([await ask(), await ask({ forceRefresh: true }), await ask()]).toEqual(['cache', 'none', 'none']);
  });

  it('gives an answer that is too large to be kept, or over the quota of its tenant, and does not keep it', async () => {
    const ask = async (room: Room) => {
      await room.documents.upsert([{ id: 'd', text: 'We open at nine.' }], undefined, asker.tenant);
      return room.queries.ask({ query: 'open at nine' }, asker);
    };
    const small = await aRoom({ CACHE_ENTRY_MAX: '1KiB' });
    const wide = { query: 'open at nine', vector: { k: 20 } };
    const many = Array.from({ length: 20 }, (_, at) => ({ id: `d${at}`, text: `We open at ${at}.` }));
    await small.documents.upsert(many, undefined, asker.tenant);
    expect(await small.queries.ask(wide, asker)).toMatchObject({ source: 'vectordb', expiresAt: null });
    const full: StorageQuota = {
      hold: () => Promise.reject(failure('quota.exceeded', { quota: 'storedEntries', limit: 1 })),
      release: async () => {},
    };
    const room = await aRoom({}, { quota: full });
    expect(await ask(room)).toMatchObject({ source: 'vectordb', expiresAt: null });
    await expect(room.answers.write({ query: 'q', response: 1 }, asker)).rejects.toMatchObject({
      code: 'quota.exceeded',
    });
    const broken = await aRoom();
    broken.cache.keep = () => Promise.reject(new Error('odd'));
    await expect(ask(broken)).rejects.toThrow('odd');
  });

  it('ends a caller’s waiting with its signal, and keeps what was under way', async () => {
    const { queries, documents } = await aRoom();
    await documents.upsert([{ id: 'd', text: 'We open at nine.' }], undefined, asker.tenant);
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(queries.ask({ query: 'open at nine' }, asker, { signal })).rejects.toThrow('gone');
    await expect.poll(() => queries.recall({ query: 'open at nine' }, asker)?.hit).toBe(true);
  });

  it('gives what was retrieved though a purge came in between, and does not keep it', async () => {
    const { queries, documents, answers, cache } = await aRoom();
    await documents.upsert([{ id: 'd', text: 'We open at nine.' }], undefined, asker.tenant);
    const stop = listen('provider.call', ({ family }) => {
      if (family === 'embedding-model') void answers.purge({}, asker);
    });
    const asked = await queries.ask({ query: 'open at nine' }, asker);
    stop();
    expect(asked).toMatchObject({ source: 'vectordb', expiresAt: null, freshFor: null });
    expect(cache.stats()).toMatchObject([{ entries: 0 }]);
  });
});
