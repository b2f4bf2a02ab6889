// What an operator may set of tokens is checked before the server starts.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { authSection, developmentSecret, lacking, openVerifier, signingSecret, verificationKeys } from '#auth';
import { readConfig, type Sources } from '#config';
import { Secret } from '#ports';
import { aToken, ec, pemOf, rsa, SECRET } from './token-builders.js';

const dataDir = mkdtempSync(join(tmpdir(), 'resk-auth-'));
afterAll(() => rmSync(dataDir, { recursive: true }));

function configured(variables: Record<string, string>) {
  const sources: Sources = {
    lookUp: (name) => (variables[name] === undefined ? undefined : { text: variables[name], source: 'environment' }),
  };
  return readConfig([authSection], sources).auth;
}

/** The variables complained of, with what is said. */
function complaints(variables: Record<string, string>): string[] {
  try {
    configured(variables);
    return [];
  } catch (error) {
    const { problems } = error as { problems: Array<{ path: string; message: string }> };
    return problems.map(({ path, message }) => `${path} ${message}`);
  }
}

const bothKeys = `${pemOf(rsa.publicKey)}${pemOf(ec.publicKey)}`;

describe('the configuration', () => {
  test('is good as it stands outside production, and in production with a secret or a public key', () => {
    expect(complaints({})).toEqual([]);
    expect(complaints({ NODE_ENV: 'production', JWT_SECRET: SECRET })).toEqual([]);
    expect(complaints({ NODE_ENV: 'production', JWT_ALGORITHMS: 'RS256,ES256', JWT_PUBLIC_KEY: bothKeys })).toEqual([]);
    expect(
      complaints({ JWT_ALGORITHMS: 'ES256', JWT_PUBLIC_KEY: pemOf(ec.publicKey).replaceAll('\n', '\\n') }),
    ).toEqual([]);
  });

  test('is refused in production without a secret', () => {
    expect(complaints({ NODE_ENV: 'production' })).toEqual([
      expect.stringMatching(/^JWT_SECRET must be set in production/),
    ]);
  });

  test('is refused with a short secret, which it does not show', () => {
    const said = complaints({ JWT_SECRET: 'hunter2' });
    expect(said).toEqual(['JWT_SECRET must have at least 32 characters; it has 7']);
  });

  test.each(['none', 'HS256,none', 'hs256', 'PS256', ','])('is refused with the algorithms %j', (algorithms) => {
    expect(complaints({ JWT_ALGORITHMS: algorithms })).toEqual([
      'JWT_ALGORITHMS must name one or more of HS256, RS256, ES256',
    ]);
  });

  const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
  const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey;
  const privateKey = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  test.each([
    ['no key', undefined, /must be set, since JWT_ALGORITHMS allows RS256/],
    ['no PEM', 'nonsense that goes on for longer than any part that is compared', /must be a public key in PEM/],
    ['broken PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', /is not a key/],
    ['a private key', privateKey, /must hold public keys only; it holds a private key/],
    ['a key of the other kind', pemOf(ec.publicKey), /must hold a key for RS256/],
    ['two keys of a kind', pemOf(rsa.publicKey).repeat(2), /must hold one key for RS256; it holds more/],
    ['a short RSA key', pemOf(smallRsa), /at least 2048 bits/],
    ['a key on another curve', pemOf(otherCurve), /P-256/],
  ])('of RS256 is refused with %s', (_, pem, says) => {
    const said = complaints({ JWT_ALGORITHMS: 'RS256', ...(pem && { JWT_PUBLIC_KEY: pem }) });
    expect(said).toEqual([expect.stringMatching(/^JWT_PUBLIC_KEY /)]);
    expect(said[0]).toMatch(says);
    if (pem) expect(said[0]).not.toContain(pem.slice(-45, -30));
  });
});

describe('the configuration of an issuer’s keys', () => {
  const url = 'https://login.example.com/keys';
  const whole = { JWT_ALGORITHMS: 'RS256', JWT_JWKS_URL: url, JWT_ISSUER: 'https://a.example', JWT_AUDIENCE: 'resk' };

  test('is good with a place, and in production with an issuer and an audience', () => {
    expect(complaints({ NODE_ENV: 'production', ...whole })).toEqual([]);
    expect(complaints({ JWT_ALGORITHMS: 'ES256', JWT_JWKS_URL: url })).toEqual([]);
    expect(complaints({ JWT_ALGORITHMS: 'RS256', JWT_DISCOVERY: 'true', JWT_ISSUER: 'https://a.example' })).toEqual([]);
  });

  test.each([
    ['JWT_ALGORITHMS', { JWT_ALGORITHMS: 'HS256' }],
    ['JWT_PUBLIC_KEY', { JWT_PUBLIC_KEY: bothKeys }],
    ['JWT_DISCOVERY', { JWT_DISCOVERY: 'true' }],
    ['JWT_JWKS_MAX_AGE', { JWT_JWKS_MAX_AGE: '5m' }],
    ['JWT_ISSUER', { NODE_ENV: 'production', JWT_ISSUER: '' }],
    ['JWT_AUDIENCE', { NODE_ENV: 'production', JWT_AUDIENCE: '' }],
  ])('is refused for %s with %j', (setting, changed) => {
    expect(complaints({ ...whole, ...changed })).toEqual([expect.stringMatching(new RegExp(`^${setting} `))]);
  });

  test.each(['', 'my issuer', 'https://a.example,https://b.example', 'urn:issuer'])(
    'is refused with discovery by the issuer %j',
    (issuer) => {
      const said = complaints({ JWT_ALGORITHMS: 'RS256', JWT_DISCOVERY: 'true', JWT_ISSUER: issuer });
      expect(said).toEqual([expect.stringMatching(/^JWT_ISSUER must be one URL/)]);
    },
  );
});

