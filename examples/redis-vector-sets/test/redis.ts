// A Redis 8 for the tests: the one of REDIS_URL, or a server that they start, and stores over it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before } from 'node:test';
import { createClient } from '@redis/client';
import { optionsSchema } from '../src/options.js';
import { RedisVectorStore } from '../src/redis-vector-store.js';

/** Another one for each test file: they run at the same time. */
const PORT = 20_000 + (process.pid % 10_000);
let server: ChildProcess | undefined;
let prefixes = 0;
const opened: RedisVectorStore[] = [];
export const url = process.env.REDIS_URL ?? `redis://127.0.0.1:${PORT}`;

before(async () => {
  if (process.env.REDIS_URL !== undefined) return;
  server = spawn('redis-server', ['--port', `${PORT}`, '--bind', '127.0.0.1', '--save', '', '--dir', '/tmp']);
  const [line] = await once(server, 'spawn').then(() => once(server!.stdout!, 'data'));
  if (!line) throw new Error('redis-server did not start');
});
after(async () => {
  for (const store of opened) await store.close();
  await redis([
    'EVAL',
    "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end",
    '0',
    `test-${process.pid}-*`,
  ]);
  server?.kill('SIGKILL');
});

export function aPrefix(): string {
  return `test-${process.pid}-${++prefixes}`;
}

export function anyStore(given: Record<string, unknown> = {}, now?: () => number): Promise<RedisVectorStore> {
  return RedisVectorStore.open(optionsSchema.parse({ url, prefix: aPrefix(), ...given }), undefined, now);
}

/** A store that is closed after the tests. */
export async function aStore(given: Record<string, unknown> = {}, now?: () => number): Promise<RedisVectorStore> {
  const store = await anyStore(given, now);
  opened.push(store);
  return store;
}

/** A command of the test's own, past the store. */
export async function redis(parts: string[]): Promise<unknown> {
  const client = createClient({ url });
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.sendCommand(parts);
  } finally {
    client.destroy();
  }
}
