// A real server in this process, on a free port and a folder of its own, with the configuration that a test names.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintToken, SCOPES, type Scope, signingSecret } from '#auth';
import { environmentSources, readConfig } from '#config';
import { createLogger, type LoggerOptions } from '#observability';
import { sections } from '../../apps/server/src/sections.js';
import { type RunningServer, startServer } from '../../apps/server/src/server.js';

export interface TestServer {
  readonly url: string;
  readonly server: RunningServer;
  readonly dataDir: string;
  /** A token of this server's own; all scopes but `admin` unless named. */
  token(about?: { tenant?: string; subject?: string; scopes?: readonly Scope[]; ttlMs?: number }): string;
  /** Sends JSON (or a raw body) with a token, and reads the reply. */
  send(method: string, path: string, options?: SendOptions): Promise<Reply>;
  stop(): Promise<void>;
}

export interface SendOptions {
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Uint8Array;
  /** `null` sends none; absent sends one with every scope. */
  token?: string | null;
  headers?: Record<string, string>;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
  json: any;
}

/** Doubles of vendors listen here, also where a server runs as in production. */
export const LOOPBACK = 'localhost,127.0.0.1,[::1]';

/** A busy machine is no store that fails. */
const PATIENCE = { CACHE_STORE_TIMEOUT: '5s', VECTORDB_TIMEOUT: '30s' };

/** Variables are those of the environment; nothing of the machine's own environment is read. `log`: where lines go. */
export async function startTestServer(env: Record<string, string> = {}, log: LoggerOptions = {}): Promise<TestServer> {
  const dataDir = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), 'resk-test-')));
  const own = { PORT: '0', LOG_LEVEL: 'silent', DATA_DIR: dataDir, OUTGOING_ALLOWED_HOSTS: LOOPBACK };
  const all = { ...own, ...PATIENCE, ...env };
  const config = readConfig(sections, environmentSources({ env: all, envFile: false }));
  const server = await startServer(config, createLogger(config.observability, log));
  const secret = signingSecret(config.auth, dataDir);
  const everything = SCOPES.filter((scope) => scope !== 'admin');
  const token: TestServer['token'] = ({
    tenant = 'default',
    subject = 'tester',
    scopes = everything,
    ttlMs = 3_600_000,
  } = {}) => mintToken({ secret: secret!, tenant, subject, scopes, ttlMs });
  const usual = secret ? token() : null;
  return {
    url: server.url,
    server,
    dataDir,
    token,
    send: (method, path, options = {}) => send(server.url + path, method, { token: usual, ...options }),
    stop: async () => {
      await server.stop();
      if (env.DATA_DIR === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export async function send(url: string, method: string, { body, raw, token, headers }: SendOptions): Promise<Reply> {
  const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const reply = await fetch(url, {
    method,
    headers: {
      ...(content !== undefined && { 'content-type': 'application/json' }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(content !== undefined && { body: content as string }),
  });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
