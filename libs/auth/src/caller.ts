// Who is calling, for whom, and what they may do: read from the claims of a verified token.
import { failure } from '#ports';
import { isScope, type Scope } from './scopes.js';

export interface Caller {
  readonly subject: string;
  readonly tenant: string;
  readonly scopes: ReadonlySet<Scope>;
  /** An administrator of the operator's tenant: what it does may reach beyond one tenant. */
  readonly operator: boolean;
  /** The claim `jti`. */
  readonly tokenId?: string;
  /** Epoch milliseconds: the claim `iat`. */
  readonly issuedAt?: number;
  /** Scopes that the token carries without the audience that they demand here: they are not among `scopes`. */
  readonly withheld?: ReadonlySet<Scope>;
  /** Epoch milliseconds: the claim `exp`, without tolerance. */
  readonly expiresAt: number;
  may(scope: Scope): boolean;
}

/** The claims of a token whose signature, times, audience and issuer were checked. */
export type Claims = Readonly<Record<string, unknown>>;

const DEFAULT_TENANT = 'default';
/** How tenants are named. */
export const TENANT = /^[A-Za-z0-9._-]{1,64}$/;
/** No control characters, no lone surrogates: subjects stand in logs and keys. */
export const NAME = /^[^\p{Cc}\p{Cs}]{1,256}$/u;

export interface CallerRules {
  /** Claim that names the tenant. */
  tenantClaim: string;
  /** Whose administrators are operators. */
  operatorTenant: string;
  /** The audience that a token must name beside a scope, for the scope to count. */
  routeAudiences?: Readonly<Partial<Record<Scope, string>>>;
}

/** Fails with `auth.claims`. The tenant comes from here alone, never from a request. */
export function callerFrom(claims: Claims, rules: CallerRules, expiresAt: number): Caller {
  const { tenantClaim, operatorTenant, routeAudiences = {} } = rules;
  const subject = text(claims, 'sub', NAME);
  const tenant = Object.hasOwn(claims, tenantClaim) ? text(claims, tenantClaim, TENANT) : DEFAULT_TENANT;
  const tokenId = Object.hasOwn(claims, 'jti') ? { tokenId: text(claims, 'jti', NAME) } : {};
  const carried = [...scopesIn(claims, 'scope'), ...scopesIn(claims, 'scp')];
  const withheld = new Set(carried.filter((scope) => lacksAudience(claims, routeAudiences[scope])));
  const scopes = new Set(carried.filter((scope) => !withheld.has(scope)));
  const issuedAt = typeof claims.iat === 'number' ? { issuedAt: claims.iat * 1000 } : {};
  const who = { subject, tenant, ...tokenId, ...issuedAt, ...(withheld.size > 0 && { withheld }), expiresAt };
  return caller(who, scopes, operatorTenant);
}

/** A caller with its scopes, however it was found. */
export function caller(
  who: Omit<Caller, 'scopes' | 'operator' | 'may'>,
  scopes: ReadonlySet<Scope>,
  operatorTenant: string,
): Caller {
  const operator = who.tenant === operatorTenant && scopes.has('admin');
  return Object.freeze({ ...who, scopes, operator, may: (scope: Scope) => scopes.has(scope) });
}

function lacksAudience({ aud }: Claims, demanded: string | undefined): boolean {
  if (demanded === undefined) return false;
  return Array.isArray(aud) ? !aud.includes(demanded) : aud !== demanded;
}

function text(claims: Claims, claim: string, form: RegExp): string {
  const value = claims[claim];
  if (typeof value !== 'string' || !form.test(value)) throw failure('auth.claims', { claim });
  return value;
}

/** Space-separated (RFC 8693 §4.2) or an array. Scopes of other services are passed over. */
function scopesIn(claims: Claims, claim: string): Scope[] {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : '';
  const names = typeof value === 'string' ? value.split(' ') : value;
  if (!Array.isArray(names)) throw failure('auth.claims', { claim });
  return names.filter(isScope);
}
