// What the cache holds can be listed, described, filled ahead and forgotten; what was forgotten is never served again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

interface Listed {
  key: string;
  tags: string[];
  origin: string;
}

describe.each(['memory', 'sqlite'])('with the backend %s', (backend) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ CACHE_BACKEND: backend, RATE_LIMIT_MAX: '100000', CACHE_TTL_JITTER: '0' });
  });
  afterAll(() => server.stop());

  /** What is known where only the memory tier holds entries; the store does not count what it purges by tag. */
  const counted = (count: number) => (backend === 'memory' ? count : null);

  let tenants = 0;
  function aTenant() {
    const token = server.token({ tenant: `tenant-${++tenants}` });
    const send = (method: string, path: string, body?: object) => server.send(method, path, { token, body });
    return {
      send,
      write: async (query: string, more: object = {}) =>
        (await send('POST', '/api/cache', { query, response: query, ...more })).json.key as string,
      ask: async (query: string, more: object = {}) =>
        (await send('POST', '/api/cache/query', { query, ...more })).json,
      purge: async (selector = '') => (await send('DELETE', `/api/cache${selector}`)).json,
      keys: async () =>
        ((await send('GET', '/api/cache/entries?limit=500')).json.entries as Listed[]).map((one) => one.key),
    };
  }

  describe('a purge', () => {
    it('by tag forgets what carries it, and counts it where that is known', async () => {
      const { write, ask, purge } = aTenant();
      await write('one', { tags: ['red', 'round'] });
      await write('two', { tags: ['red'] });
      await write('three', { tags: ['round'] });
      expect(await purge('?tag=red')).toEqual({ success: true, purged: counted(2) });
      expect((await ask('one')).hit).toBe(false);
      expect((await ask('two')).hit).toBe(false);
      expect((await ask('three')).hit).toBe(true);
      expect(await purge('?tag=none')).toEqual({ success: true, purged: counted(0) });
    });

    it('by question forgets it in every language, with all params, however it was retrieved', async () => {
      const { send, write, ask, purge } = aTenant();
      const variations: object[] = [{}, { language: 'fr' }, { model: 'm', params: { t: 1 } }];
      for (const variation of variations) await write('When do you open?', variation);
      await write('Where are you?');
      await send('POST', '/api/vectors/upsert', { documents: [{ id: 'd', text: 'When do you open? At nine.' }] });
      const shaped = { language: 'de', vector: { k: 1, threshold: 0 } };
      expect((await ask('When do you open?', shaped)).source).toBe('vectordb');
      expect((await ask('When do you open?', shaped)).source).toBe('cache');

      const spelling = encodeURIComponent('  when do you OPEN ');
      expect(await purge(`?query=${spelling}`)).toEqual({ success: true, purged: counted(4) });
      for (const variation of [...variations, shaped]) {
        expect((await ask('When do you open?', { ...variation, vector: { k: 1 } })).hit).toBe(false);
      }
      expect((await ask('Where are you?')).hit).toBe(true);
    });

    it('by subject forgets what is about a person', async () => {
      const { write, ask, purge } = aTenant();
      await write('one', { subject: 'ann' });
      await write('two', { subject: 'bob' });
      expect(await purge('?subject=ann')).toEqual({ success: true, purged: counted(1) });
      expect((await ask('one')).hit).toBe(false);
      expect((await ask('two')).hit).toBe(true);
    });

    it('without a selector forgets all of the tenant, and nothing of another', async () => {
      const [here, there] = [aTenant(), aTenant()];
      for (const query of ['one', 'two', 'three']) {
        await here.write(query, { tags: ['x'] });
        await there.write(query, { tags: ['x'] });
      }
      const { purged } = await here.purge();
      expect(purged).toBe(3);
      expect(await here.keys()).toEqual([]);
      expect((await here.ask('one')).hit).toBe(false);
      expect(await there.keys()).toHaveLength(3);
      await here.write('one');
      expect((await here.ask('one')).hit).toBe(true);
    });

    it('lets the same be written and purged again', async () => {
      const { write, ask, purge } = aTenant();
      for (let round = 0; round < 3; round++) {
        await write('one', { tags: ['x'] });
        expect((await ask('one')).hit).toBe(true);
        await purge('?tag=x');
        expect((await ask('one')).hit).toBe(false);
      }
    });
  });

  describe('entries', () => {
    it('are listed page by page, each exactly once', async () => {
      const { send, write } = aTenant();
      const written = [];
      for (let index = 0; index < 23; index++) written.push(await write(`question ${index}`));
      const listed: string[] = [];
      let pages = 0;
      for (let cursor: string | null = ''; cursor !== null; pages++) {
        const from: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
        const { json } = await send('GET', `/api/cache/entries?limit=5${from}`);
        listed.push(...json.entries.map((one: Listed) => one.key));
        cursor = json.cursor;
      }
      expect(listed.toSorted()).toEqual(written.toSorted());
      expect(pages).toBeGreaterThanOrEqual(5);
    });

    it('are described by what is known of them, never by what they hold', async () => {
      const { send, write } = aTenant();
      const key = await write('a secret question', {
        response: 'a secret answer',
        tags: ['b', 'a'],
        ttl: 60,
        staleTtl: 5,
      });
      const { json, text } = await send('GET', `/api/cache/entries/${key}`);
      expect(json).toMatchObject({ key, origin: 'written', tags: ['b', 'a'], bytes: expect.any(Number) });
      expect(Date.parse(json.expiresAt) - Date.parse(json.createdAt)).toBe(60_000);
      expect(Date.parse(json.staleUntil) - Date.parse(json.expiresAt)).toBe(5000);
      expect(text).not.toContain('secret');
      expect((await send('GET', '/api/cache/entries')).text).not.toContain('secret');
    });

    it('are forgotten one by one, and are absent then', async () => {
      const { send, write, ask, keys } = aTenant();
      const key = await write('one');
      const other = await write('two');
      expect(await send('DELETE', `/api/cache/entries/${key}`)).toMatchObject({ status: 200, json: { purged: 1 } });
      for (const method of ['GET', 'DELETE']) {
        const absent = await send(method, `/api/cache/entries/${key}`);
        expect(absent).toMatchObject({ status: 404, json: { code: 'cache.entry_absent' } });
      }
      expect((await ask('one')).hit).toBe(false);
      expect(await keys()).toEqual([other]);
    });

    it('are written many at once, each as if it were alone', async () => {
      const { send, ask, purge } = aTenant();
      const entries = [
        { query: 'one', response: 1, tags: ['warm'] },
        { query: 'two', response: { variants: ['b'] }, variantStrategy: 'round-robin', language: 'en' },
      ];
      const warmed = await send('POST', '/api/cache/warmup', { entries });
      expect(warmed).toMatchObject({ status: 200, json: { success: true, written: 2 } });
      expect(await ask('one')).toMatchObject({ result: 1, hit: true });
      expect(await ask('two', { language: 'en' })).toMatchObject({ result: 'b', variant: { index: 0 } });
      await purge('?tag=warm');
      expect((await ask('one')).hit).toBe(false);
    });

    it('are all refused when one of many is wrong, naming it', async () => {
      const { send, keys } = aTenant();
      const refused = await send('POST', '/api/cache/warmup', {
        entries: [
          { query: 'one', response: 1 },
          { query: 'two', response: 2, ttl: 0 },
        ],
      });
      expect(refused).toMatchObject({ status: 400, json: { errors: [{ path: 'entries.1.ttl' }] } });
      expect(await keys()).toEqual([]);
    });

    it('are refused where they are too large to keep', async () => {
      const { send } = aTenant();
      const refused = await send('POST', '/api/cache', { query: 'x', response: 'x'.repeat(1024 ** 2) });
      expect(refused).toMatchObject({ status: 413, json: { code: 'cache.entry_too_large' } });
    });
  });
});

it('says so where nothing can keep an answer', async () => {
  const server = await startTestServer({ CACHE_BACKEND: 'memory', CACHE_MEMORY_MAX: '0B', VECTORDB_TYPE: 'none' });
  try {
    const reply = await server.send('POST', '/api/cache', { body: { query: 'x', response: 1 } });
    expect(reply).toMatchObject({ status: 503, json: { code: 'cache.not_kept' } });
    expect(reply.headers.get('retry-after')).toBe('1');
  } finally {
    await server.stop();
  }
});
