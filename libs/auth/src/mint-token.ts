// Makes tokens for development and for the command line, signed with the service's own secret.
import { randomUUID } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';
import type { Secret } from '#ports';
import type { Scope } from './scopes.js';

export interface TokenRequest {
  secret: Secret;
  subject: string;
  tenant: string;
  scopes: readonly Scope[];
  ttlMs: number;
  audience?: string;
  issuer?: string;
  /** Name of the claim that holds the tenant. Default `tenant`. */
  tenantClaim?: string;
  /** Epoch milliseconds. */
  now?: number;
}

/** An HS256 token with `sub`, tenant, `scope`, `iat`, `exp` and `jti`. */
export function mintToken({ secret, subject, tenant, scopes, ttlMs, ...rest }: TokenRequest): string {
  const { audience, issuer, tenantClaim = 'tenant', now = Date.now() } = rest;
  const claims = {
    sub: subject,
    [tenantClaim]: tenant,
    scope: scopes.join(' '),
    iat: Math.floor(now / 1000),
    exp: Math.floor((now + ttlMs) / 1000),
    jti: randomUUID(),
    ...(audience !== undefined && { aud: audience }),
    ...(issuer !== undefined && { iss: issuer }),
  };
  return jsonwebtoken.sign(claims, secret.reveal(), { algorithm: 'HS256' });
}
