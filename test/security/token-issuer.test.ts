// An issuer that fails takes the service with it neither at the start nor later, and no key of its is taken for another kind.

import jsonwebtoken from 'jsonwebtoken';
import { expect, onTestFinished, test } from 'vitest';
import { anRsaPair, type Behaviour, type IssuerServer, json, published, startIssuer } from '../doubles/token-issuer.js';
import { startTestServer } from '../support/server.js';

const pair = anRsaPair();
const claims = { sub: 'ann', scope: 'cache:read', aud: 'resk', iss: 'the issuer' };

async function aService(issuer: IssuerServer, env: Record<string, string> = {}) {
  const server = await startTestServer({
    NODE_ENV: 'production',
    OUTGOING_ALLOWED_HOSTS: '127.0.0.1',
    KEY_NAME_SECRET: 'a secret for names, long enough for it',
    CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString('base64'),
    JWT_ALGORITHMS: 'RS256',
    JWT_JWKS_URL: `${issuer.url}/keys`,
    JWT_JWKS_TIMEOUT: '300ms',
    JWT_JWKS_REFRESH: '1s',
    JWT_JWKS_BACKOFF: '100ms',
    JWT_ISSUER: 'the issuer',
    JWT_AUDIENCE: 'resk',
    ...env,
  });
  onTestFinished(() => server.stop());
  const ask = async (token: string) => {
    const reply = await server.send('POST', '/api/cache/query', { token, body: { query: 'Who?' } });
    return { status: reply.status, code: reply.json.code as string | undefined, headers: reply.headers };
  };
  return { server, ask };
}

async function anIssuer() {
  const issuer = await startIssuer([published(pair, { kid: 'one' })]);
  onTestFinished(() => issuer.stop());
  return issuer;
}

const signed = (keyid: string) =>
  jsonwebtoken.sign(claims, pair.privateKey, { algorithm: 'RS256', keyid, expiresIn: 600, jwtid: `${Math.random()}` });

const faults: Array<[string, (issuer: IssuerServer) => Behaviour]> = [
  ['slow', () => () => undefined],
  ['down', () => (reply) => void reply.socket!.destroy()],
  ['huge', () => (reply) => json(reply, { keys: [], more: 'x'.repeat(8 * 1024 ** 2) })],
  ['redirecting', (issuer) => (reply) => void reply.writeHead(302, { location: `${issuer.url}/other` }).end()],
];

test.each(faults)('JWKS endpoint slow, down, huge, redirecting (%s)', async (_, fault) => {
  const issuer = await anIssuer();
  const { server, ask } = await aService(issuer);
  const known = signed('one');
  expect((await ask(known)).status).toBe(200);
  issuer.behave = fault(issuer);
  const before = issuer.asked['/keys']!;
  await expect.poll(() => issuer.asked['/keys'], { timeout: 10_000 }).toBeGreaterThan(before);
  // Known and new tokens of known keys are believed on; a new key cannot be known, and that is nobody's fault.
  expect((await ask(known)).status).toBe(200);
  expect((await ask(signed('one'))).status).toBe(200);
  const unknown = await ask(signed('two'));
  expect(unknown).toMatchObject({ status: 503, code: 'auth.keys_unavailable' });
  expect(Number(unknown.headers.get('retry-after'))).toBeGreaterThan(0);
  // The service itself lives on, and asks no more often than allowed whatever is made up.
  const asked = issuer.asked['/keys']!;
  await Promise.all(Array.from({ length: 20 }, (_, at) => ask(signed(`made-up-${at}`))));
  expect(issuer.asked['/keys']! - asked).toBeLessThan(10);
  expect(issuer.asked['/other']).toBeUndefined();
  expect((await server.send('GET', '/health/live', { token: null })).status).toBe(200);
  issuer.behave = undefined;
  issuer.keys.push(published(pair, { kid: 'two' }));
  await expect.poll(async () => (await ask(signed('two'))).status, { timeout: 20_000 }).toBe(200);
});

test('RS/HS confusion with a published key', async () => {
  const issuer = await anIssuer();
  issuer.keys.push({ kty: 'oct', kid: 'secret', k: Buffer.from('known to all').toString('base64url'), alg: 'HS256' });
  issuer.keys.push(published(anRsaPair(), { kid: 'hs', alg: 'HS256' }));
  const { ask } = await aService(issuer, {
    JWT_ALGORITHMS: 'RS256,HS256',
    JWT_SECRET: 'the secret of the service itself, not published',
  });
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  for (const [secret, keyid] of [
    [pem, 'one'],
    ['known to all', 'secret'],
    [JSON.stringify(published(pair)), 'one'],
  ] as const) {
    const token = jsonwebtoken.sign(claims, secret, { algorithm: 'HS256', keyid, expiresIn: 600 });
    expect(await ask(token)).toMatchObject({ status: 401, code: 'auth.signature' });
  }
  const other = jsonwebtoken.sign(claims, pair.privateKey, { algorithm: 'PS256', keyid: 'one', expiresIn: 600 });
  expect(await ask(other)).toMatchObject({ status: 401, code: 'auth.algorithm' });
  expect((await ask(signed('hs'))).status).toBe(401);
  expect((await ask(signed('one'))).status).toBe(200);
});

test('an issuer at an address that may not be called stops the start', async () => {
  const issuer = await anIssuer();
  await expect(aService(issuer, { OUTGOING_ALLOWED_HOSTS: 'elsewhere' })).rejects.toMatchObject({
    code: 'outgoing.refused',
  });
  expect(issuer.asked).toEqual({});
});
