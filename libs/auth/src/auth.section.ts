// What an operator may set of tokens: whose are believed, and what they must say.
import { type ConfigOf, section, setting } from '#config';
import { MIN_SECRET_LENGTH, tokenProblems } from './auth-rules.js';
import { TENANT } from './caller.js';
import { certificateProblems } from './certificate-callers.js';
import type { Scope } from './scopes.js';

export const authSection = section(
  'auth',
  {
    title: 'Tokens',
    doc: 'Whose tokens are believed, and what they must say.',
    rule: (settings, { production }) => [
      ...tokenProblems(settings, production),
      ...certificateProblems(settings.mtlsCallers),
    ],
  },
  {
    secret: setting('JWT_SECRET', {
      doc: 'Secret of HS256 tokens, at least 32 characters. Outside production one is made and kept in DATA_DIR when unset.',
    })
      .secret({ minLength: MIN_SECRET_LENGTH })
      .optional(),
    formerSecrets: setting('JWT_FORMER_SECRETS', {
      doc: 'Comma-separated secrets that JWT_SECRET has taken the place of. Their tokens are still believed; none is signed with them. Remove each once its tokens have ended. Needs KEY_NAME_SECRET. A secret with a comma cannot stand here.',
    })
      .secrets()
      .default(''),
    algorithms: setting('JWT_ALGORITHMS', {
      doc: 'Algorithms of tokens that are believed: HS256 (JWT_SECRET), RS256 and ES256 (JWT_PUBLIC_KEY, JWT_JWKS_URL or JWT_DISCOVERY).',
      example: 'RS256,ES256',
    })
      .list()
      .default('HS256'),
    publicKey: setting('JWT_PUBLIC_KEY', {
      doc: 'Public key in PEM for RS256 or ES256, or one of each. A certificate is accepted too; a private key is refused.',
    })
      .secret()
      .optional(),
    jwksUrl: setting('JWT_JWKS_URL', {
      doc: 'Where the issuer publishes its keys (RFC 7517), in place of JWT_PUBLIC_KEY. Each key verifies the one algorithm of its kind.',
      example: 'https://login.example.com/keys',
    })
      .url(['https:', 'http:'])
      .optional(),
    discovery: setting('JWT_DISCOVERY', {
      doc: 'Whether the place of the keys is read from JWT_ISSUER/.well-known/openid-configuration (OpenID Connect Discovery).',
    })
      .flag()
      .default('false'),
    jwksRefreshMs: setting('JWT_JWKS_REFRESH', {
      doc: 'How often the issuer’s keys are fetched. A key that is no longer published is believed so long at most.',
    })
      .duration({ min: 1000, max: 86_400_000 })
      .default('10m'),
    jwksMaxAgeMs: setting('JWT_JWKS_MAX_AGE', {
      doc: 'How long the keys fetched last are used while the issuer does not answer. After that no new token is believed.',
    })
      .duration({ min: 1000, max: 30 * 86_400_000 })
      .default('24h'),
    jwksBackoffMs: setting('JWT_JWKS_BACKOFF', {
      doc: 'Shortest time between two fetches, whatever key ids tokens name. Doubles while fetches fail.',
    })
      .duration({ min: 100, max: 3_600_000 })
      .default('10s'),
    jwksTimeoutMs: setting('JWT_JWKS_TIMEOUT', {
      doc: 'Limit of one attempt to fetch the issuer’s keys. There are two.',
    })
      .duration({ min: 100, max: 60_000 })
      .default('5s'),
    audience: setting('JWT_AUDIENCE', {
      doc: 'Comma-separated. One of them must be in the claim `aud`. Unset: the claim is not looked at.',
      example: 'resk-caching',
    })
      .list()
      .default(''),
    routeAudiences: setting('JWT_ROUTE_AUDIENCES', {
      doc: 'JSON object of scopes and the audience that a token must name in `aud` beside the scope, for operations of that scope.',
      example: '{"admin":"resk-admin"}',
    })
      .json()
      .default('{}'),
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
    maxRevocations: setting('JWT_REVOCATIONS_MAX', { doc: 'Revocations that a tenant may hold at a time.' })
      .integer({ min: 1, max: 1_000_000 })
      .default('10000'),
    revocationsRequired: setting('JWT_REVOCATIONS_REQUIRED', {
      doc: 'Whether an instance that has never read what is revoked (it started while Redis was down) refuses tokens with 503. Else it believes them until it has.',
    })
      .flag()
      .default('false'),
    mtlsCallers: setting('MTLS_CALLERS', {
      doc: 'JSON array of callers known by their client certificate, who then need no token: `subject` (RFC 4514) or `san`, with `tenant`, `scopes`, and `name` for the subject of the caller. Needs TLS_CLIENT_CA.',
      example: '[{"subject":"CN=ingest,O=Example","tenant":"north","scopes":["vectors:write"]}]',
    })
      .jsonList()
      .default('[]'),
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

/** The rule has checked what the audiences are. */
export type AuthConfig = Omit<ConfigOf<typeof authSection>, 'routeAudiences'> & {
  readonly routeAudiences: Readonly<Partial<Record<Scope, string>>>;
};
