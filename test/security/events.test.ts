// Who listens hears their own tenant, on every channel, at both doors, on every instance.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { doors } from '../support/event-clients.js';
import { startRedis } from '../support/redis.js';
import { startTestServer } from '../support/server.js';

test.each(Object.keys(doors) as (keyof typeof doors)[])('event channel of another tenant (%s)', async (door) => {
  const redis = await startRedis();
  onTestFinished(() => redis.stop());
  const env = {
    CACHE_BACKEND: 'redis',
    REDIS_URL: redis.url,
    JWT_SECRET: 'a secret that both instances know, long enough',
  };
  const [one, other] = await Promise.all([startTestServer(env), startTestServer(env)]);
  onTestFinished(async () => void (await Promise.all([one.stop(), other.stop()])));

  const heard: Record<string, string[]> = { north: [], south: [] };
  const listening = async (tenant: string, channels: string[]) => {
    const client = await doors[door](other.url, other.token({ tenant }));
    for (const channel of channels)
      expect(await client.say({ type: 'subscribe', channel })).toMatchObject({ ok: true });
    void (async () => {
      for (;;) heard[tenant]!.push(JSON.stringify(await client.next()));
    })();
    return client;
  };
  const sly = ['events', 'news', 'north:news', 'north', 'south:events', 'events:north', 'north.events'];
  const [north, south] = [await listening('north', ['events', 'news']), await listening('south', sly)];

  const token = one.token({ tenant: 'north' });
  const publisher = await doors[door](one.url, token);
  for (const channel of ['news', 'north', 'north:news', 'events:north']) {
    await publisher.say({ type: 'publish', channel, data: { secret: 'of the north' } });
  }
  await one.send('POST', '/api/cache', { token, body: { query: 'a', response: 'b' } });
  await one.send('DELETE', '/api/cache', { token });
  await expect.poll(() => heard.north!.join()).toContain('cache.purge');
  expect(heard.north!.join()).toContain('of the north');
  // What would be wrongly delivered has been delivered by now: the same messages reached the north by the same way.
  await pause(100);
  expect(heard.south).toEqual([]);
  for (const client of [north, south, publisher]) client.close();
});
