// Minted tokens say what was asked for, and verify.
import { expect, test } from 'vitest';
import { mintToken, type TokenRequest } from '#auth';
import { Secret } from '#ports';
import { aVerifier, SECRET } from './token-builders.js';

const wanted: TokenRequest = {
  secret: new Secret(SECRET),
  subject: 'ada',
  tenant: 'north',
  scopes: ['cache:read', 'admin'],
  ttlMs: 60_000,
};

test('makes a token that is believed, for whom and for how long it was asked', async () => {
  const now = Math.floor(Date.now() / 1000) * 1000;
  const caller = await aVerifier().verify(mintToken({ ...wanted, now }));
  expect(caller).toMatchObject({ subject: 'ada', tenant: 'north', expiresAt: now + 60_000 });
  expect([...caller.scopes]).toEqual(['cache:read', 'admin']);
});

test('makes it for an audience, an issuer and a tenant claim', async () => {
  const verifier = aVerifier({ audience: ['resk'], issuer: ['me'], tenantClaim: 'org' });
  const caller = await verifier.verify(mintToken({ ...wanted, audience: 'resk', issuer: 'me', tenantClaim: 'org' }));
  expect(caller.tenant).toBe('north');
});

test('gives each token an id of its own', async () => {
  const ids = await Promise.all(
    [mintToken(wanted), mintToken(wanted)].map(async (token) => (await aVerifier().verify(token)).tokenId),
  );
  expect(ids[0]).toBeTruthy();
  expect(ids[0]).not.toBe(ids[1]);
});
