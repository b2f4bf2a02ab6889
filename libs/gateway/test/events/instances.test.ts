// Two instances over a real Redis: what one says, the other's subscribers hear, and nobody in between can read or forge.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { PlainSealer } from '#crypto';
import { announce, announced, Secret } from '#ports';
import { RedisBus, RedisConnection, RedisRecords } from '#records';
import { type RedisServer, startRedis } from '../../../../test/support/redis.js';
import {
  type AppOptions,
  aToken,
  type Client,
  connectPlain,
  connectSocketIo,
  type EventApp,
  startApp,
} from './event-app.js';

let server: RedisServer;
const closers: Array<() => Promise<void> | void> = [];

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function connection(): Promise<RedisConnection> {
  const redis = RedisConnection.open(new Secret(server.url));
  closers.push(() => redis.close());
  await expect.poll(() => redis.up).toBe(true);
  return redis;
}

async function instance(options: AppOptions = {}): Promise<EventApp> {
  const redis = await connection();
  const app = await startApp({
    ...options,
    bus: new RedisBus(redis, 'resk'),
    records: new RedisRecords(redis, 'resk'),
  });
  closers.push(() => app.stop());
  return app;
}

async function member(app: EventApp, tenant = 'north', connect = connectPlain): Promise<Client> {
  const client = await connect(app.url, aToken({ tenant }));
  closers.push(() => client.close());
  return client;
}

const write = (tenant: string, key: string) => announce('cache.write', { tenant, key, origin: 'written', bytes: 1 });

describe('events of two instances', () => {
  test('what a user publishes on one reaches the tenant’s subscribers on the other, once, through either door', async () => {
    const [here, there] = [await instance(), await instance()];
    const publisher = await member(here);
    const listeners = [await member(there), await member(there, 'north', connectSocketIo), await member(here)];
    const stranger = await member(there, 'south');
    for (const client of [...listeners, stranger]) await client.say({ type: 'subscribe', channel: 'news' });
    for (const n of [1, 2, 3]) await publisher.say({ type: 'publish', channel: 'news', data: n });
    for (const client of listeners) {
      expect([await client.next(), await client.next(), await client.next()].map(({ data }) => data)).toEqual([
        1, 2, 3,
      ]);
    }
    // Said by another instance after it heard the rest: nothing comes in between, so nothing came twice.
    await listeners[0]!.say({ type: 'publish', channel: 'news', data: 'end' });
    for (const client of listeners) expect((await client.next()).data).toBe('end');
    await stranger.say({ type: 'publish', channel: 'news', data: 'own' });
    expect((await stranger.next()).data).toBe('own');
  });

  test('an instance tells its events to subscribers elsewhere, of the same tenant', async () => {
    const [, there] = [await instance(), await instance()];
    const subscriber = await member(there);
    await subscriber.say({ type: 'subscribe', channel: 'events' });
    // Both instances live in this process: the subscriber hears of each write from its own, and, once the other has
    // heard that somebody listens, from the other too.
    const heard: string[] = [];
    await expect
      .poll(async () => {
        write('south', 'not for the north');
        write('north', `k${heard.length}`);
        heard.push((await subscriber.next()).data.key);
        return new Set(heard).size < heard.length;
      })
      .toBe(true);
    expect(heard.every((key) => /^k\d+$/.test(key))).toBe(true);
    announce('provider.degraded', { family: 'embedding-model', provider: 'openai' });
    const types: string[] = [];
    await expect
      .poll(
        async () =>
          types.push((await subscriber.next()).data.type) && types.filter((one) => one === 'provider.degraded').length,
      )
      .toBe(2);
  });

  test('no instance listens to the engine while nobody is subscribed anywhere', async () => {
    const [here] = [await instance(), await instance()];
    await (await member(here)).say({ type: 'subscribe', channel: 'news' });
    expect(announced('cache.write').hasSubscribers).toBe(false);
  });

  test('with a key set, Redis sees neither what is said nor for whom, and what was not sealed is not heard', async () => {
    const sealed = { env: { CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 9).toString('base64') } };
    const [here, there] = [await instance(sealed), await instance(sealed)];
    const seen: string[] = [];
    const eavesdropper = new RedisBus(await connection(), 'resk');
    await eavesdropper.subscribe('events', (message) => seen.push(message));
    const [publisher, listener] = [await member(here, 'north'), await member(there, 'north')];
    await listener.say({ type: 'subscribe', channel: 'news' });
    await publisher.say({ type: 'publish', channel: 'news', data: 'between us' });
    expect((await listener.next()).data).toBe('between us');
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    const bytes = seen
      .map((one) => one + Buffer.from(JSON.parse(one).sealed ?? '', 'base64').toString('latin1'))
      .join();
    expect(bytes).not.toMatch(/between us|news|north/);

    const batch = JSON.stringify([{ channel: 'news', data: { type: 'cache.purge' }, at: 'now' }]);
    const forged = Buffer.from(await new PlainSealer().seal(Buffer.from(batch))).toString('base64');
    const genuine = JSON.parse(seen[0]!) as { tag: string };
    for (const tag of ['*', genuine.tag]) {
      await eavesdropper.publish('events', JSON.stringify({ kind: 'events', from: 'x', tag, sealed: forged }));
    }
    await publisher.say({ type: 'publish', channel: 'news', data: 'next' });
    expect((await listener.next()).data).toBe('next');
  });

  test('nonsense and forgeries on the bus are passed over', async () => {
    const app = await instance();
    const client = await member(app);
    await client.say({ type: 'subscribe', channel: 'news' });
    const bus = new RedisBus(await connection(), 'resk');
    const sealed = Buffer.from(await new PlainSealer().seal(Buffer.from('{"not":"a batch"}'))).toString('base64');
    const tag = 'AAAAAAAAAAAAAAAA';
    for (const message of [
      'no json',
      '{}',
      JSON.stringify({ kind: 'events', from: 'x', tag: '*', sealed }),
      JSON.stringify({ kind: 'events', from: 'x', tag: '*', sealed: 'bm90IHNlYWxlZA==' }),
      JSON.stringify({ kind: 'events', from: 'x', tag, sealed }),
      JSON.stringify({ kind: 'interest', from: 'x', tags: [1] }),
    ]) {
      await bus.publish('events', message);
    }
    await client.say({ type: 'publish', channel: 'news', data: 'still here' });
    expect((await client.next()).data).toBe('still here');
  });

  test('subscribers of an instance hear each other while Redis is gone, and the other instance again when it is back', async () => {
    const [here, there] = [await instance(), await instance()];
    const publisher = await member(here);
    const listener = await member(there);
    for (const client of [publisher, listener]) await client.say({ type: 'subscribe', channel: 'news' });
    await server.kill();
    await publisher.say({ type: 'publish', channel: 'news', data: 'alone' });
    expect((await publisher.next()).data).toBe('alone');
    await server.restart();
    const heardAgain = listener.next().then(() => 'heard');
    await expect
      .poll(
        async () => {
          await publisher.say({ type: 'publish', channel: 'news', data: 'together' });
          return Promise.race([heardAgain, Promise.resolve('silence')]);
        },
        { timeout: 20_000, interval: 200 },
      )
      .toBe('heard');
  });
});
