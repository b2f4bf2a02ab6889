// Short-lived tokens for the cache, made by your own backend, which alone knows the secret and who is signed in. Uses no package.
import { createHmac } from 'node:crypto';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * A token (HS256) that lets one person of one tenant ask, and nothing else, for `seconds`.
 * With RS256 or ES256, sign with your identity provider instead: the claims are the same.
 */
export function tokenFor({ tenant, subject, scope = 'cache:read', seconds = 300 }, secret, now = Date.now()) {
  const iat = Math.floor(now / 1000);
  const claims = { sub: subject, tenant, scope, iat, exp: iat + seconds };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return {
    token: `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`,
    expiresInSeconds: seconds,
  };
}
