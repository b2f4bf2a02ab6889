// Two instances on one Redis are one service: what one keeps, counts or forgets, the other knows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

let redis: RedisServer;
let one: TestServer;
let other: TestServer;
beforeAll(async () => {
  redis = await startRedis();
  const env = {
    JWT_SECRET: 'a secret of at least thirty-two characters',
    CACHE_BACKEND: 'redis',
    REDIS_URL: redis.url,
    VECTORDB_TYPE: 'none',
    RATE_LIMIT_MAX: '50',
    CACHE_STORE_TIMEOUT: '2s',
  };
  one = await startTestServer(env);
  other = await startTestServer(env);
});
afterAll(async () => {
  await one?.stop();
  await other?.stop();
  await redis?.stop();
});

const write = (at: TestServer, body: object) => at.send('POST', '/api/cache', { body });
const ask = async (at: TestServer, query: string) =>
  (await at.send('POST', '/api/cache/query', { body: { query } })).json;

describe('two instances', () => {
  it('share answers: the second time from memory', async () => {
    await write(one, { query: 'shared', response: 'yes' });
    expect(await ask(other, 'shared')).toMatchObject({ hit: true, tier: 'redis', result: 'yes' });
    expect(await ask(other, 'shared')).toMatchObject({ hit: true, tier: 'memory' });
  });

  it.each(['?tag=x', '?query=purged', '?subject=ann', ''])('share a purge%s, in memory too', async (selector) => {
    await write(one, { query: 'purged', response: 1, tags: ['x'], subject: 'ann' });
    for (const at of [one, other]) expect((await ask(at, 'purged')).hit).toBe(true);
    expect((await one.send('DELETE', `/api/cache${selector}`)).status).toBe(200);
    expect((await ask(one, 'purged')).hit).toBe(false);
    await expect.poll(async () => (await ask(other, 'purged')).hit).toBe(false);
  });

  it('take turns together', async () => {
    await write(one, { query: 'turns', response: { variants: ['a', 'b', 'c'] }, variantStrategy: 'round-robin' });
    const found = [];
    for (const at of [one, other, one, other]) found.push((await ask(at, 'turns')).variant.index);
    expect(found).toEqual([0, 1, 2, 0]);
  });

  it('count a caller together', async () => {
    const token = one.token({ subject: 'busy' });
    const statuses: number[] = [];
    for (let index = 0; index < 51; index++) {
      const at = index % 2 === 0 ? one : other;
      statuses.push((await at.send('POST', '/api/cache/query', { token, body: { query: 'x' } })).status);
    }
    expect(statuses.slice(0, 50).every((status) => status === 200)).toBe(true);
    expect(statuses[50]).toBe(429);
  });
});
