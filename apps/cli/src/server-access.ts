// Finds the server of a command and the token it is sent: given ones first, else a local server and a development token.
import { existsSync } from 'node:fs';
import { authSection, mintToken, type Scope, signingSecret } from '#auth';
import { ensureDataFolder, readConfig, runtimeSection, type Sources } from '#config';
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
  const { url, token } = accessOf(options, io.sources);
  const client = new ApiClient({ url, connections: need.connections, timeoutMs: REQUEST_TIMEOUT_MS });
  try {
    // Asked first and once: "no server" is told at once, before calls are repeated or a token is minted for nobody.
    await client.get('/health/live', io.signal);
    client.authorise(token ?? mintFor(need, io.sources));
    return await talk(client, { minted: token === undefined });
  } catch (error) {
    throw explained(error, token === undefined);
  } finally {
    await client.close();
  }
}

/** The address and, where one is given, the token. Only a server on this machine may do without. */
function accessOf(options: ServerOptions, sources: Sources): { url: string; token: string | undefined } {
  const config = readConfig([cliSection, localServerSection], sources);
  const url = options.url ?? config.cli.url ?? `http://127.0.0.1:${config['local-server'].port}`;
  const token = options.token ?? config.cli.token?.reveal();
  const { origin, hostname } = new URL(url);
  if (token === undefined && !LOCAL_HOSTS.has(hostname)) throw failure('cli.token_needed', { url: origin });
  return { url, token };
}

function mintFor({ tenant = 'default', scopes }: Need, sources: Sources): string {
  const { auth, runtime } = readConfig([authSection, runtimeSection], sources);
  // A secret made now would be of no server: the one that runs has made its own, in its own folder.
  if (!auth.secret && !existsSync(runtime.dataDir)) throw failure('cli.server_elsewhere', { dataDir: runtime.dataDir });
  return mint({ subject: 'resk-cli', tenant, scopes, ttlMs: TOKEN_TTL_MS }, sources);
}

/** Mints a token with the secret that a server started in this folder verifies with. */
export function mint(
  claims: { subject: string; tenant: string; scopes: readonly Scope[]; ttlMs: number },
  sources: Sources,
): string {
  const { auth, runtime } = readConfig([authSection, runtimeSection], sources);
  if (!auth.algorithms.includes('HS256')) throw failure('cli.signing_secret_missing', {});
  if (!auth.secret) ensureDataFolder(runtime.dataDir, sources);
  const secret = signingSecret(auth, runtime.dataDir)!;
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
  if (!isFailure(error) || !error.code.startsWith('auth.') || error.kind !== 'unauthenticated') return error;
  const fix = minted
    ? 'Run resk in the folder of the server, with the same .env, JWT_SECRET and DATA_DIR; or give a token with --token.'
    : 'Give a valid one with --token or RESK_TOKEN; resk token mints one for a server of this folder.';
  return failure('cli.token_refused', { reason: error.code, fix }, { cause: error });
}
