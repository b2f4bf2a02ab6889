// Guessing gets slower the longer it goes on; those who know a good token already are not shut out by it.
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

const QUESTION = { query: 'Who may read this?' };
const SECRET = 'a secret that both instances know, long enough';

async function aServer(env: Record<string, string> = {}) {
  const server = await startTestServer({
    JWT_SECRET: SECRET,
    LOCKOUT_FAILURES: '3',
    TRUSTED_PROXIES: '127.0.0.0/8',
    ...env,
  });
  onTestFinished(() => server.stop());
  return server;
}

const ask = (server: TestServer, token: string, address = '192.0.2.1', path = '/api/cache/query') =>
  server.send('POST', path, { token, body: QUESTION, headers: { 'x-forwarded-for': address } });
/** One path goes past Nest, the other through it. */
const paths = ['/api/cache/query', '/api/cache/query/'];

test.each(paths)('progressive lock-out of an address (%s)', async (path) => {
  const server = await aServer();
  const known = server.token({ subject: 'known' });
  expect((await ask(server, known)).status).toBe(200);
  for (let at = 0; at < 3; at++) expect((await ask(server, `not.a.token${at}`, undefined, path)).status).toBe(401);
  const refused = await ask(server, server.token({ subject: 'new' }), undefined, path);
  expect(refused).toMatchObject({ status: 429, json: { code: 'auth.locked_out' } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(20);
  expect((await ask(server, known, undefined, path)).status).toBe(200);
  expect((await ask(server, server.token({ subject: 'new' }), '192.0.2.2', path)).status).toBe(200);
  const metrics = await server.send('GET', '/api/metrics', { token: null });
  expect(metrics.text).toContain('resk_lockouts_total{who="address"} 1\n');
});

test('progressive lock-out of a subject, never by tokens that only name it', async () => {
  const server = await aServer();
  const token = server.token({ subject: 'ann', scopes: ['cache:read'] });
  const forged = server.token({ subject: 'bob' }).replace(/.{10}$/, 'AAAAAAAAAA');
  for (let at = 0; at < 5; at++) await ask(server, forged, `192.0.2.${at}`);
  expect((await ask(server, server.token({ subject: 'bob' }), '192.0.2.99')).status).toBe(200);
  for (let at = 0; at < 3; at++) {
    const reply = await server.send('DELETE', '/api/cache', { token, headers: { 'x-forwarded-for': `192.0.2.${at}` } });
    expect(reply.json.code).toBe('auth.scope');
  }
  for (const path of paths) {
    expect((await ask(server, token, '192.0.2.7', path)).json.code).toBe('auth.locked_out');
    expect((await ask(server, server.token({ subject: 'ann' }), '192.0.2.8', path)).json.code).toBe('auth.locked_out');
  }
  expect((await ask(server, server.token({ subject: 'ann', tenant: 'south' }))).status).toBe(200);
});

test('progressive lock-out of an administrator who reaches for other tenants', async () => {
  const server = await aServer();
  const token = server.token({ tenant: 'north', subject: 'eve', scopes: ['admin'] });
  const reach = () => server.send('GET', '/api/auth/revocations?tenant=south', { token });
  for (let at = 0; at < 3; at++) expect((await reach()).json.code).toBe('auth.operator');
  expect((await reach()).json.code).toBe('auth.locked_out');
});

test('lock-out on every instance', async () => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const env = { CACHE_BACKEND: 'redis', REDIS_URL: redis.url };
  const [one, other] = [await aServer(env), await aServer(env)];
  for (let at = 0; at < 3; at++) await ask(one, `not.a.token${at}`);
  await expect
    .poll(async () => (await ask(other, 'not.a.token')).json.code, { interval: 50, timeout: 5000 })
    .toBe('auth.locked_out');
});
