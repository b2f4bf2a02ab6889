// What an operator may set of tokens: whose are believed, and what they must say.
import { type ConfigOf, section, setting } from '#config';
import type { Secret } from '#ports';
import { TENANT } from './caller.js';
import { ALGORITHMS, type Algorithm, isAlgorithm, publicKeys } from './verification-keys.js';

export const authSection = section(
  'auth',
  {
    title: 'Tokens',
    doc: 'Whose tokens are believed, and what they must say.',
    rule: ({ algorithms, secret, publicKey }, { production }) => {
      const unknown = algorithms.filter((name) => !isAlgorithm(name));
      if (unknown.length > 0 || algorithms.length === 0) {
        return [{ setting: 'algorithms', message: `must name one or more of ${ALGORITHMS.join(', ')}` }];
      }
      const published = algorithms.filter((name) => name !== 'HS256') as Algorithm[];
      return [
        ...(production && !secret && algorithms.includes('HS256')
          ? [{ setting: 'secret' as const, message: NO_SECRET }]
          : []),
        ...publicKeyProblems(published, publicKey),
      ];
    },
  },
  {
    secret: setting('JWT_SECRET', {
      doc: 'Secret of HS256 tokens, at least 32 characters. Outside production one is made and kept in DATA_DIR when unset.',
    })
      .secret({ minLength: 32 })
      .optional(),
    algorithms: setting('JWT_ALGORITHMS', {
      doc: 'Algorithms of tokens that are believed: HS256 (JWT_SECRET), RS256 and ES256 (JWT_PUBLIC_KEY).',
      example: 'RS256,ES256',
    })
      .list()
      .default('HS256'),
    publicKey: setting('JWT_PUBLIC_KEY', {
      doc: 'Public key in PEM for RS256 or ES256, or one of each. A certificate is accepted too; a private key is refused.',
    })
      .secret()
      .optional(),
    audience: setting('JWT_AUDIENCE', {
      doc: 'Comma-separated. One of them must be in the claim `aud`. Unset: the claim is not looked at.',
      example: 'resk-caching',
    })
      .list()
      .default(''),
    issuer: setting('JWT_ISSUER', {
      doc: 'Comma-separated. One of them must be the claim `iss`. Unset: the claim is not looked at.',
      example: 'https://login.example.com/',
    })
      .list()
      .default(''),
    clockToleranceMs: setting('JWT_CLOCK_TOLERANCE', {
      doc: 'How far the clocks of issuer and server may differ when `exp`, `nbf` and `iat` are checked.',
    })
      .duration({ max: 300_000 })
      .default('5s'),
    maxLifetimeMs: setting('JWT_MAX_LIFETIME', {
      doc: 'Longest life of a token, from `iat` to `exp`. Longer-lived tokens are refused.',
    })
      .duration({ min: 1000 })
      .default('365d'),
    tenantClaim: setting('JWT_TENANT_CLAIM', {
      doc: 'Claim that names the tenant. A token without it belongs to the tenant `default`.',
    })
      .text({ pattern: /^[A-Za-z0-9_:/.-]{1,128}$/, says: 'the name of a claim' })
      .default('tenant'),
    operatorTenant: setting('OPERATOR_TENANT', {
      doc: 'Tenant of those who run this server: its callers with the scope `admin` may act for all tenants; `admin` of other tenants acts within its own.',
    })
      .text({ pattern: TENANT, says: '1 to 64 of A-Z a-z 0-9 . _ -' })
      .default('default'),
    maxRemembered: setting('JWT_MAX_REMEMBERED', {
      doc: 'Verified tokens remembered, each until its `exp`, so that it is not verified again. About 1 KiB each.',
    })
      .integer({ min: 1, max: 1_000_000 })
      .default('10000'),
  },
);

export type AuthConfig = ConfigOf<typeof authSection>;

const NO_SECRET = 'must be set in production, where HS256 is allowed. Make one with: openssl rand -base64 48';

function publicKeyProblems(
  algorithms: readonly Algorithm[],
  pem: Secret | undefined,
): Array<{ setting: 'publicKey'; message: string }> {
  const problem = (message: string) => [{ setting: 'publicKey' as const, message }];
  if (!pem)
    return algorithms.length > 0 ? problem(`must be set, since JWT_ALGORITHMS allows ${algorithms.join(', ')}`) : [];
  try {
    const keys = publicKeys(pem);
    const missing = algorithms.filter((algorithm) => !keys.has(algorithm));
    return missing.length > 0 ? problem(`must hold a key for ${missing.join(', ')}, which JWT_ALGORITHMS allows`) : [];
  } catch (error) {
    return problem((error as Error).message);
  }
}
