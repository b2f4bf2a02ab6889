// Finds the server of a command and the token it is sent: given ones first, else a local server and a development token.
import { authSection, mintToken, type Scope, signingSecret } from '#auth';
import { readConfig, runtimeSection, type Sources } from '#config';
import { failure, isFailure } from '#ports';
import { ApiClient } from './api-client.js';
import { cliSection, localServerSection } from './cli.section.js';
import type { Io } from './io.js';
import type { ServerOptions } from './options.js';

export interface Need {
  /** What the minted token may do: nothing that the command does not need. */
  scopes: readonly Scope[];
  connections: number;
  tenant?: string;
}

const TOKEN_TTL_MS = 8 * 3_600_000;
const REQUEST_TIMEOUT_MS = 60_000;
const LOCAL_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Opens the client of a command, talks to it, and closes it. Explains a refused token. */
export async function withServer<T>(
  options: ServerOptions,
  need: Need,
  io: Io,
  talk: (client: ApiClient, access: { minted: boolean }) => Promise<T>,
): Promise<T> {
  const { url, token, minted } = accessOf(options, need, io.sources);
  const client = new ApiClient({ url, token, connections: need.connections, timeoutMs: REQUEST_TIMEOUT_MS });
  try {
    // Asked first and once: "no server" is told at once, before files are read or calls repeated.
    await client.get('/health/live', io.signal);
    return await talk(client, { minted });
  } catch (error) {
    throw explained(error, minted);
  } finally {
    await client.close();
  }
}

function accessOf(options: ServerOptions, need: Need, sources: Sources) {
  const config = readConfig([cliSection, localServerSection], sources);
  const url = options.url ?? config.cli.url ?? `http://127.0.0.1:${config['local-server'].port}`;
  const given = options.token ?? config.cli.token?.reveal();
  if (given !== undefined) return { url, token: given, minted: false };
  const { origin, hostname } = new URL(url);
  if (!LOCAL_HOSTS.has(hostname)) throw failure('cli.token_needed', { url: origin });
  const minted = mint(
    { subject: 'resk-cli', tenant: need.tenant ?? 'default', scopes: need.scopes, ttlMs: TOKEN_TTL_MS },
    sources,
  );
  return { url, token: minted, minted: true };
}

/** Mints a token with the secret that a server started in this folder verifies with. */
export function mint(
  claims: { subject: string; tenant: string; scopes: readonly Scope[]; ttlMs: number },
  sources: Sources,
): string {
  const { auth, runtime } = readConfig([authSection, runtimeSection], sources);
  const secret = signingSecret(auth, runtime.dataDir);
  if (!secret || !auth.algorithms.includes('HS256')) throw failure('cli.signing_secret_missing', {});
  return mintToken({
    secret,
    ...claims,
    ttlMs: Math.min(claims.ttlMs, auth.maxLifetimeMs),
    audience: auth.audience[0],
    issuer: auth.issuer[0],
    tenantClaim: auth.tenantClaim,
  });
}

function explained(error: unknown, minted: boolean): unknown {
  if (!isFailure(error) || error.kind !== 'unauthenticated') return error;
  const fix = minted
    ? 'Run resk in the folder of the server, with the same .env, JWT_SECRET and DATA_DIR; or give a token with --token.'
    : 'Give a valid one with --token or RESK_TOKEN; resk token mints one for a server of this folder.';
  return failure('cli.token_refused', { reason: error.code, fix }, { cause: error });
}
