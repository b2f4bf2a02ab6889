// What a developer sees when the server is up: where it is, a token, and a command that works when pasted.
import { mintToken, SCOPES, signingSecret } from '#auth';
import type { AppConfig } from './app.module.js';

const TOKEN_TTL_MS = 24 * 3_600_000;

/** The lines for a terminal. Outside production only: it holds a token for everything but administration. */
export function greeting(url: string, config: AppConfig): string {
  const token = developmentToken(config);
  const lines = ['', `Resk-Caching   ${url}`, `Swagger UI     ${url}/docs`, `Metrics        ${url}/api/metrics`];
  if (token === undefined)
    return [...lines, '', 'Tokens come from your issuer (JWT_ALGORITHMS has no HS256).', ''].join('\n');
  return [
    ...lines,
    '',
    'Development token (24 h, tenant "default"):',
    token,
    '',
    'Try it:',
    curl(url, token, '/api/cache', { query: 'Hello', response: { answer: 'Hi' }, ttl: 3600 }),
    curl(url, token, '/api/cache/query', { query: 'Hello' }),
    '',
    '',
  ].join('\n');
}

function developmentToken({ auth, runtime }: AppConfig): string | undefined {
  const secret = signingSecret(auth, runtime.dataDir);
  if (!secret || !auth.algorithms.includes('HS256')) return undefined;
  const [audience] = auth.audience;
  const [issuer] = auth.issuer;
  return mintToken({
    secret,
    subject: 'developer',
    tenant: 'default',
    scopes: SCOPES.filter((scope) => scope !== 'admin'),
    ttlMs: TOKEN_TTL_MS,
    tenantClaim: auth.tenantClaim,
    ...(audience !== undefined && { audience }),
    ...(issuer !== undefined && { issuer }),
  });
}

function curl(url: string, token: string, path: string, body: object): string {
  return `curl -s ${url}${path} -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
}
