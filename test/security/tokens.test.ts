// What a token must not get its bearer: another role or tenant, an end that never comes, a key of another kind.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import { expect, onTestFinished, test } from 'vitest';
import { startTestServer } from '../support/server.js';

const SECRET = 'a secret of at least thirty-two characters';
const QUESTION = { query: 'Who may read this?' };
const seconds = () => Math.floor(Date.now() / 1000);

async function aServer(env: Record<string, string> = {}) {
  const server = await startTestServer({ JWT_SECRET: SECRET, ...env });
  onTestFinished(() => server.stop());
  return server;
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('forged role or tenant claim on a warm entry', async () => {
  const server = await aServer();
  const good = server.token({ tenant: 'north', subject: 'ann', scopes: ['cache:read', 'cache:write'] });
  await server.send('POST', '/api/cache', { token: good, body: { ...QUESTION, response: 'of the north' } });
  // Warm in every sense: the entry in memory, the token among the verified ones.
  const ask = (token: string) => server.send('POST', '/api/cache/query', { token, body: QUESTION });
  expect((await ask(good)).json).toMatchObject({ hit: true, tier: 'memory', result: 'of the north' });

  const [head, claims, signature] = good.split('.') as [string, string, string];
  const genuine = JSON.parse(Buffer.from(claims, 'base64url').toString()) as object;
  const stranger = server.token({ tenant: 'south' }).split('.');
  const forged = [
    `${part({ alg: 'none', typ: 'JWT' })}.${claims}.`,
    `${part({ alg: 'none' })}.${part({ ...genuine, scope: 'admin cache:purge' })}.${signature}`,
    `${head}.${part({ ...genuine, scope: 'admin cache:purge' })}.${signature}`,
    `${stranger[0]}.${part({ ...genuine, tenant: 'north' })}.${stranger[2]}`,
    `${head}.${claims}.${createHmac('sha256', 'a guess').update(`${head}.${claims}`).digest('base64url')}`,
    `${head}.${claims}.${signature.slice(0, -1)}${signature.endsWith('A') ? 'B' : 'A'}x`,
    `${head}.${claims}.`,
  ];
  for (const token of forged) {
    const reply = await ask(token);
    expect(reply.status, token).toBe(401);
    expect(reply.text).not.toContain('of the north');
    expect((await server.send('DELETE', '/api/cache', { token })).status).toBe(401);
    const written = await server.send('POST', '/api/cache', { token, body: { ...QUESTION, response: 'poison' } });
    expect(written.status).toBe(401);
  }
  expect((await ask(good)).json.result).toBe('of the north');
  // A genuine token of another tenant is asked about the very same question, and knows nothing.
  expect((await ask(server.token({ tenant: 'south' }))).json).toMatchObject({ hit: false, result: null });
  // Headers and fields of the request are no claims.
  for (const name of ['x-tenant', 'x-tenant-id', 'tenant']) {
    const reply = await server.send('POST', '/api/cache/query', {
      token: server.token({ tenant: 'south' }),
      body: QUESTION,
      headers: { [name]: 'north' },
    });
    expect(reply.json.result).toBeNull();
  }
  expect(
    (await server.send('POST', '/api/cache/query', { token: good, body: { ...QUESTION, tenant: 'south' } })).status,
  ).toBe(400);
});

test('token without exp', async () => {
  const server = await aServer({ JWT_MAX_LIFETIME: '1h' });
  const claims = { sub: 'ann', scope: 'cache:read' };
  const ask = (token: string) => server.send('POST', '/api/cache/query', { token, body: QUESTION });
  const withEnd = (exp: unknown) => {
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ ...claims, exp })}`;
    return `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
  };
  expect(await ask(jsonwebtoken.sign(claims, SECRET, { noTimestamp: true }))).toMatchObject({
    status: 401,
    json: { code: 'auth.no_expiry' },
  });
  for (const odd of [null, '9999999999', true, [], {}, Number.MAX_SAFE_INTEGER]) {
    expect((await ask(withEnd(odd))).status, String(odd)).toBe(401);
  }
  expect(await ask(withEnd(seconds() + 2 * 3600))).toMatchObject({ status: 401, json: { code: 'auth.lifetime' } });
  expect((await ask(withEnd(seconds() + 60))).status).toBe(200);
});

test('RS/HS confusion', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const claims = { sub: 'ann', scope: 'cache:read', exp: seconds() + 60 };
  const ask = async (env: Record<string, string>, token: string) => {
    const server = await aServer({
      JWT_PUBLIC_KEY: pem,
      KEY_NAME_SECRET: 'a secret for names, long enough for it',
      ...env,
    });
    return server.send('POST', '/api/cache/query', { token, body: QUESTION });
  };
  // The public key is known to everybody: signed with it as a secret, a token must not be believed.
  const confused = (secret: string) => {
    const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
    return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
  };
  const der = publicKey.export({ type: 'spki', format: 'der' });
  for (const algorithms of ['RS256', 'HS256,RS256']) {
    for (const secret of [pem, pem.trim(), `${pem}\n`, der.toString('latin1'), der.toString('base64')]) {
      expect((await ask({ JWT_ALGORITHMS: algorithms }, confused(secret))).status, algorithms).toBe(401);
    }
  }
  // And the other way round: an RS256 head over what the secret signed.
  const body = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`;
  const swapped = `${body}.${createHmac('sha256', SECRET).update(body).digest('base64url')}`;
  expect((await ask({ JWT_ALGORITHMS: 'HS256,RS256' }, swapped)).status).toBe(401);
  const genuine = jsonwebtoken.sign(claims, privateKey, { algorithm: 'RS256' });
  expect((await ask({ JWT_ALGORITHMS: 'RS256' }, genuine)).status).toBe(200);
  expect((await ask({ JWT_ALGORITHMS: 'HS256' }, genuine)).status).toBe(401);
}, 120_000);
