// The example over Redis 8 compiles against the published ports alone, and keeps every promise of the port on the real server.
import { test } from 'vitest';
import { examplePackage } from '../support/example-package.js';
import { startRedis8 } from '../support/redis8.js';

test('examples/redis-vector-sets passes its own tests, the published contract among them', async ({ skip }) => {
  const redis = await startRedis8();
  if (!redis) return skip('there is no Redis 8');
  const example = await examplePackage('redis-vector-sets');
  try {
    await example.test({ REDIS_URL: redis.url });
  } finally {
    await redis.stop();
    await example.remove();
  }
}, 180_000);
