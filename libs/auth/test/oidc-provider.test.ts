// A real OpenID provider signs the tokens: found by discovery, believed by the algorithm of its keys, also after they were changed.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { authSection, type IssuerKeys, issuerKeys, openVerifier, type TokenVerifier } from '#auth';
import { readConfig } from '#config';
import { anEcPair, anRsaPair } from '../../../test/doubles/token-issuer.js';
import { Clock } from './token-builders.js';

const AUDIENCE = 'https://cache.example';
const CLIENT = { client_id: 'ingest', client_secret: 'a secret of the client that is long enough' };
const keys = { rsa: anRsaPair(), ec: anEcPair(), next: anRsaPair() };
const jwk = (name: keyof typeof keys) => ({
  ...keys[name].privateKey.export({ format: 'jwk' }),
  kid: name,
  use: 'sig',
});

/** A provider at a URL that gives access tokens in JWT to a client for itself. */
function provider(url: string, jwks: object[], algorithm: 'RS256' | 'ES256') {
  return new Provider(url, {
    jwks: { keys: jwks as never },
    clients: [
      { ...CLIENT, grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'cache:read' },
    ],
    scopes: ['cache:read', 'cache:write', 'admin'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => AUDIENCE,
        getResourceServerInfo: () => ({
          scope: 'cache:read',
          audience: AUDIENCE,
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: algorithm } },
        }),
      },
    },
    extraTokenClaims: () => ({ sub: 'ingest', tenant: 'north' }),
  });
}

let server: Server;
let issuer: string;
let handle: ReturnType<Provider['callback']>;
const use = (jwks: object[], algorithm: 'RS256' | 'ES256') => {
  handle = provider(issuer, jwks, algorithm).callback();
};

beforeAll(async () => {
  // What it warns of, such as stores in memory, is for those who run it for others.
  for (const told of ['warn', 'info'] as const) vi.spyOn(console, told).mockReturnValue(undefined);
  server = createServer((request, reply) => void handle(request, reply));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  use([jwk('rsa'), jwk('ec')], 'RS256');
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function issued(): Promise<string> {
  const reply = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${CLIENT.client_id}:${encodeURIComponent(CLIENT.client_secret)}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'cache:read', resource: AUDIENCE }),
  });
  const { access_token: token, ...rest } = (await reply.json()) as { access_token?: string };
  if (!token) throw new Error(JSON.stringify(rest));
  return token;
}

async function opened(more: Record<string, string> = {}, now?: () => number) {
  const variables: Record<string, string> = {
    NODE_ENV: 'production',
    JWT_ALGORITHMS: 'RS256,ES256',
    JWT_DISCOVERY: 'true',
    JWT_ISSUER: issuer,
    JWT_AUDIENCE: AUDIENCE,
    ...more,
  };
  const lookUp = (name: string) =>
    variables[name] === undefined ? undefined : { text: variables[name], source: 'environment' as const };
  const config = readConfig([authSection], { lookUp }).auth;
  const published = issuerKeys(config, now ? { now } : {})!;
  const verifier = openVerifier(config, { dataDir: '', issuer: published });
  await published.open();
  return { published, verifier };
}

describe('tokens of an OpenID provider', () => {
  let published: IssuerKeys;
  let verifier: TokenVerifier;
  const clock = new Clock();
  beforeAll(async () => {
    ({ published, verifier } = await opened({}, clock.now));
  });
  afterAll(() => published.close());

  test.each(['RS256', 'ES256'] as const)('signed with %s give their caller', async (algorithm) => {
    use([jwk('rsa'), jwk('ec')], algorithm);
    const token = await issued();
    const header = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { alg: string };
    expect(header.alg).toBe(algorithm);
    const caller = await verifier.verify(token);
    expect(caller).toMatchObject({ subject: 'ingest', tenant: 'north', tokenId: expect.any(String) });
    expect([...caller.scopes]).toEqual(['cache:read']);
  });

  test('are believed after the provider has changed its keys, and the old ones no more', async () => {
    use([jwk('rsa'), jwk('ec')], 'RS256');
    const old = await issued();
    await verifier.verify(old);
    use([jwk('next'), jwk('ec')], 'RS256');
    clock.advance(60_000);
    expect((await verifier.verify(await issued())).subject).toBe('ingest');
    expect(verifier.remembered(old)).toBeUndefined();
    await expect(verifier.verify(old)).rejects.toMatchObject({ code: 'auth.key_unknown' });
  });

  test('are refused where they are meant for others, or come from another provider', async () => {
    const token = await issued();
    const elsewhere = await opened({ JWT_AUDIENCE: 'https://other.example' });
    await expect(elsewhere.verifier.verify(token)).rejects.toMatchObject({ code: 'auth.audience' });
    await elsewhere.published.close();
    const mistaken = await opened({ JWT_DISCOVERY: 'false', JWT_JWKS_URL: `${issuer}/jwks`, JWT_ISSUER: `${issuer}/` });
    await expect(mistaken.verifier.verify(token)).rejects.toMatchObject({ code: 'auth.audience' });
    await mistaken.published.close();
  });

  test('are not believed for a scope that demands an audience of its own', async () => {
    const { published: other, verifier: strict } = await opened({ JWT_ROUTE_AUDIENCES: '{"cache:read":"reading"}' });
    const caller = await strict.verify(await issued());
    expect([caller.may('cache:read'), caller.withheld?.has('cache:read')]).toEqual([false, true]);
    await other.close();
  });
});
