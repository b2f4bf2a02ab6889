// What a developer sees when the server is up: where it is, a token, and a command that works when pasted.
import { mintToken, SCOPES, signingSecret } from '#auth';
import type { AppConfig } from './app.module.js';

const LONGEST_TTL_MS = 24 * 3_600_000;
/** Largest first. */
const UNITS = [
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** The lines for a terminal. Outside production only: it holds a token for everything but administration. */
export function greeting(url: string, config: AppConfig): string {
  const ttlMs = tokenLife(config);
  const token = developmentToken(config, ttlMs);
  const lines = ['', `Resk-Caching   ${url}`, `Swagger UI     ${url}/docs`, `Metrics        ${url}/api/metrics`];
  if (token === undefined)
    return [...lines, '', 'Tokens come from your issuer (JWT_ALGORITHMS has no HS256).', ''].join('\n');
  return [
    ...lines,
    '',
    `Development token (${inWords(ttlMs)}, tenant "default"):`,
    token,
    '',
    'Try it:',
    curl(url, token, '/api/cache', { query: 'Hello', response: { answer: 'Hi' }, ttl: 3600 }),
    curl(url, token, '/api/cache/query', { query: 'Hello' }),
    '',
    '',
  ].join('\n');
}

/** Whole seconds, as tokens count: rounded up, it would be one that the server refuses. */
function tokenLife({ auth }: AppConfig): number {
  return Math.floor(Math.min(LONGEST_TTL_MS, auth.maxLifetimeMs) / 1000) * 1000;
}

function inWords(ms: number): string {
  const [unit, size] = UNITS.find(([, one]) => ms % one === 0)!;
  return `${ms / size} ${unit}`;
}

function developmentToken({ auth, runtime }: AppConfig, ttlMs: number): string | undefined {
  const secret = signingSecret(auth, runtime.dataDir);
  if (!secret || !auth.algorithms.includes('HS256')) return undefined;
  const [audience] = auth.audience;
  const [issuer] = auth.issuer;
  return mintToken({
    secret,
    subject: 'developer',
    tenant: 'default',
    scopes: SCOPES.filter((scope) => scope !== 'admin'),
    ttlMs,
    tenantClaim: auth.tenantClaim,
    ...(audience !== undefined && { audience }),
    ...(issuer !== undefined && { issuer }),
  });
}

function curl(url: string, token: string, path: string, body: object): string {
  return `curl -s ${url}${path} -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
}
