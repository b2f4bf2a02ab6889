// Tokens: what resk token mints, and which token a command sends.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import { expect, test } from 'vitest';
import { apiDouble, problem } from './api-double.js';
import { aFile, aFolder, resk, SECRET } from './command-line.js';

const claimsOf = (token: string, secret = SECRET) =>
  jsonwebtoken.verify(token.trim(), secret) as jsonwebtoken.JwtPayload;

test('prints a token for everyday work, and nothing else', async () => {
  const { code, out, err } = await resk(['token']);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const claims = claimsOf(out);
  expect(claims).toMatchObject({ sub: 'developer', tenant: 'default' });
  expect(claims.exp! - claims.iat!).toBe(3600);
  expect(claims.scope.split(' ')).toEqual(expect.arrayContaining(['cache:read', 'cache:purge', 'vectors:write']));
  expect(claims.scope).not.toMatch(/admin|privacy/);
});

test('takes tenant, subject, scopes and life', async () => {
  const argv = [
    'token',
    '--tenant',
    'north',
    '--subject',
    'ann',
    '--scope',
    'cache:read',
    '--scope',
    'admin, privacy',
    '--ttl',
    '90s',
  ];
  const claims = claimsOf((await resk(argv)).out);
  expect(claims).toMatchObject({ sub: 'ann', tenant: 'north', scope: 'cache:read admin privacy' });
  expect(claims.exp! - claims.iat!).toBe(90);
});

test('says what the server checks: audience, issuer, tenant claim, longest life', async () => {
  const env = {
    JWT_AUDIENCE: 'resk,other',
    JWT_ISSUER: 'https://login.example',
    JWT_TENANT_CLAIM: 'org',
    JWT_MAX_LIFETIME: '10m',
  };
  const claims = claimsOf((await resk(['token', '--ttl', '2h'], { env })).out);
  expect(claims).toMatchObject({ aud: 'resk', iss: 'https://login.example', org: 'default' });
  expect(claims.exp! - claims.iat!).toBe(600);
});

test('without JWT_SECRET it signs with the development secret in DATA_DIR, the same each time', async () => {
  const DATA_DIR = await aFolder();
  const [first, second] = [
    await resk(['token'], { env: { JWT_SECRET: '', DATA_DIR } }),
    await resk(['token'], { env: { JWT_SECRET: '', DATA_DIR } }),
  ];
  expect([first.code, second.code]).toEqual([0, 0]);
  expect(existsSync(join(DATA_DIR, 'development-secret'))).toBe(true);
  expect(first.out.split('.')[0]).toBe(second.out.split('.')[0]);
});

test('in production it mints nothing without JWT_SECRET', async () => {
  const DATA_DIR = await aFolder();
  const { code, out, err } = await resk(['token'], { env: { JWT_SECRET: '', NODE_ENV: 'production', DATA_DIR } });
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('JWT_SECRET');
  expect(existsSync(join(DATA_DIR, 'development-secret'))).toBe(false);
});

test('where HS256 is not allowed, the issuer has to be asked', async () => {
  const { publicKey } = await import('node:crypto').then(({ generateKeyPairSync }) =>
    generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }),
  );
  const { code, err } = await resk(['token'], { env: { JWT_ALGORITHMS: 'ES256', JWT_PUBLIC_KEY: publicKey } });
  expect(code).toBe(3);
  expect(err).toContain('[cli.signing_secret_missing]');
});

test.each([
  [['--scope', 'cache:everything'], 'Unknown scope: cache:everything'],
  [['--ttl', '90'], 'It must be a duration with its unit'],
  [['--ttl', '31d'], 'It must be between'],
])('refuses %j', async (argv, says) => {
  const { code, out, err } = await resk(['token', ...argv]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(says);
});

test('a command mints itself a token with no more scopes than it needs', async () => {
  const api = await apiDouble();
  await resk(['ingest', await aFile('a.csv', 'text\none\n'), '--url', api.url]);
  await resk(['replay', await aFile('q.csv', 'text\none\n'), '--url', api.url, '--repeat', '1']);
  const scopes = api.asked.map(({ authorization }) => claimsOf(authorization!.slice('Bearer '.length)).scope);
  expect(scopes).toEqual(['vectors:write', 'cache:read']);
});

test.each([
  ['--token', ['--token', 'of.the.option'], {}, 'Bearer of.the.option'],
  ['RESK_TOKEN', [], { RESK_TOKEN: 'of.the.environment' }, 'Bearer of.the.environment'],
])('sends the token of %s', async (_, argv, env, expected) => {
  const api = await apiDouble();
  await resk(['ingest', await aFile('a.csv', 'text\none\n'), ...argv], { env: { RESK_URL: api.url, ...env } });
  expect(api.asked[0]?.authorization).toBe(expected);
});

test('for a server elsewhere a token must be given: none is minted', async () => {
  const { code, err } = await resk([
    'ingest',
    await aFile('a.csv', 'text\none\n'),
    '--url',
    'https://user:word@cache.example.org/x',
  ]);
  expect(code).toBe(3);
  expect(err).toContain('https://cache.example.org is not on this machine');
  expect(err).not.toContain('word');
});

test.each([
  ['minted', [], 'in the folder of the server'],
  ['given', ['--token', 'a.b.c'], 'Give a valid one with --token'],
])('a refused token that was %s is explained', async (_, argv, says) => {
  const api = await apiDouble(() => problem('auth.signature', 401));
  const { code, err } = await resk(['ingest', await aFile('a.csv', 'text\none\n'), '--url', api.url, ...argv]);
  expect(code).toBe(3);
  expect(err).toContain('The server refused the token (auth.signature).');
  expect(err).toContain(says);
});

test('beside no server of its own a command mints nothing, and leaves no secret behind', async () => {
  const api = await apiDouble();
  const DATA_DIR = join(await aFolder(), 'data');
  const { code, err } = await resk(['ingest', await aFile('a.csv', 'text\none\n'), '--url', api.url], {
    env: { JWT_SECRET: '', DATA_DIR },
  });
  expect([code, api.asked, existsSync(DATA_DIR)]).toEqual([3, [], false]);
  expect(err).toContain('[cli.server_elsewhere]');
});
