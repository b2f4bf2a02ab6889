// Who is kept out, and when: bad tokens, floods, other origins, other paths, other frames, at both doors.
import { get } from 'node:http';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, test } from 'vitest';
import { Secret } from '#ports';
import {
  type AppOptions,
  aToken,
  type Client,
  connectErrorOf,
  connectPlain,
  connectSocketIo,
  type EventApp,
  openPlain,
  openSocketIo,
  refusalOf,
  startApp,
} from './event-app.js';

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

const badTokens: Array<[string, string, string]> = [
  ['no token', '', 'auth.missing'],
  ['text that is no token', 'test', 'auth.malformed'],
  ['another secret', aToken({ secret: new Secret('another secret that is long enough, too') }), 'auth.signature'],
  ['an expired token', aToken({ ttlMs: -3_600_000 }), 'auth.expired'],
  ['a token without a scope of events', aToken({ scopes: ['cache:read', 'admin'] }), 'auth.scope'],
];

describe('strangers at the Socket.IO door', () => {
  test.each(badTokens)('%s is refused before the connection', async (_, token, code) => {
    const { url } = await start();
    const error = await connectErrorOf(openSocketIo(url, token === '' ? {} : { auth: { token } }));
    expect(error.message).toBe(code);
    expect(error.data).toEqual({ error: { code, detail: expect.any(String) } });
  });

  test('a token that is not a text is refused', async () => {
    const { url } = await start();
    expect((await connectErrorOf(openSocketIo(url, { auth: { token: { $ne: '' } } }))).message).toBe('auth.malformed');
  });

  test('the Authorization header does as well, and long polling too', async () => {
    const { url } = await start();
    const headers = { authorization: `Bearer ${aToken()}` };
    for (const transports of [['websocket'], ['polling']]) {
      const socket = openSocketIo(url, { transports, extraHeaders: headers });
      await new Promise((resolve, reject) => socket.on('connect', () => resolve(null)).on('connect_error', reject));
      expect(await socket.emitWithAck('message', { type: 'ping' })).toMatchObject({ ok: true });
      socket.close();
    }
  });

  test('other namespaces, the default one too, take nobody in', async () => {
    const { url } = await start();
    const auth = { token: aToken() };
    for (const namespace of ['', '/other']) {
      const socket = io(`${url}${namespace}`, { transports: ['websocket'], reconnection: false, forceNew: true, auth });
      await expect(connectErrorOf(socket)).resolves.toBeDefined();
    }
  });

  test('replies come as messages where no acknowledgement is asked for; other events are refused', async () => {
    const { url } = await start();
    const socket = openSocketIo(url, { auth: { token: aToken() } });
    const messages: unknown[] = [];
    socket.on('message', (message) => messages.push(message));
    socket.send({ type: 'subscribe', channel: 'news' });
    socket.send({ type: 'nonsense' });
    socket.emit('shutdown', { now: true });
    await expect.poll(() => messages.length).toBe(3);
    expect(messages).toEqual(
      expect.arrayContaining([
        { ok: true, subscribed: 'news' },
        { error: { code: 'event.frame_invalid', detail: expect.any(String) } },
      ]),
    );
    socket.close();
  });

  test('a frame a little too large is refused in words', async () => {
    const client = await connectSocketIo((await start({ env: { EVENTS_FRAME_MAX: '1KiB' } })).url, aToken());
    clients.push(client);
    const reply = await client.say({ type: 'publish', channel: 'news', data: 'x'.repeat(1100) });
    expect(reply).toMatchObject({ error: { code: 'event.too_large' } });
  });

  test('bytes inside a frame are refused', async () => {
    const client = await connectSocketIo((await start()).url, aToken());
    clients.push(client);
    const reply = await client.say({ type: 'publish', channel: 'news', data: { file: Buffer.from('x') } });
    expect(reply).toMatchObject({ error: { code: 'event.frame_invalid' } });
  });

  test('handshakes of one address are limited, valid ones too, and a flood of transports is stopped earlier', async () => {
    const { url } = await start({ env: { EVENTS_HANDSHAKES_MAX: '2' } });
    for (let i = 0; i < 2; i++) clients.push(await connectSocketIo(url, aToken()));
    for (let i = 0; i < 2; i++) {
      const error = await connectErrorOf(openSocketIo(url, { auth: { token: aToken() } }));
      expect(error.message).toBe('rate.limited');
    }
    const refused = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('rate.limited');
  });
});

