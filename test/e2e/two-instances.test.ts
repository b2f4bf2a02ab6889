// Two servers on one Redis are one service: what one forgets, counts or says holds for the other.
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { connectPlain, connectSocketIo } from '../support/event-clients.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

const LIMIT = 60;
const QUESTION = 'When does the library open?';

let redis: RedisServer;
let here: TestServer;
let there: TestServer;
beforeAll(async () => {
  redis = await startRedis();
  const env = {
    CACHE_BACKEND: 'redis',
    REDIS_URL: redis.url,
    JWT_SECRET: 'a secret of the tests that is long enough',
    RATE_LIMIT_MAX: String(LIMIT),
  };
  [here, there] = await Promise.all([startTestServer(env), startTestServer(env)]);
});
afterAll(async () => {
  await Promise.all([here, there].map((server) => server.stop()));
  await redis.stop();
});

/** A tenant of its own for each test, at either door. */
let tenants = 0;
function aTenant() {
  const token = here.token({ tenant: `tenant-${++tenants}` });
  return {
    token,
    write: (at: TestServer, response: unknown, more: object = {}) =>
      at.send('POST', '/api/cache', { token, body: { query: QUESTION, response, ...more } }),
    ask: async (at: TestServer) =>
      (await at.send('POST', '/api/cache/query', { token, body: { query: QUESTION } })).json,
    forget: (at: TestServer, path: string) => at.send('DELETE', path, { token }),
  };
}

it('an answer written on one is served by the other, from Redis first and from its own memory then', async () => {
  const { write, ask } = aTenant();
  await write(here, 'at nine');
  expect(await ask(there)).toMatchObject({ result: 'at nine', tier: 'redis' });
  expect(await ask(there)).toMatchObject({ result: 'at nine', tier: 'memory' });
});

it('an answer that is written anew on one leaves the memory of the other', async () => {
  const { write, ask } = aTenant();
  await write(here, 'at nine');
  for (const _ of ['redis', 'memory']) await ask(there);
  await write(here, 'at ten');
  await expect.poll(async () => (await ask(there)).result).toBe('at ten');
  expect((await ask(here)).result).toBe('at ten');
});

it.each([
  ['all of the tenant', () => '/api/cache'],
  ['a tag', () => '/api/cache?tag=hours'],
  ['a question', () => `/api/cache?query=${encodeURIComponent(QUESTION)}`],
  ['a person', () => '/api/cache?subject=ann'],
  ['an entry', (key: string) => `/api/cache/entries/${key}`],
])('a purge of %s on one leaves nothing in the memory of the other', async (_, pathOf) => {
  const { write, ask, forget } = aTenant();
  const { key } = (await write(here, 'at nine', { tags: ['hours'], subject: 'ann' })).json;
  for (const _ of ['redis', 'memory']) await ask(there);
  expect((await forget(here, pathOf(key))).status).toBe(200);
  await expect.poll(() => ask(there)).toMatchObject({ hit: false, source: 'none' });
  expect(await ask(here)).toMatchObject({ hit: false });
});

it('a purge leaves other tenants alone, on both', async () => {
  const [one, other] = [aTenant(), aTenant()];
  for (const tenant of [one, other]) {
    await tenant.write(here, 'at nine');
    await tenant.ask(there);
  }
  await one.forget(here, '/api/cache');
  await expect.poll(() => one.ask(there)).toMatchObject({ hit: false });
  for (const at of [here, there]) expect(await other.ask(at)).toMatchObject({ result: 'at nine', tier: 'memory' });
});

it('variants in turn go on with the next one, whichever is asked', async () => {
  const { write, ask } = aTenant();
  const variants = ['a', 'b', 'c'];
  await write(here, { variants }, { variantStrategy: 'round-robin' });
  const indexes: number[] = [];
  for (const at of [here, there, there, here, there, here]) indexes.push((await ask(at)).variant.index);
  expect(indexes).toEqual([0, 1, 2, 0, 1, 2]);
});

it('a caller has one limit, however the requests are spread', async () => {
  const { token } = aTenant();
  const statuses: number[] = [];
  for (let at = 0; at < LIMIT + 4; at++) {
    const { status } = await [here, there][at % 2]!.send('GET', '/api/vectors/collections', { token });
    statuses.push(status);
  }
  expect(statuses).toEqual([...Array(LIMIT).fill(200), ...Array(4).fill(429)]);
});

it.each([
  ['Socket.IO', connectSocketIo],
  ['plain WebSocket', connectPlain],
])('what is published on one reaches subscribers of the tenant on the other, over %s', async (_, connect) => {
  const { token } = aTenant();
  const member = async (at: TestServer, as: string) => {
    const client = await connect(at.url, as);
    onTestFinished(() => client.close());
    await client.say({ type: 'subscribe', channel: 'news' });
    return client;
  };
  const stranger = await member(there, aTenant().token);
  const [publisher, listener] = [await member(here, token), await member(there, token)];
  await publisher.say({ type: 'publish', channel: 'news', data: { text: 'hello' } });
  expect(await listener.next()).toMatchObject({ channel: 'news', data: { text: 'hello' } });
  await stranger.say({ type: 'publish', channel: 'news', data: 'our own' });
  expect((await stranger.next()).data).toBe('our own');
});
