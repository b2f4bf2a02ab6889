// The built server in a process of its own, which can be signalled, killed, and asked how it ended.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { mintToken, SCOPES } from '#auth';
import { Secret } from '#ports';
import { endsWithTest } from './ends-with-test.js';
import { LOOPBACK, send, type TestServer } from './server.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const SECRET = new Secret('a secret of the tests that is long enough');
const MAIN = join(root, 'dist/apps/server/src/main.js');
const ADDRESS = /Resk-Caching {3}(\S+)/;

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

export interface ChildServer extends Pick<TestServer, 'url' | 'send' | 'token' | 'dataDir'> {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
}

export interface ChildOptions {
  /** Largest file that the process may write, in blocks of 512 bytes: a disk that is full for this process alone. */
  fileBlocks?: number;
  /** Folder in which it is started; without it, one that has no .env file. */
  cwd?: string;
}

/** Compiles what is stale, as every command of the repository does. */
export function ensureBuilt(): void {
  const script = "import { ensureBuilt } from './scripts/bootstrap.mjs'; ensureBuilt();";
  execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: root, stdio: 'pipe' });
}

/** Starts it with these variables and none of the machine's. It ends with the test that started it. */
export async function startChildServer(env: Record<string, string> = {}, o: ChildOptions = {}): Promise<ChildServer> {
  const dataDir = env.DATA_DIR ?? (await aFolder());
  const { child, ended } = launch({ ...env, DATA_DIR: dataDir }, o);
  const url = await addressOf(child, ended);
  const token: TestServer['token'] = ({
    tenant = 'default',
    subject = 'tester',
    scopes = SCOPES.filter((scope) => scope !== 'admin'),
    ttlMs = 3_600_000,
  } = {}) => mintToken({ secret: SECRET, tenant, subject, scopes, ttlMs });
  const usual = token();
  return {
    url,
    dataDir,
    process: child,
    ended,
    token,
    send: (method, path, options = {}) => send(url + path, method, { token: usual, ...options }),
  };
}

/** How a server ends that does not start. */
export function refusedStart(env: Record<string, string>, options: ChildOptions = {}): Promise<Ended> {
  return launch(env, options).ended;
}

/** How a server ends that is told to stop while it starts: as soon as `when` says so. */
export function stoppedStart(env: Record<string, string>, when: Promise<unknown>): Promise<Ended> {
  const { child, ended } = launch(env, {});
  return Promise.race([when, ended]).then(() => {
    child.kill('SIGTERM');
    return ended;
  });
}

/** A folder that is gone after the test. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function launch(env: Record<string, string>, { fileBlocks, cwd = tmpdir() }: ChildOptions) {
  const ours = { PATH: process.env.PATH, JWT_SECRET: SECRET.reveal(), PORT: '0', LOG_LEVEL: 'silent' };
  const all = { ...ours, OUTGOING_ALLOWED_HOSTS: LOOPBACK, ...env };
  const node = [process.execPath, MAIN];
  const command = fileBlocks ? ['/bin/sh', '-c', `ulimit -f ${fileBlocks}; exec "$0" "$@"`, ...node] : node;
  const child = spawn(command[0]!, command.slice(1), { cwd, env: all, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text) => (stderr += text));
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, stderr }));
  endsWithTest(child, ended);
  return { child, ended };
}

async function addressOf(child: ChildProcess, ended: Promise<Ended>): Promise<string> {
  let greeting = '';
  const address = new Promise<string>((resolve) => {
    child.stdout!.on('data', (text) => {
      greeting += text;
      const [, url] = ADDRESS.exec(greeting) ?? [];
      if (url) resolve(url);
    });
  });
  const failed = ended.then(({ code, stderr }) => Promise.reject(new Error(`ended with ${code}: ${stderr}`)));
  return Promise.race([address, failed]);
}