describe('strangers at the plain WebSocket door', () => {
  test.each(badTokens)('%s is refused before the upgrade', async (_, token, code) => {
    const { url } = await start();
    const headers = { 'x-correlation-id': 'c-1', ...(token !== '' && { authorization: `Bearer ${token}` }) };
    const { status, body, ...reply } = await refusalOf(openPlain(url, { headers }));
    expect(status).toBe(code === 'auth.scope' ? 403 : 401);
    expect(body).toMatchObject({ code, status, correlationId: 'c-1' });
    expect(reply.headers['content-type']).toBe('application/problem+json');
    expect(reply.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
  });

  test('a browser brings its token as a protocol, and is told the protocol bearer alone', async () => {
    const { url } = await start();
    const socket = openPlain(url, {}, ['bearer', aToken()]);
    await new Promise((resolve) => socket.once('open', resolve));
    expect(socket.protocol).toBe('bearer');
    socket.terminate();
    expect((await refusalOf(openPlain(url, {}, ['bearer']))).body.code).toBe('auth.missing');
    expect((await refusalOf(openPlain(url, {}, ['bearer', 'test']))).body.code).toBe('auth.malformed');
  });

  test('a token in the URL opens nothing', async () => {
    const { url } = await start();
    const refused = await refusalOf(openPlain(url, {}, [], `/ws?token=${aToken()}`));
    expect(refused.body.code).toBe('auth.missing');
  });

  test('handshakes of one address are limited, whatever it says of itself', async () => {
    const { url } = await start({ env: { EVENTS_HANDSHAKES_MAX: '2' } });
    const attempt = (n: number) =>
      refusalOf(openPlain(url, { headers: { 'x-forwarded-for': `198.51.100.${n}`, host: `h${n}` } }));
    const statuses = [await attempt(1), await attempt(2), await attempt(3)].map(({ status }) => status);
    expect(statuses).toEqual([401, 401, 429]);
    expect((await attempt(4)).headers['retry-after']).toMatch(/^\d+$/);
  });

  test('another path is not found, and upgrades to something else than WebSocket are ordinary requests', async () => {
    const { url } = await start();
    expect((await refusalOf(openPlain(url, {}, [], '/elsewhere'))).status).toBe(404);
    const type = await new Promise((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: 'h2c' };
      get(`${url}/nowhere`, { headers }, (response) => resolve(response.resume().headers['content-type'])).on(
        'error',
        reject,
      );
    });
    // Fastify's own answer, not the door's.
    expect(type).toMatch(/^application\/json/);
  });

  test('a stopping server refuses before the upgrade', async () => {
    const app = await start();
    await app.hub.close();
    const { status, body } = await refusalOf(openPlain(app.url, { headers: { authorization: `Bearer ${aToken()}` } }));
    expect([status, body.code]).toEqual([503, 'server.stopping']);
  });

  test('binary frames are refused', async () => {
    const { url } = await start();
    const socket = openPlain(url, { headers: { authorization: `Bearer ${aToken()}` } });
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(Buffer.from('{"type":"ping"}'));
    const [data] = await new Promise<[Buffer]>((resolve) => socket.once('message', (one) => resolve([one as Buffer])));
    expect(JSON.parse(data.toString())).toMatchObject({ error: { code: 'event.frame_invalid' } });
    socket.terminate();
  });

  test('a peer that answers no ping is closed; one that does stays', async () => {
    const { url } = await start({ env: { EVENTS_PING_INTERVAL: '100ms' } });
    const headers = { authorization: `Bearer ${aToken()}` };
    const dead = openPlain(url, { headers, autoPong: false });
    const alive = await connectPlain(url, aToken());
    clients.push(alive);
    expect(await new Promise((resolve) => dead.once('close', resolve))).toBe(1006);
    expect(await alive.say({ type: 'ping' })).toMatchObject({ ok: true });
  });
});

describe('pages', () => {
  const tries = async (url: string, origin: string) => {
    const headers = { authorization: `Bearer ${aToken()}` };
    const plain = await refusalOf(openPlain(url, { headers, origin })).then(
      ({ body }) => body.code,
      () => 'in',
    );
    const socket = openSocketIo(url, { extraHeaders: { ...headers, origin } });
    const socketIo = await connectErrorOf(socket).then(
      ({ message }) => message,
      () => 'in',
    );
    socket.close();
    return [plain, socketIo];
  };

  test('only those of the serving host may connect when none is listed', async () => {
    const { url } = await start();
    expect(await tries(url, url)).toEqual(['in', 'in']);
    expect(await tries(url, 'https://evil.example')).toEqual(['event.origin', 'event.origin']);
    expect(await tries(url, 'null')).toEqual(['event.origin', 'event.origin']);
  });

  test('only listed ones may when some are, and all with *', async () => {
    const listed = await start({ env: { EVENTS_ORIGINS: 'https://app.example' } });
    expect(await tries(listed.url, 'https://app.example')).toEqual(['in', 'in']);
    expect(await tries(listed.url, listed.url)).toEqual(['event.origin', 'event.origin']);
    const open = await start({ env: { EVENTS_ORIGINS: '*' } });
    expect(await tries(open.url, 'https://any.example')).toEqual(['in', 'in']);
  });
});
