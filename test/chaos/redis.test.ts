// A Redis that is down, killed or frozen costs hits, and no caller an answer; it is used again by itself.
import { createClient } from '@keyv/redis';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { metric } from '../support/metrics.js';
import { freePort, type RedisServer, startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

const QUESTION = 'When does the library open?';
const ANSWER = 'at nine';
const DOCUMENT = 'A lost card is replaced.';
/** Found in the vector store alone. */
const RETRIEVED = 'Is a lost card replaced?';

/** A server on the Redis of that address, with one document. Requests that take longer than 5 s end as 504. */
async function aServer(url: string, env: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer({
    CACHE_BACKEND: 'redis',
    REDIS_URL: url,
    CACHE_STORE_TIMEOUT: '100ms',
    REQUEST_TIMEOUT: '5s',
    VECTOR_THRESHOLD: '0',
    ...env,
  });
  onTestFinished(() => server.stop());
  await server.send('POST', '/api/vectors/upsert', { body: { documents: [{ id: 'card', text: DOCUMENT }] } });
  return server;
}

const write = (server: TestServer, query = QUESTION) =>
  server.send('POST', '/api/cache', { body: { query, response: ANSWER } });
const ask = (server: TestServer, query = QUESTION) => server.send('POST', '/api/cache/query', { body: { query } });
const ready = (server: TestServer) => server.send('GET', '/health/ready', { token: null });
const storeFailures = (server: TestServer) => metric(server, 'resk_cache_store_failures_total', { tier: 'redis' });

async function keysOf(url: string): Promise<string[]> {
  const client = createClient({ url });
  await client.connect();
  const keys = await client.keys('*');
  client.destroy();
  return keys.map(String);
}

describe('a Redis that is down at the start', () => {
  it('keeps no server from starting and answering, and is used once it is up', async () => {
    const port = await freePort();
    const server = await aServer(`redis://127.0.0.1:${port}`);
    expect(await write(server)).toMatchObject({ status: 200 });
    expect(await ask(server)).toMatchObject({ status: 200, json: { result: ANSWER, tier: 'memory' } });
    expect(await ask(server, RETRIEVED)).toMatchObject({ status: 200, json: { source: 'vectordb' } });
    expect(await ready(server)).toMatchObject({
      status: 200,
      json: { checks: expect.arrayContaining([{ name: 'cache', ok: false, critical: false }]) },
    });

    const redis = await startRedis({ port });
    onTestFinished(() => redis.stop());
    const cacheCheck = async () =>
      (await ready(server)).json.checks.find((one: { name: string }) => one.name === 'cache');
    await expect.poll(cacheCheck, { timeout: 15_000 }).toMatchObject({ ok: true });
    await write(server);
    expect(await keysOf(redis.url)).toContainEqual(expect.stringMatching(/^resk:e:/));
  });

  it('is 503 for readiness where the operator requires the cache, until it is up', async () => {
    const port = await freePort();
    const server = await aServer(`redis://127.0.0.1:${port}`, { READY_REQUIRES: 'cache' });
    expect(await ready(server)).toMatchObject({ status: 503, json: { status: 'unavailable' } });
    expect(await ask(server)).toMatchObject({ status: 200 });
    const redis = await startRedis({ port });
    onTestFinished(() => redis.stop());
    await expect.poll(async () => (await ready(server)).status, { timeout: 15_000 }).toBe(200);
  });
});

describe('a Redis that fails while the server runs', () => {
  let redis: RedisServer;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(() => redis.stop());

  it('killed under load, costs no caller an answer', async () => {
    const server = await aServer(redis.url);
    await write(server);
    const statuses: number[] = [];
    const results = new Set<string>();
    const requests = 300;
    let sent = 0;
    const connection = async () => {
      while (sent < requests) {
        const at = sent++;
        if (at === 100) await redis.kill();
        const { status, json } = await (at % 2 ? ask(server) : ask(server, `${RETRIEVED} ${at}`));
        statuses.push(status);
        results.add(at % 2 ? json.result : json.result.matches[0].id);
      }
    };
    await Promise.all(Array.from({ length: 16 }, connection));
    expect(statuses).toEqual(Array(requests).fill(200));
    expect([...results].sort()).toEqual([ANSWER, 'card']);
    expect(await storeFailures(server)).toBeGreaterThan(0);
    expect(await ready(server)).toMatchObject({ status: 200 });

    await redis.restart();
    const inRedis = async () => {
      await write(server, 'Written after the restart');
      return (await keysOf(redis.url)).some((key) => key.startsWith('resk:e:'));
    };
    await expect.poll(inRedis, { timeout: 15_000 }).toBe(true);
  });

  it('frozen, costs a wait within the deadline, then none; thawed, it is used again', async () => {
    const server = await aServer(redis.url, { CACHE_MEMORY_MAX: '0B' });
    await write(server);
    expect(await ask(server)).toMatchObject({ json: { tier: 'redis' } });
    const circuit = () => metric(server, 'resk_provider_circuit_open', { provider: 'redis' });

    redis.freeze();
    // Without memory the flow answers everything.
    for (let round = 0; round < 4; round++) {
      const replies = await Promise.all(Array.from({ length: 8 }, () => ask(server)));
      expect(replies.map(({ status, json }) => [status, json.source])).toEqual(Array(8).fill([200, 'vectordb']));
    }
    expect(await circuit()).toBe(1);
    expect(await storeFailures(server)).toBeGreaterThan(0);

    redis.thaw();
    await expect.poll(async () => (await ask(server)).json.tier, { timeout: 15_000 }).toBe('redis');
    expect(await circuit()).toBe(0);
  });

  it('serves answers from memory while it is frozen', async () => {
    const server = await aServer(redis.url);
    await write(server);
    redis.freeze();
    const replies = await Promise.all(Array.from({ length: 16 }, () => ask(server)));
    for (const reply of replies) expect(reply).toMatchObject({ status: 200, json: { result: ANSWER, tier: 'memory' } });
  });

  it('leaves the rate limit in force: what was counted there counts on here', async () => {
    const server = await aServer(redis.url, { RATE_LIMIT_MAX: '10' });
    const token = server.token({ subject: 'somebody' });
    const limited = async (requests: number) => {
      const statuses: number[] = [];
      for (let at = 0; at < requests; at++) {
        const body = { query: QUESTION };
        statuses.push((await server.send('POST', '/api/cache/query', { token, body })).status);
      }
      return statuses;
    };
    expect(await limited(6)).toEqual(Array(6).fill(200));
    await redis.kill();
    expect(await limited(8)).toEqual([...Array(4).fill(200), ...Array(4).fill(429)]);
  });

  it.each(['', `?query=${encodeURIComponent(QUESTION)}`, '?tag=hours'])(
    'refuses a purge (%s) that it cannot carry out everywhere, and carries it out here',
    async (selector) => {
      const server = await aServer(redis.url);
      await server.send('POST', '/api/cache', { body: { query: QUESTION, response: ANSWER, tags: ['hours'] } });
      await redis.kill();
      const purged = await server.send('DELETE', `/api/cache${selector}`);
      expect(purged).toMatchObject({ status: 503, json: { code: 'cache.store_unavailable' } });
      expect(purged.json.detail).toBe('The redis store does not answer, and the operation cannot be done without it.');
      expect(purged.headers.get('retry-after')).toBeTruthy();
      expect((await ask(server)).json).toMatchObject({ hit: false, source: 'vectordb' });

      await redis.restart();
      const again = () => server.send('DELETE', `/api/cache${selector}`);
      await expect.poll(async () => (await again()).status, { timeout: 15_000 }).toBe(200);
    },
  );
});
