// The headers that every reply carries.
import type { Exchange } from '../exchange.js';

/**
 * Headers that do not depend on the request: those of https://helmetjs.github.io, stricter where nothing is shown in a
 * browser, and what https://owasp.org/www-project-secure-headers/ adds.
 */
export function securityHeaders(hsts: boolean): Record<string, string> {
  return {
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
    'cache-control': 'no-store',
    ...(hsts && { 'strict-transport-security': 'max-age=31536000; includeSubDomains' }),
  };
}

/** Swagger UI runs scripts and styles of its own origin; its styles are inline. */
export const DOCS_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** The headers of one exchange, as names and values in turn. */
export function exchangeHeaders({ correlationId, limit, endpoint }: Exchange): string[] {
  const headers = ['x-correlation-id', correlationId];
  if (endpoint?.notice) headers.push(...endpoint.notice);
  // What is left to an address all behind it use up together: it is told to nobody, until it is used up.
  if (!limit || (limit.rule === 'address' && limit.allowed)) return headers;
  headers.push(
    'ratelimit-limit',
    String(limit.limit),
    'ratelimit-remaining',
    String(limit.remaining),
    'ratelimit-reset',
    String(Math.ceil(limit.resetMs / 1000)),
  );
  return headers;
}

/** Headers that a failure adds. */
export function failureHeaders({
  status,
  retryAfterMs,
}: {
  status: number;
  retryAfterMs: number | undefined;
}): string[] {
  if (status === 401) return ['www-authenticate', 'Bearer realm="resk-caching", error="invalid_token"'];
  if (status === 429 || status === 503 || (status === 409 && retryAfterMs !== undefined))
    return ['retry-after', String(Math.max(1, Math.ceil((retryAfterMs ?? 1000) / 1000)))];
  return [];
}
