// Good tokens give their caller; every bad one is refused with its reason.
import { createSecretKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import jsonwebtoken from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { type Algorithm, type Caller, SCOPES } from '#auth';
import { isFailure } from '#ports';
import {
  aRawToken,
  aToken,
  aVerifier,
  badTokens,
  ec,
  hmacKey,
  nowSeconds,
  pemOf,
  rsa,
  type SomeClaims,
  someClaims,
} from './token-builders.js';

const callerOf = (claims: SomeClaims): Promise<Caller> => aVerifier().verify(aToken(claims));

describe('a token that is not to be believed', () => {
  const verifier = aVerifier({ audience: ['resk', 'resk-2'] });

  test.each(badTokens())('with %s is refused', async (_, token, code) => {
    await expect(verifier.verify(token)).rejects.toMatchObject({ code, kind: 'unauthenticated' });
    expect(verifier.remembered(token)).toBeUndefined();
  });

  test.each(badTokens())('with %s leaves nothing of itself in the failure', async (_, token) => {
    const error: Error = await verifier.verify(token).then(
      () => expect.unreachable(),
      (thrown: Error) => thrown,
    );
    const told = [error.message, (error.cause as Error | undefined)?.message].join('\n');
    for (const part of token.split('.').filter((one) => one.length > 8)) {
      expect(told).not.toContain(part);
      expect(told).not.toContain(Buffer.from(part, 'base64url').toString().slice(0, 6));
    }
  });

  test('is refused whatever the text, always with a failure', async () => {
    const token = fc.oneof(
      fc.string(),
      fc.tuple(fc.json(), fc.json(), fc.base64String()).map((parts) => aRawToken(...parts)),
    );
    await fc.assert(
      fc.asyncProperty(token, async (text) => {
        const error = await verifier.verify(text).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect(isFailure(error) && error.kind).toBe('unauthenticated');
      }),
    );
  });
});

describe('the algorithm', () => {
  const keys = new Map<Algorithm, KeyObject>([
    ['HS256', hmacKey],
    ['RS256', rsa.publicKey],
    ['ES256', ec.publicKey],
  ]);
  const all = aVerifier({ keys });

  test.each([
    ['HS256', hmacKey],
    ['RS256', rsa.privateKey],
    ['ES256', ec.privateKey],
  ] as const)('%s is believed under its own key', async (algorithm, key) => {
    expect((await all.verify(aToken({}, { algorithm, key }))).subject).toBe('ada');
  });

  test.each([rsa, ec])('HS256 is refused when signed with a public key as its secret', async ({ publicKey }) => {
    const forms = [pemOf(publicKey), pemOf(publicKey).trim(), publicKey.export({ type: 'spki', format: 'der' })];
    for (const form of forms) {
      const token = aToken({}, { key: createSecretKey(Buffer.from(form)) });
      await expect(all.verify(token)).rejects.toMatchObject({ code: 'auth.signature' });
      const published = aVerifier({
        keys: new Map([
          ['RS256', rsa.publicKey],
          ['ES256', ec.publicKey],
        ]),
      });
      await expect(published.verify(token)).rejects.toMatchObject({ code: 'auth.algorithm' });
    }
  });

  test('is never taken for another of the same key', async () => {
    const token = aToken({}, { algorithm: 'PS256', key: rsa.privateKey });
    await expect(all.verify(token)).rejects.toMatchObject({ code: 'auth.algorithm' });
  });

  test('ES256 with a signature of another length is refused', async () => {
    const [header, payload] = aToken({}, { algorithm: 'ES256', key: ec.privateKey }).split('.');
    await expect(all.verify(`${header}.${payload}.AAAA`)).rejects.toMatchObject({ code: 'auth.signature' });
  });
});

describe('times', () => {
  test('are read with the tolerance that is configured', async () => {
    const verifier = aVerifier({ clockToleranceMs: 30_000 });
    const late = aToken({ iat: nowSeconds() - 60, exp: nowSeconds() - 20 });
    const early = aToken({ iat: nowSeconds() + 20, nbf: nowSeconds() + 20 });
    expect((await verifier.verify(late)).subject).toBe('ada');
    expect((await verifier.verify(early)).subject).toBe('ada');
    expect(verifier.remembered(late)).toBeUndefined();
  });

  test('a life is counted from now where the token does not say when it was issued', async () => {
    const verifier = aVerifier({ maxLifetimeMs: 3_600_000 });
    const timeless = (seconds: number) =>
      jsonwebtoken.sign({ sub: 'ada', exp: nowSeconds() + seconds }, hmacKey, { noTimestamp: true });
    expect((await verifier.verify(timeless(3500))).subject).toBe('ada');
    await expect(verifier.verify(timeless(3700))).rejects.toMatchObject({
      code: 'auth.lifetime',
      facts: { limitHours: 1 },
    });
  });
});

describe('audience and issuer', () => {
  test('are not looked at where none is configured', async () => {
    expect((await callerOf({ aud: 'whoever', iss: 'whoever' })).subject).toBe('ada');
  });

  test('may be one of several', async () => {
    const verifier = aVerifier({ audience: ['a', 'b'], issuer: ['x', 'y'] });
    expect((await verifier.verify(aToken({ aud: ['z', 'b'], iss: 'y' }))).subject).toBe('ada');
    for (const wrong of [{ aud: 'a' }, { aud: 'a', iss: 'z' }, { aud: ['z'], iss: 'x' }, { aud: 'ab', iss: 'x' }]) {
      await expect(verifier.verify(aToken(wrong))).rejects.toMatchObject({ code: 'auth.audience' });
    }
  });
});

describe('the caller', () => {
  test('is who the token says, for its tenant, with its scopes, until its end', async () => {
    const exp = nowSeconds() + 100;
    const caller = await callerOf({
      sub: 'ada',
      tenant: 'north',
      scope: 'cache:read cache:write',
      jti: 'token-1',
      exp,
    });
    expect(caller).toMatchObject({ subject: 'ada', tenant: 'north', tokenId: 'token-1', expiresAt: exp * 1000 });
    expect([caller.may('cache:read'), caller.may('cache:write'), caller.may('cache:purge')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('is nobody where the payload is no object, though the signature is good', async () => {
    for (const payload of ['"ada"', 'null', '7']) {
      await expect(aVerifier().verify(jsonwebtoken.sign(payload, hmacKey))).rejects.toMatchObject({
        code: 'auth.malformed',
      });
    }
    await expect(aVerifier().verify(jsonwebtoken.sign('[]', hmacKey))).rejects.toMatchObject({
      code: 'auth.no_expiry',
    });
  });

  test('belongs to the tenant `default` where the token names none', async () => {
    expect((await callerOf({ tenant: undefined })).tenant).toBe('default');
  });

  test('has the tenant of the claim that is configured', async () => {
    const verifier = aVerifier({ tenantClaim: 'https://example.com/org' });
    expect((await verifier.verify(aToken({ 'https://example.com/org': 'south' }))).tenant).toBe('south');
    const inherited = aVerifier({ tenantClaim: 'constructor' });
    expect((await inherited.verify(aToken())).tenant).toBe('default');
  });

  test.each(['', 'a b', 'a:b', 'a/b', '../a', 'é', 'a\n', 'a'.repeat(65), null, 7, ['north'], {}])(
    'of the tenant %j is refused',
    async (tenant) => {
      await expect(callerOf({ tenant })).rejects.toMatchObject({ code: 'auth.claims', facts: { claim: 'tenant' } });
    },
  );

  test.each(['', 'a'.repeat(257), 'a\nb', '\ud800', 7, null, ['ada']])(
    'with the subject %j is refused',
    async (sub) => {
      await expect(callerOf({ sub })).rejects.toMatchObject({ code: 'auth.claims', facts: { claim: 'sub' } });
    },
  );

  test('with a token id that is not a text is refused, since it could not be revoked', async () => {
    await expect(callerOf({ jti: 7 })).rejects.toMatchObject({ code: 'auth.claims', facts: { claim: 'jti' } });
  });

  test('is an operator as an administrator of the operator’s tenant alone', async () => {
    const operators = async (claims: SomeClaims, operatorTenant = 'default') =>
      (await aVerifier({ operatorTenant }).verify(aToken(claims))).operator;
    expect(await operators({ tenant: undefined, scope: 'admin' })).toBe(true);
    expect(await operators({ tenant: 'default', scope: 'admin' })).toBe(true);
    expect(await operators({ tenant: 'default', scope: 'cache:purge privacy' })).toBe(false);
    expect(await operators({ tenant: 'north', scope: 'admin' })).toBe(false);
    expect(await operators({ tenant: 'north', scope: 'admin' }, 'north')).toBe(true);
    expect(await operators({ tenant: 'default', scope: 'admin' }, 'north')).toBe(false);
  });

  test.each([
    ['spaces', { scope: 'cache:read privacy' }],
    ['an array', { scope: undefined, scp: ['cache:read', 'privacy'] }],
    ['both, and scopes of others', { scope: 'cache:read openid cache:*', scp: ['privacy', 7, null, 'Cache:Write'] }],
  ])('has scopes from %s', async (_, claims) => {
    expect([...(await callerOf(claims)).scopes].sort()).toEqual(['cache:read', 'privacy']);
  });

  test.each([{ scope: 7 }, { scope: null }, { scp: {} }])('with scopes of the form %j is refused', async (claims) => {
    await expect(callerOf(claims)).rejects.toMatchObject({ code: 'auth.claims' });
  });

  test('without scopes may do nothing, and an administrator no more than administer', async () => {
    const nobody = await callerOf({ scope: undefined });
    const admin = await callerOf({ scope: 'admin' });
    expect(SCOPES.filter((scope) => nobody.may(scope))).toEqual([]);
    expect(SCOPES.filter((scope) => admin.may(scope))).toEqual(['admin']);
  });
});

describe('the memory of verified tokens', () => {
  test('gives the caller until the token ends, and never after', async () => {
    const verifier = aVerifier();
    const token = aToken();
    const caller = await verifier.verify(token);
    expect(verifier.remembered(token)).toBe(caller);
    expect(verifier.remembered(token, caller.expiresAt - 1)).toBe(caller);
    expect(verifier.remembered(token, caller.expiresAt)).toBeUndefined();
    expect(verifier.remembered(token)).toBeUndefined(); // forgotten, not hidden
  });

  test('knows a token by the whole of it', async () => {
    const verifier = aVerifier();
    const token = aToken();
    await verifier.verify(token);
    const [header, payload] = token.split('.');
    for (const other of [
      `${header}.${payload}.`,
      token.slice(0, -1),
      `${token}=`,
      aRawToken({ alg: 'none' }, someClaims()),
    ]) {
      expect(verifier.remembered(other)).toBeUndefined();
    }
  });

  test('is bounded, and forgets the least used first', async () => {
    const verifier = aVerifier({ maxRemembered: 3 });
    const tokens = Array.from({ length: 4 }, (_, index) => aToken({ sub: `caller-${index}` }));
    for (const token of tokens.slice(0, 3)) await verifier.verify(token);
    verifier.remembered(tokens[0]!);
    await verifier.verify(tokens[3]!);
    expect(tokens.map((token) => verifier.remembered(token)?.subject)).toEqual([
      'caller-0',
      undefined,
      'caller-2',
      'caller-3',
    ]);
  });
});
