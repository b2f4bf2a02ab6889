// Two processes over the same records: every sum is exact, and one that is killed loses nothing that it was told was done.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../../../test/support/redis.js';
import { openRecords, type Records } from '../src/index.js';
import { aConnection, aFolder } from './support/some-records.js';

const WORKER = fileURLToPath(new URL('support/records-worker.mjs', import.meta.url));

interface Worker {
  name: string;
  child: ChildProcess;
  /** How often it was told that all was done. */
  told: number;
}

function aWorker(backend: string, place: string, name: string): Worker {
  const child = fork(WORKER, [backend, place, name], {
    execArgv: ['--experimental-transform-types', '--no-warnings'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const worker: Worker = { name, child, told: 0 };
  child.on('message', (at: number) => {
    worker.told = at;
  });
  return worker;
}

async function killed({ child }: Worker): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

async function somewhere(backend: string): Promise<{ place: string; records: Records }> {
  if (backend === 'sqlite') {
    const place = await aFolder();
    return { place, records: await openRecords({ backend: 'sqlite', dataDir: place, redisPrefix: 'resk' }) };
  }
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const redis = await aConnection(server.url, { timeoutMs: 5000 });
  return {
    place: server.url,
    records: await openRecords({ backend: 'redis', dataDir: '', redisPrefix: 'resk', redis }),
  };
}

test.each(['sqlite', 'redis'])('in %s', async (backend) => {
  const { place, records } = await somewhere(backend);
  onTestFinished(() => records.close());
  const workers = ['one', 'two'].map((name) => aWorker(backend, place, name));
  await expect.poll(() => workers.every(({ told }) => told > 20), { timeout: 25_000 }).toBe(true);
  await Promise.all(workers.map(killed));

  const [sums] = await records.tallies(['sums']);
  const last = await records.last('journal');
  const lines = await records.lines('journal', 1, last!.number + 1);
  expect(sums!.all).toBe(sums!.one! + sums!.two!);
  expect(lines.map(({ number }) => number)).toEqual(lines.map((_, at) => at + 1));
  const { items, bytes } = await records.holding('account', 0);
  expect(bytes).toBe(items);
  for (const { name, told } of workers) {
    const own = lines.filter(({ line }) => line.startsWith(name)).map(({ line }) => line);
    expect(own).toEqual(own.map((_, at) => `${name} ${at + 1}`));
    expect(own.length).toBeGreaterThanOrEqual(told);
    expect(sums![name]).toBeGreaterThanOrEqual(own.length);
    expect(sums![name]).toBeLessThanOrEqual(own.length + 1);
  }
});
