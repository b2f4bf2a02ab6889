// Both doors, with real clients: the same frames in, the same replies out, the same ends.
import { afterEach, describe, expect, test } from 'vitest';
import { announce } from '#ports';
import { type AppOptions, aToken, type Client, doors, type EventApp, startApp } from './event-app.js';

const apps: EventApp[] = [];
const clients: Client[] = [];
const start = async (options?: AppOptions) => {
  const app = await startApp(options);
  apps.push(app);
  return app;
};

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(apps.splice(0).map((app) => app.stop()));
});

const isoDate = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);

describe.each(Object.entries(doors))('events over %s', (name, open) => {
  const connect = async (app: EventApp, token = aToken()) => {
    const client = await open(app.url, token);
    clients.push(client);
    return client;
  };

  test('subscribes, publishes, pings and unsubscribes', async () => {
    const client = await connect(await start());
    expect(await client.say({ type: 'subscribe', channel: 'news' })).toEqual({ ok: true, subscribed: 'news' });
    expect(await client.say({ type: 'publish', channel: 'news', data: { n: [1, null, 'é'] } })).toEqual({
      ok: true,
      published: 'news',
    });
    expect(await client.next()).toEqual({ channel: 'news', data: { n: [1, null, 'é'] }, at: isoDate });
    expect(await client.say({ type: 'ping' })).toEqual({ ok: true, pong: isoDate });
    expect(await client.say({ type: 'unsubscribe', channel: 'news' })).toEqual({ ok: true, unsubscribed: 'news' });
  });

  test('frames may be JSON texts as well', async () => {
    const client = await connect(await start());
    expect(await client.say('{"type":"subscribe","channel":"news"}')).toEqual({ ok: true, subscribed: 'news' });
  });

  test('the same channel name of two tenants is two channels', async () => {
    const app = await start();
    const north = await connect(app);
    const south = await connect(app, aToken({ tenant: 'south' }));
    for (const client of [north, south]) await client.say({ type: 'subscribe', channel: 'news' });
    await north.say({ type: 'publish', channel: 'news', data: 'from the north' });
    await south.say({ type: 'publish', channel: 'news', data: 'from the south' });
    expect((await north.next()).data).toBe('from the north');
    expect((await south.next()).data).toBe('from the south');
  });

  test('tells a subscriber of events what the service did for the tenant', async () => {
    const client = await connect(await start());
    await client.say({ type: 'subscribe', channel: 'events' });
    announce('cache.write', { tenant: 'south', key: 'other', origin: 'written', bytes: 1 });
    announce('cache.write', { tenant: 'north', key: 'k1', origin: 'written', bytes: 5 });
    expect(await client.next()).toEqual({
      channel: 'events',
      data: { type: 'cache.write', key: 'k1', origin: 'written', bytes: 5 },
      at: isoDate,
    });
  });

  test('refuses to publish what looks like the service’s own events', async () => {
    const client = await connect(await start());
    const reply = await client.say({ type: 'publish', channel: 'events', data: { type: 'cache.purge' } });
    expect(reply).toEqual({ error: { code: 'event.reserved', detail: expect.stringContaining('cache.') } });
  });

  test('a bad frame gets an error that says why, and the connection stays', async () => {
    const client = await connect(await start());
    for (const frame of ['{oops', '[]', 'null', { type: 'launch' }, { type: 'subscribe', channel: 'a b' }, 7, null]) {
      expect(await client.say(frame)).toEqual({ error: { code: 'event.frame_invalid', detail: expect.any(String) } });
    }
    expect(await client.say({ type: 'ping' })).toMatchObject({ ok: true });
  });

  test('a token without the scope of a frame gets auth.scope', async () => {
    const client = await connect(await start(), aToken({ scopes: ['events:subscribe'] }));
    expect(await client.say({ type: 'publish', channel: 'news', data: 1 })).toMatchObject({
      error: { code: 'auth.scope' },
    });
  });

  test('frames beyond the limit of a second are refused, and a flood ends the connection', async () => {
    const client = await connect(await start({ env: { EVENTS_FRAMES_PER_SECOND: '5' } }));
    const replies = await Promise.all(Array.from({ length: 8 }, () => client.say({ type: 'ping' })));
    expect(replies.filter((reply) => reply.error?.code === 'event.rate_limited').length).toBeGreaterThan(0);
    for (let i = 0; i < 100; i++) void client.say({ type: 'ping' });
    expect(await client.ended).toBe(name === 'Socket.IO' ? 'io server disconnect' : 1008);
  });

  test('a frame of many times the largest size ends the connection', async () => {
    const client = await connect(await start({ env: { EVENTS_FRAME_MAX: '1KiB' } }));
    void client.say({ type: 'publish', channel: 'news', data: 'x'.repeat(100_000) });
    expect(await client.ended).toBe(name === 'Socket.IO' ? 'transport close' : 1009);
  });

  test('a subscriber that does not read is closed, while the publisher and the others go on', async () => {
    const app = await start({ env: { EVENTS_FRAME_MAX: '1MiB', EVENTS_BUFFER_MAX: '64KiB' } });
    const [slow, brisk] = [await connect(app), await connect(app)];
    for (const client of [slow, brisk]) await client.say({ type: 'subscribe', channel: 'news' });
    slow.stall();
    // More than the kernel's buffers of a connection take.
    for (let sent = 0; sent < 20; sent++) {
      await brisk.say({ type: 'publish', channel: 'news', data: 'x'.repeat(1_000_000) });
      await brisk.next();
    }
    slow.read();
    expect(await slow.ended).toBe(name === 'Socket.IO' ? 'transport close' : 1006);
    expect(await brisk.say({ type: 'ping' })).toMatchObject({ ok: true });
  });

  test('a session ends with its token', async () => {
    const client = await connect(await start(), aToken({ ttlMs: 2000 }));
    expect(await client.ended).toBe(name === 'Socket.IO' ? 'io server disconnect' : 1008);
  });

  test('a stopping server says goodbye', async () => {
    const app = await start();
    const client = await connect(app);
    await app.stop();
    expect(await client.ended).toBe(name === 'Socket.IO' ? 'io server disconnect' : 1001);
  });

  test('a tenant has so many connections, and one that left makes room', async () => {
    const app = await start({ env: { EVENTS_SESSIONS_MAX: '1' } });
    const first = await connect(app);
    await expect(connect(app)).rejects.toThrow(name === 'Socket.IO' ? 'event.session_limit' : '429');
    await connect(app, aToken({ tenant: 'south' }));
    first.close();
    await first.ended;
    await expect
      .poll(() =>
        connect(app).then(
          () => 'in',
          () => 'full',
        ),
      )
      .toBe('in');
  });
});
