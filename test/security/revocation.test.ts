// What was taken back is good nowhere: not on another instance, not in the memory of tokens verified before, not on an open connection.
import { expect, onTestFinished, test } from 'vitest';
import { doors } from '../support/event-clients.js';
import { startRedis } from '../support/redis.js';
import { startTestServer, type TestServer } from '../support/server.js';

const QUESTION = { query: 'Who may read this?' };
const SECRET = 'a secret that both instances know, long enough';
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { jti: string; sub: string };

async function twoInstances(): Promise<[TestServer, TestServer]> {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const env = { CACHE_BACKEND: 'redis', REDIS_URL: redis.url, JWT_SECRET: SECRET };
  const servers = await Promise.all([startTestServer(env), startTestServer(env)]);
  onTestFinished(async () => void (await Promise.all(servers.map((one) => one.stop()))));
  return servers;
}

const ask = async (server: TestServer, token: string) =>
  (await server.send('POST', '/api/cache/query', { token, body: QUESTION })).json as { code?: string; hit?: boolean };

test('revoked token in the verified-token memory', async () => {
  const [one, other] = await twoInstances();
  const admin = one.token({ tenant: 'north', subject: 'boss', scopes: ['admin'] });
  const revoked = one.token({ tenant: 'north', subject: 'ann' });
  const kept = one.token({ tenant: 'north', subject: 'ann' });
  await one.send('POST', '/api/cache', { token: kept, body: { ...QUESTION, response: 'of the north' } });
  // Warm on both: the token among the verified ones, the answer in memory.
  for (const server of [one, other, one, other]) expect(await ask(server, revoked)).toMatchObject({ hit: true });

  const reply = await one.send('POST', '/api/auth/revocations', { token: admin, body: { jti: claimsOf(revoked).jti } });
  expect(reply).toMatchObject({ status: 200, json: { by: 'jti', id: expect.stringMatching(/^[\w-]{43}$/) } });
  expect(await ask(one, revoked)).toMatchObject({ code: 'auth.revoked' });
  await expect.poll(() => ask(other, revoked), { interval: 10, timeout: 5000 }).toMatchObject({ code: 'auth.revoked' });
  for (const server of [one, other]) expect(await ask(server, kept)).toMatchObject({ hit: true });

  // All that the subject holds, until now; what was revoked is nowhere told.
  await one.send('POST', '/api/auth/revocations', { token: admin, body: { sub: 'ann' } });
  await expect.poll(() => ask(other, kept), { interval: 10, timeout: 5000 }).toMatchObject({ code: 'auth.revoked' });
  const listed = await other.send('GET', '/api/auth/revocations', { token: admin });
  expect(listed.json.revocations).toHaveLength(2);
  expect(listed.text).not.toMatch(/ann|tokenId/);
  expect(listed.text).not.toContain(claimsOf(revoked).jti);

  // Taken back again, the token is believed again.
  const lifted = await other.send('DELETE', `/api/auth/revocations/${reply.json.id}`, { token: admin });
  expect(lifted).toMatchObject({ status: 200, json: { success: true } });
  const ofSubject = listed.json.revocations.find(({ by }: { by: string }) => by === 'sub');
  await other.send('DELETE', `/api/auth/revocations/${ofSubject.id}`, { token: admin });
  await expect.poll(() => ask(one, revoked), { interval: 10, timeout: 5000 }).toMatchObject({ hit: true });
  expect((await one.send('DELETE', `/api/auth/revocations/${reply.json.id}`, { token: admin })).json.code).toBe(
    'auth.revocation_absent',
  );
}, 60_000);

test.each(Object.keys(doors) as (keyof typeof doors)[])(
  'revoked token on an open event connection (%s)',
  async (door) => {
    const [one, other] = await twoInstances();
    const token = one.token({ tenant: 'north', subject: 'ann' });
    const bystander = await doors[door](other.url, one.token({ tenant: 'north', subject: 'bob' }));
    const client = await doors[door](other.url, token);
    await client.say({ type: 'subscribe', channel: 'news' });
    const admin = one.token({ tenant: 'north', scopes: ['admin'] });
    await one.send('POST', '/api/auth/revocations', { token: admin, body: { jti: claimsOf(token).jti } });
    expect(await client.ended).toBe(door === 'Socket.IO' ? 'io server disconnect' : 1008);
    await expect(doors[door](other.url, token)).rejects.toThrow();
    expect(await bystander.say({ type: 'ping' })).toMatchObject({ ok: true });
    bystander.close();
  },
  60_000,
);

test('an administrator revokes in its own tenant alone; the operator in any', async () => {
  const server = await startTestServer({ JWT_SECRET: SECRET });
  onTestFinished(() => server.stop());
  const token = server.token({ tenant: 'north', subject: 'ann' });
  const revoke = (tenant: string, body: object, scopes: ('admin' | 'cache:purge')[] = ['admin']) =>
    server.send('POST', '/api/auth/revocations', { token: server.token({ tenant, scopes }), body });

  expect((await revoke('south', { jti: claimsOf(token).jti })).status).toBe(200);
  expect((await revoke('south', { sub: 'ann', tenant: 'north' })).json.code).toBe('auth.operator');
  expect((await revoke('default', { sub: 'ann', tenant: 'north' }, ['cache:purge'])).json.code).toBe('auth.scope');
  expect((await ask(server, token)).hit).toBe(false);
  const reply = await revoke('default', { sub: 'ann', tenant: 'north' });
  expect(reply.status).toBe(200);
  expect(await ask(server, token)).toMatchObject({ code: 'auth.revoked' });

  const admin = server.token({ tenant: 'south', scopes: ['admin'] });
  const path = `/api/auth/revocations/${reply.json.id}`;
  expect((await server.send('DELETE', path, { token: admin })).json.code).toBe('auth.revocation_absent');
  expect((await server.send('DELETE', `${path}?tenant=north`, { token: admin })).json.code).toBe('auth.operator');
  expect((await server.send('GET', '/api/auth/revocations?tenant=north', { token: admin })).json.code).toBe(
    'auth.operator',
  );
  const operator = server.token({ tenant: 'default', scopes: ['admin'] });
  const listed = await server.send('GET', '/api/auth/revocations?tenant=north', { token: operator });
  expect(listed.json.revocations).toMatchObject([{ by: 'sub' }]);
  for (const body of [
    {},
    { jti: 'a', sub: 'b' },
    { jti: '' },
    { sub: 'a\nb' },
    { jti: 'a', expiresAt: '2020-01-01T00:00:00Z' },
  ]) {
    expect((await revoke('north', body)).json.code, JSON.stringify(body)).toBe('request.invalid');
  }
});
