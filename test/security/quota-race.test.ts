// Two processes of one store admit together what the quota says, not one request more and not one less.
import { beforeAll, expect, test } from 'vitest';
import { aFolder, type ChildServer, ensureBuilt, startChildServer } from '../support/child-server.js';
import { type RedisServer, startRedis } from '../support/redis.js';

const LIMIT = 60;
const REQUESTS = 200;

beforeAll(() => ensureBuilt(), 300_000);

/** Sends requests to both at once, several at a time. Gives how many were admitted. */
async function race(servers: readonly ChildServer[], tenant: string): Promise<number> {
  const token = servers[0]!.token({ tenant });
  const statuses: number[] = [];
  const sender = async (at: number) => {
    for (let sent = 0; sent < REQUESTS / 20; sent++) {
      const { status, json } = await servers[at % servers.length]!.send('GET', '/api/vectors/collections', { token });
      if (status !== 200) expect(json).toMatchObject({ status: 429, code: 'quota.exceeded' });
      statuses.push(status);
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, at) => sender(at)));
  expect(statuses).toHaveLength(REQUESTS);
  return statuses.filter((status) => status === 200).length;
}

async function raceOver(env: Record<string, string>): Promise<void> {
  const all = { QUOTA_REQUESTS_PER_DAY: String(LIMIT), ...env };
  const servers = [await startChildServer(all), await startChildServer(all)];
  expect(await race(servers, 'north')).toBe(LIMIT);
  // Another tenant has a day of its own.
  expect(await race(servers, 'south')).toBe(LIMIT);
}

test('quota race over two processes', async () => {
  await raceOver({ DATA_DIR: await aFolder(), CACHE_BACKEND: 'memory' });
});

test('quota race over two processes of one Redis', async () => {
  const redis: RedisServer = await startRedis();
  try {
    await raceOver({ CACHE_BACKEND: 'redis', REDIS_URL: redis.url });
  } finally {
    await redis.stop();
  }
});