describe('the configuration of former secrets', () => {
  const former = `${SECRET}-1,${SECRET}-2`;

  test('is good beside a secret, and refused without one, or when short', () => {
    expect(complaints({ JWT_SECRET: SECRET, JWT_FORMER_SECRETS: former })).toEqual([]);
    for (const variables of <Array<Record<string, string>>>[
      { JWT_FORMER_SECRETS: former },
      { JWT_SECRET: SECRET, JWT_FORMER_SECRETS: `${former},hunter2` },
      { JWT_SECRET: SECRET, JWT_FORMER_SECRETS: former, JWT_ALGORITHMS: 'RS256', JWT_PUBLIC_KEY: bothKeys },
    ]) {
      expect(complaints(variables)).toEqual([expect.stringMatching(/^JWT_FORMER_SECRETS /)]);
    }
  });

  test('leaves their tokens believed, and no others', async () => {
    const config = configured({ JWT_SECRET: SECRET, JWT_FORMER_SECRETS: former });
    const verifier = openVerifier(config, { dataDir });
    for (const key of [SECRET, `${SECRET}-1`, `${SECRET}-2`]) {
      expect((await verifier.verify(aToken({}, { key }))).subject).toBe('ada');
    }
    const forged = [aToken({}, { key: `${SECRET}-3` }), `${aToken().split('.').slice(0, 2).join('.')}.`];
    for (const token of forged) await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'auth.signature' });
    expect(signingSecret(config, dataDir)?.reveal()).toBe(SECRET);
  });
});

describe('audiences of scopes', () => {
  test('must name known scopes', () => {
    expect(complaints({ JWT_ROUTE_AUDIENCES: '{"admin":"resk-admin"}' })).toEqual([]);
    for (const odd of ['{"root":"x"}', '{"admin":""}', '{"admin":["x"]}']) {
      expect(complaints({ JWT_ROUTE_AUDIENCES: odd })).toEqual([expect.stringMatching(/^JWT_ROUTE_AUDIENCES /)]);
    }
  });

  test('must be in the token beside the scope', async () => {
    const config = configured({ JWT_SECRET: SECRET, JWT_ROUTE_AUDIENCES: '{"admin":"resk-admin"}' });
    const verifier = openVerifier(config, { dataDir });
    const callerOf = (aud: unknown) => verifier.verify(aToken({ scope: 'admin cache:read', tenant: undefined, aud }));
    for (const aud of [undefined, 'resk', ['resk', 'resk-admi'], 'resk-admin2']) {
      const caller = await callerOf(aud);
      expect([caller.may('admin'), caller.operator, caller.may('cache:read')]).toEqual([false, false, true]);
      expect([lacking(caller, 'admin').code, lacking(caller, 'privacy').code]).toEqual([
        'auth.route_audience',
        'auth.scope',
      ]);
    }
    for (const aud of ['resk-admin', ['resk', 'resk-admin']]) {
      const caller = await callerOf(aud);
      expect([caller.may('admin'), caller.operator, caller.withheld]).toEqual([true, true, undefined]);
    }
  });
});

describe('the verifier that is opened', () => {
  test('believes tokens of JWT_SECRET', async () => {
    const verifier = openVerifier(configured({ JWT_SECRET: SECRET }), { dataDir });
    expect((await verifier.verify(aToken())).tenant).toBe('north');
  });

  test('believes tokens of the development secret where no other is set', async () => {
    const verifier = openVerifier(configured({}), { dataDir });
    expect((await verifier.verify(aToken({}, { key: developmentSecret(dataDir).reveal() }))).subject).toBe('ada');
    await expect(verifier.verify(aToken())).rejects.toMatchObject({ code: 'auth.signature' });
  });

  test('believes no HS256 token where only RS256 is allowed, though a secret is set', async () => {
    const config = configured({ JWT_ALGORITHMS: 'RS256', JWT_PUBLIC_KEY: bothKeys, JWT_SECRET: SECRET });
    const verifier = openVerifier(config, { dataDir });
    expect((await verifier.verify(aToken({}, { algorithm: 'RS256', key: rsa.privateKey }))).subject).toBe('ada');
    await expect(verifier.verify(aToken())).rejects.toMatchObject({ code: 'auth.algorithm' });
    await expect(verifier.verify(aToken({}, { algorithm: 'ES256', key: ec.privateKey }))).rejects.toMatchObject({
      code: 'auth.algorithm',
    });
  });

  test('has no signing secret where HS256 is not allowed and none is set', () => {
    const config = configured({ JWT_ALGORITHMS: 'RS256', JWT_PUBLIC_KEY: bothKeys });
    expect(signingSecret(config, dataDir)).toBeUndefined();
    expect(signingSecret({ ...config, secret: new Secret(SECRET) }, dataDir)?.reveal()).toBe(SECRET);
  });

  test('is never made without a key for each algorithm', () => {
    expect(() => verificationKeys(['HS256'], {})).toThrow('must hold a key for HS256');
  });
});
