// An erasure and a write that race: what was begun before the erasure does not survive it, on whichever instance.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { receiptProblem } from '#query';
import { type Behaviour, honestly, OpenAiDouble } from '../doubles/openai.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

let redis: RedisServer;
let provider: OpenAiDouble;
let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  [redis, provider] = await Promise.all([startRedis(), OpenAiDouble.start()]);
  const env = {
    CACHE_BACKEND: 'redis',
    REDIS_URL: redis.url,
    JWT_SECRET: 'a secret of the tests that is long enough',
    CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 3).toString('base64'),
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: provider.url,
    EMBEDDING_API_KEY: 'none',
    EMBEDDING_DIMENSIONS: '8',
    // What a busy machine needs; how long is not what is tested here.
    CACHE_STORE_TIMEOUT: '5s',
    VECTOR_THRESHOLD: '0',
  };
  [here, there] = await Promise.all([startTestServer(env), startTestServer(env)]);
});
afterAll(async () => {
  await Promise.all([here, there].map((server) => server.stop()));
  await Promise.all([provider.stop(), redis.stop()]);
});

/** A tenant of its own for each test, at either instance. */
let tenants = 0;
function aTenant() {
  const token = here.token({ tenant: `tenant-${++tenants}` });
  const post = async (at: TestServer, path: string, body: unknown) => at.send('POST', path, { token, body });
  return {
    write: (at: TestServer, query: string) => post(at, '/api/cache', { query, response: 'of Ann', subject: 'ann' }),
    ask: async (at: TestServer, query: string) => (await post(at, '/api/cache/query', { query })).json,
    upsert: (at: TestServer, documents: object[]) => post(at, '/api/vectors/upsert', { documents }),
    erase: async (at: TestServer) => (await at.send('DELETE', '/api/privacy/subjects/ann', { token })).json,
    keys: async () => (await here.send('GET', '/api/privacy/receipt-keys', { token })).json.keys,
    kept: async (at: TestServer) => {
      const items: unknown[] = [];
      for (let cursor = ''; ; ) {
        const page = (await at.send('GET', `/api/privacy/subjects/ann?limit=200${cursor}`, { token })).json;
        items.push(...page.items);
        if (page.cursor === null) return items;
        cursor = `&cursor=${page.cursor}`;
      }
    },
  };
}

/** The provider holds its next answer: `held` when it was asked, until `release`. */
function holding() {
  const held = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const behaviour: Behaviour = (exchange) => {
    held.resolve();
    void released.promise.then(() => honestly(exchange));
  };
  provider.next(behaviour);
  return { held: held.promise, release: () => released.resolve() };
}

const ANN = { id: 'a', text: 'Ann likes tea.', subject: 'ann' };
const BOB = { id: 'b', text: 'Bob likes tea.', subject: 'bob' };

it('erase racing a write: documents that were being embedded are taken back, and those of others stay', async () => {
  const { upsert, erase, kept, ask } = aTenant();
  const embedding = holding();
  const upserting = upsert(here, [ANN, BOB]);
  await embedding.held;
  expect((await erase(there)).erased).toEqual({ entries: 0, documents: 0, idempotency: 0 });
  embedding.release();
  expect(await upserting).toMatchObject({ status: 409, json: { code: 'privacy.erased_meanwhile' } });
  expect(await kept(here)).toEqual([]);
  const { result } = await ask(here, 'Who likes tea?');
  expect(result.matches.map(({ id }: { id: string }) => id)).toEqual(['b']);
});

it('erase racing a write: an answer that was being retrieved is neither kept nor counted', async () => {
  const { upsert, erase, kept, ask } = aTenant();
  await upsert(here, [ANN, BOB]);
  const embedding = holding();
  const asking = ask(here, 'Who likes tea?');
  await embedding.held;
  const receipt = await erase(here);
  embedding.release();
  expect(JSON.stringify(await asking)).not.toContain('Ann');
  expect(receipt.erased).toMatchObject({ entries: 0, documents: 1 });
  expect(await kept(here)).toEqual([]);
  expect(JSON.stringify(await ask(here, 'Who likes tea?'))).not.toContain('Ann');
});

it('erase racing writes of answers: whatever was said to be kept is in the receipt or still there, and one more erasure leaves nothing', async () => {
  const { write, erase, kept, keys } = aTenant();
  const writing = Array.from({ length: 60 }, (_, at) => write(at % 2 ? here : there, `question ${at}`));
  const receipt = await erase(here);
  const replies = await Promise.all(writing);
  const stored = replies.filter(({ status }) => status === 200).length;
  const refusals = replies.filter(({ status }) => status !== 200).map(({ json }) => json.code);
  // Begun before the erasure, or while it was at work: then it may be sent again.
  expect(refusals.filter((code) => !['privacy.erased_meanwhile', 'cache.not_kept'].includes(code))).toEqual([]);
  const left = await kept(there);
  expect(receipt.erased.entries + left.length).toBeGreaterThanOrEqual(stored);
  const last = await erase(there);
  expect(last.erased.entries).toBe(left.length);
  expect([await kept(here), await kept(there)]).toEqual([[], []]);
  for (const one of [receipt, last]) expect(receiptProblem(one, await keys(), 'ann')).toBeUndefined();
});

it('an erasure on one instance empties the memory of the other', async () => {
  const { write, ask, erase } = aTenant();
  await write(here, 'Who is Ann?');
  await ask(there, 'Who is Ann?');
  expect(await ask(there, 'Who is Ann?')).toMatchObject({ hit: true, tier: 'memory' });
  expect((await erase(here)).erased.entries).toBe(1);
  expect(await ask(there, 'Who is Ann?')).toMatchObject({ hit: false });
});
