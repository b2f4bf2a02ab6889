// Tokens and verifiers for the tests: each builder makes a good one, changed as the test says.
import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jsonwebtoken, { type SignOptions } from 'jsonwebtoken';
import { type Algorithm, TokenVerifier, type TokenVerifierOptions } from '#auth';

export const SECRET = 'a-secret-of-these-tests-only-0123456789';
export const nowSeconds = () => Math.floor(Date.now() / 1000);

export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();

export type SomeClaims = Record<string, unknown>;

/** The claims of a token for an hour; a claim given as `undefined` is left out. */
export function someClaims(changed: SomeClaims = {}): SomeClaims {
  const claims = {
    sub: 'ada',
    tenant: 'north',
    scope: 'cache:read',
    iat: nowSeconds(),
    exp: nowSeconds() + 3600,
    ...changed,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

export function aToken(
  changed: SomeClaims = {},
  { key = SECRET, ...options }: SignOptions & { key?: string | KeyObject } = {},
): string {
  return jsonwebtoken.sign(JSON.stringify(someClaims(changed)), key, { algorithm: 'HS256', ...options });
}

/** A token put together by hand, for what a signing library refuses to make. */
export function aRawToken(header: unknown, payload: unknown, signature = ''): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(payload)}.${signature}`;
}

export const hmacKey = createSecretKey(SECRET, 'utf8');

export function aVerifier(changed: Partial<TokenVerifierOptions> = {}): TokenVerifier {
  return new TokenVerifier({
    keys: new Map<Algorithm, KeyObject>([['HS256', hmacKey]]),
    clockToleranceMs: 5000,
    maxLifetimeMs: 365 * 86_400_000,
    tenantClaim: 'tenant',
    operatorTenant: 'default',
    maxRemembered: 100,
    ...changed,
  });
}

/** The tokens that must never be believed by a verifier for HS256 and the audience `resk`, with the code that says why. */
export function badTokens(): Array<[what: string, token: string, code: string]> {
  const good = aToken({ aud: 'resk' });
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const admin = someClaims({ aud: 'resk', scope: 'admin' });
  const hs256 = { alg: 'HS256', typ: 'JWT' };
  return [
    ['the word test', 'test', 'auth.malformed'],
    ['two parts', `${header}.${payload}`, 'auth.malformed'],
    ['four parts', `${good}.x`, 'auth.malformed'],
    ['a header that is not JSON', `x.${payload}.${signature}`, 'auth.malformed'],
    ['a header that is null', aRawToken(null, admin, signature), 'auth.malformed'],
    ['a payload that is not JSON', aRawToken(hs256, '{"sub":', signature), 'auth.malformed'],
    ['a wrong signature', aToken({ aud: 'resk' }, { key: `${SECRET}!` }), 'auth.signature'],
    ['a changed payload', [header, aRawToken({}, admin).split('.')[1], signature].join('.'), 'auth.signature'],
    ['no signature', `${header}.${payload}.`, 'auth.signature'],
    ['alg none', aRawToken({ alg: 'none', typ: 'JWT' }, admin), 'auth.algorithm'],
    ['alg NONE with a signature', aRawToken({ alg: 'NONE' }, admin, signature), 'auth.algorithm'],
    ['no alg', aRawToken({ typ: 'JWT' }, admin, signature), 'auth.algorithm'],
    ['alg that is an array', aRawToken({ alg: ['HS256'] }, admin, signature), 'auth.algorithm'],
    ['a longer HMAC', aToken({ aud: 'resk' }, { algorithm: 'HS512' }), 'auth.algorithm'],
    ['another algorithm', aToken({ aud: 'resk' }, { algorithm: 'RS256', key: rsa.privateKey }), 'auth.algorithm'],
    [
      'a critical extension',
      aToken({ aud: 'resk' }, { header: { alg: 'HS256', crit: ['b64'] } as SignOptions['header'] & object }),
      'auth.algorithm',
    ],
    ['its end past', aToken({ aud: 'resk', exp: nowSeconds() - 6, iat: nowSeconds() - 60 }), 'auth.expired'],
    ['no end', aToken({ aud: 'resk', exp: undefined }), 'auth.no_expiry'],
    ['an end that is a text', aToken({ aud: 'resk', exp: String(nowSeconds() + 60) }), 'auth.claims'],
    ['a beginning to come', aToken({ aud: 'resk', nbf: nowSeconds() + 60 }), 'auth.not_yet'],
    ['a beginning that is a text', aToken({ aud: 'resk', nbf: 'soon' }), 'auth.claims'],
    ['an issue to come', aToken({ aud: 'resk', iat: nowSeconds() + 60 }), 'auth.not_yet'],
    ['an issue that is a text', aToken({ aud: 'resk', iat: 'then' }), 'auth.claims'],
    ['two years to live', aToken({ aud: 'resk', exp: nowSeconds() + 2 * 31_536_000 }), 'auth.lifetime'],
    ['no end in sight', aToken({ aud: 'resk', exp: 1e308 }), 'auth.lifetime'],
    ['another audience', aToken({ aud: 'other' }), 'auth.audience'],
    ['no audience', aToken(), 'auth.audience'],
    ['no subject', aToken({ aud: 'resk', sub: undefined }), 'auth.claims'],
    ['a payload that is a text', jsonwebtoken.sign('"ada"', SECRET), 'auth.audience'],
    ['a payload that is null', jsonwebtoken.sign('null', SECRET), 'auth.audience'],
  ];
}

/** Keyed digests as the room of crypto makes them: another key a use. */
export const someNames = {
  keyed: (use: string, text: string) => createHmac('sha256', `names ${use}`).update(text).digest('base64url'),
};

/** A clock that stands until it is moved. */
export class Clock {
  at = Date.now();
  readonly now = () => this.at;

  advance(ms: number): void {
    this.at += ms;
  }
}
