// Starts the parts of docker-compose.yml on this machine, each with what compose gives it: only names of hosts and folders are others.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from '../support/child-server.js';
import { freePort, type RedisServer, startRedis } from '../support/redis.js';
import { composeProject } from './compose-project.js';
import { textOf } from './delivery-files.js';

const PATIENT_MS = 60_000;

/** A folder that is gone after the test. */
export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'resk-compose-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the secrets service as compose does, whose root has no right beyond its own files; gives what it said. */
export function secretsIn(folder: string): string {
  const confined = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'];
  const [program, ...args] = [...(process.getuid?.() === 0 ? confined : []), process.execPath];
  return execFileSync(program!, [...args, 'deploy/compose/secrets.mjs', folder], { cwd: root, encoding: 'utf8' });
}

/** Redis with the users and limits of the project. */
export async function composeRedis(secrets: string): Promise<RedisServer> {
  const users = join(aFolder(), 'users.acl');
  writeFileSync(users, '');
  const limits = composeProject()
    .services.redis!.command!.join(' ')
    .match(/--maxmemory\S* \S+/g)!;
  const redis = await startRedis({ args: ['--aclfile', users, ...limits.flatMap((one) => one.split(' '))] });
  onTestFinished(() => redis.stop());
  writeFileSync(users, readFileSync(join(secrets, 'redis/users.acl')));
  redisCli(redis, 'ACL', 'LOAD');
  return redis;
}

export function redisCli({ port }: { port: number }, ...args: string[]): string {
  return execFileSync('redis-cli', ['-p', `${port}`, ...args], { encoding: 'utf8', stdio: 'pipe' });
}

/** Where the others of the project are on this machine, e.g. `{ 'chroma:8000': '127.0.0.1:41234' }`. */
export type Places = Record<string, string>;

/** What compose and the image set for the server, with every place and folder as it is here. */
export function serverEnvironment(secrets: string, places: Places): Record<string, string> {
  const ofImage = Object.fromEntries(
    /^ENV (.*)$/m
      .exec(textOf('Dockerfile'))![1]!
      .split(' ')
      .map((pair) => pair.split('=') as [string, string]),
  );
  const here = (text: string) =>
    Object.entries(places).reduce(
      (so, [there, place]) => so.replaceAll(there, place),
      text.replace(/^\/secrets\//, `${secrets}/`),
    );
  const set = Object.entries({ ...ofImage, ...composeProject().services.server!.environment });
  const url = join(aFolder(), 'redis-url');
  writeFileSync(url, here(readFileSync(join(secrets, 'server/redis-url'), 'utf8')));
  return {
    ...Object.fromEntries(set.map(([name, value]) => [name, here(String(value))])),
    // The folder is for the secrets as they were made; in this one stands where Redis is here.
    REDIS_URL_FILE: url,
    PATH: process.env.PATH!,
    HOST: '127.0.0.1',
    DATA_DIR: aFolder(),
  };
}

/** The built server with this environment and nothing else, once it is ready. */
export async function composeServer(environment: Record<string, string>) {
  const env = { ...environment, PORT: `${await freePort()}` };
  const url = `http://127.0.0.1:${env.PORT}`;
  const child = started(process.execPath, ['--enable-source-maps', join(root, 'dist/apps/server/src/main.js')], env);
  await answering(`${url}/health/ready`, child);
  const resk = (...args: string[]) =>
    execFileSync(process.execPath, [join(root, 'dist/apps/cli/src/main.js'), ...args], {
      env,
      cwd: tmpdir(),
      encoding: 'utf8',
    }).trim();
  return { url, env, process: child.process, ended: child.ended, resk };
}

/** HAProxy with a configuration of the project, each text in `places` being another here. */
export async function haproxy(file: string, places: Places) {
  const config = join(aFolder(), 'haproxy.cfg');
  const text = Object.entries(places).reduce(
    (so, [there, place]) => {
      if (!so.includes(there)) throw new Error(`${file} does not say ${there}`);
      return so.replaceAll(there, place);
    },
    textOf(`deploy/compose/${file}`),
  );
  writeFileSync(config, text);
  execFileSync('haproxy', ['-c', '-dW', '-f', config], { stdio: 'pipe' });
  const child = started('haproxy', ['-db', '-f', config], { PATH: process.env.PATH! });
  const well = text
    .split('monitor-uri /well')[0]!
    .match(/(?<=bind )127\.0\.0\.1:\d+/g)!
    .at(-1)!;
  await answering(`http://${well}/well`, child);
}

interface Started {
  process: ChildProcess;
  ended: Promise<number | null>;
  output: string;
}

function started(program: string, args: string[], env: Record<string, string>): Started {
  const child = spawn(program, args, { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] });
  const one: Started = {
    process: child,
    ended: once(child, 'close').then(([code]) => code as number | null),
    output: '',
  };
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text) => (one.output += text));
  const endWithUs = () => child.kill('SIGKILL');
  process.once('exit', endWithUs);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await one.ended;
    process.removeListener('exit', endWithUs);
  });
  return one;
}

async function answering(url: string, child: Started): Promise<void> {
  const giveUpAt = Date.now() + PATIENT_MS;
  for (;;) {
    const reply = await fetch(url).catch(() => undefined);
    if (reply?.ok) return;
    const over = child.process.exitCode !== null || Date.now() > giveUpAt;
    if (over) throw new Error(`${url} does not answer: ${reply?.status ?? ''} ${child.output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
