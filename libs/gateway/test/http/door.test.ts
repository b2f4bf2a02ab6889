// Raw connections, as no client library would send them: each abuse has its answer, and honest requests beside it theirs.
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { listen } from '#ports';
import { MAX_WAITING } from '../../src/http/connections.js';
import { MAX_HEADERS } from '../../src/http/doorkeeper.js';
import { securityHeaders } from '../../src/http/headers.js';
import { aDoor } from './a-door.js';

const GET = (extra = '', target = '/api/thing', host = 'host: a\r\n') =>
  `GET ${target} HTTP/1.1\r\n${host}${extra}\r\n`;
const LAST = 'connection: close\r\n';

/** Status line, code and headers of the first reply in a text. */
function read(reply: string) {
  const [head = '', body = ''] = reply.split('\r\n\r\n');
  return { status: Number(head.slice(9, 12)), code: /"code":"([^"]+)"/.exec(body)?.[1], head: head.toLowerCase() };
}

/** Refusals of addresses that are announced while the test runs. */
function refusals(): () => number {
  let heard = 0;
  onTestFinished(listen('rate.limited', () => heard++));
  return () => heard;
}

describe('headers', () => {
  it('are of every reply, errors and what never became a request included', async () => {
    const door = await aDoor();
    const replies = [GET(LAST), GET(LAST, '/nothing'), 'nonsense\r\n\r\n', GET(LAST, '*')].map((one) => door.raw(one));
    for (const reply of await Promise.all(replies)) {
      const { head } = read(reply);
      for (const [name, value] of Object.entries(securityHeaders(false))) {
        expect(head).toContain(`${name}: ${value}`.toLowerCase());
      }
      expect(head).toMatch(/x-correlation-id: \S+/);
      expect(head).not.toMatch(/x-powered-by|strict-transport|access-control|vary/);
    }
  });

  it('that are too many or too large are refused, as many as the door takes are not', async () => {
    const door = await aDoor();
    const many = (count: number) => Array.from({ length: count }, (_, n) => `x${n}: 1\r\n`).join('');
    expect(read(await door.raw(GET(LAST + many(MAX_HEADERS - 2)))).status).toBe(200);
    expect(read(await door.raw(GET(LAST + many(MAX_HEADERS - 1))))).toMatchObject({
      status: 431,
      code: 'request.headers_too_many',
    });
    expect(read(await door.raw(GET(LAST + many(2000)))).status).toBe(431);
    expect(read(await door.raw(GET(`x: ${'y'.repeat(17 * 1024)}\r\n${LAST}`)))).toMatchObject({
      status: 431,
      code: 'request.headers_too_large',
    });
    expect(read(await door.raw(`GET /${'y'.repeat(17 * 1024)} HTTP/1.1\r\nhost: a\r\n\r\n`)).status).toBe(431);
    expect(door.served).toHaveLength(1);
  });

  it('that would split a reply do not arrive', async () => {
    const door = await aDoor();
    for (const value of ['a\rb', 'a\nset-cookie: x', 'a\0b', 'a\r\n\tfolded']) {
      const { status, head } = read(await door.raw(GET(`x-correlation-id: ${value}\r\n${LAST}`)));
      expect([200, 400]).toContain(status);
      expect(head).not.toMatch(/^set-cookie|folded/m);
    }
  });
});

describe('a target', () => {
  it.each([
    ['absolute', 'http://evil.example/api/thing'],
    ['absolute, of this very host', 'http://a/api/thing'],
    ['an authority', 'evil.example:443'],
    ['an asterisk', '*'],
  ])('that is %s is refused', async (_, target) => {
    const door = await aDoor();
    expect(read(await door.raw(GET(LAST, target)))).toMatchObject({ status: 400, code: 'request.headers' });
    expect(door.served).toEqual([]);
  });
});

describe('a request whose end is told in two ways', () => {
  const post = (headers: string, body: string) =>
    `POST /api/thing HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n${headers}\r\n${body}`;
  const hidden = GET(LAST);

  it.each([
    ['two lengths', post('content-length: 2\r\ncontent-length: 60\r\n', `{}${hidden}`)],
    ['lengths in a list', post('content-length: 2, 60\r\n', `{}${hidden}`)],
    ['a length and chunks', post('content-length: 5\r\ntransfer-encoding: chunked\r\n', `0\r\n\r\n${hidden}`)],
    ['chunks and a length', post('transfer-encoding: chunked\r\ncontent-length: 5\r\n', `0\r\n\r\n${hidden}`)],
    ['chunked, twice', post('transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n', `0\r\n\r\n${hidden}`)],
    ['chunked, but not last', post('transfer-encoding: chunked, identity\r\n', `0\r\n\r\n${hidden}`)],
    ['a signed length', post('content-length: +2\r\n', `{}${hidden}`)],
    ['a length in hexadecimal', post('content-length: 0x2\r\n', `{}${hidden}`)],
    ['a blank before the colon', post('content-length : 2\r\n', `{}${hidden}`)],
    ['a chunk size that is none', post('transfer-encoding: chunked\r\n', `zz\r\n${hidden}`)],
    ['lines that end without CR', `GET /api/thing HTTP/1.1\nhost: a\nx: y\r\n\r\n${hidden}`],
  ])('is refused, and what follows is not another: %s', async (_, bytes) => {
    const door = await aDoor();
    const reply = await door.raw(bytes);
    expect(reply.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
    expect(read(reply)).toMatchObject({ status: 400, code: 'request.headers' });
    expect(door.served).toEqual([]);
  });
});

describe('a host', () => {
  it('that is listed is let in, others get 421, two at once 400', async () => {
    const door = await aDoor({ ALLOWED_HOSTS: 'cache.example.com,*.cache.svc' });
    const ask = async (host: string, target?: string) => read(await door.raw(GET(LAST, target, host)));
    expect((await ask('host: cache.example.com:3000\r\n')).status).toBe(200);
    expect((await ask('host: a.cache.svc\r\n')).status).toBe(200);
    expect(await ask('host: evil.example\r\n')).toMatchObject({ status: 421, code: 'request.host' });
    expect((await ask('host: evil.example\r\n', '/health')).status).toBe(200);
    expect((await ask('host: cache.example.com\r\nhost: evil.example\r\n')).status).toBe(400);
    expect((await ask('')).status).toBe(400);
    const old = await door.raw('GET /api/thing HTTP/1.0\r\n\r\n');
    expect(read(old)).toMatchObject({ status: 421 });
  });

  it('may be any where none is listed', async () => {
    const door = await aDoor();
    expect(read(await door.raw(GET(LAST, undefined, 'host: anything.example\r\n'))).status).toBe(200);
  });
});

describe('a page of another origin', () => {
  const origin = 'https://app.example.com';
  const from = (one: string, more = '') => `origin: ${one}\r\n${more}${LAST}`;
  const preflight = (one: string, target = '/api/thing') =>
    `OPTIONS ${target} HTTP/1.1\r\nhost: a\r\n${from(one, 'access-control-request-method: POST\r\n')}\r\n`;

  it('may read replies and errors where it is listed', async () => {
    const door = await aDoor({ CORS_ORIGINS: origin });
    for (const target of ['/api/thing', '/nothing']) {
      const { head } = read(await door.raw(GET(from(origin), target)));
      expect(head).toContain(`access-control-allow-origin: ${origin}\r\n`);
      expect(head).toMatch(/access-control-expose-headers: .*x-cache-status/);
      expect(head).toContain('vary: origin');
      expect(head).not.toContain('credentials');
    }
    const other = read(await door.raw(GET(from('https://evil.example'))));
    expect(other.head).toContain('vary: origin');
    expect(other.head).not.toContain('access-control');
  });

  it('has its preflights answered, without the routes being asked', async () => {
    const door = await aDoor({ CORS_ORIGINS: origin });
    const { status, head } = read(await door.raw(preflight(origin)));
    expect(status).toBe(204);
    expect(head).toContain(`access-control-allow-origin: ${origin}\r\n`);
    expect(head).toContain('access-control-allow-methods: get, post\r\n');
    expect(head).toMatch(/access-control-allow-headers: authorization, .*idempotency-key/);
    expect(read(await door.raw(preflight('https://evil.example'))).status).toBe(404);
    expect(read(await door.raw(preflight(origin, '/nothing'))).status).toBe(404);
    expect(door.served).toEqual([]);
  });

  it('is told nothing where none is listed', async () => {
    const door = await aDoor();
    const { head } = read(await door.raw(GET(from(origin))));
    expect(head).not.toMatch(/access-control|vary/);
    expect(read(await door.raw(preflight(origin))).status).toBe(404);
  });
});

describe('a slow client', () => {
  const SLOW = { HTTP_HEADERS_TIMEOUT: '1s' };

  it.each([
    ['says nothing', ''],
    ['does not end its headers', 'GET /api/thing HTTP/1.1\r\nhost: a\r\nx'],
    [
      'does not end its body',
      'POST /api/thing HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    ],
  ])('that %s is told so, and let go', async (_, bytes) => {
    const door = await aDoor(SLOW);
    const reply = await door.raw(bytes);
    expect(read(reply)).toMatchObject({ status: 408, code: 'request.slow' });
    expect(door.served).toEqual([]);
  });

  it('that sends a byte now and then has no more time than others', async () => {
    const door = await aDoor(SLOW);
    const socket = door.dial();
    socket.write(
      'POST /api/thing HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n',
    );
    const dripping = setInterval(() => socket.write(' '), 50);
    const reply = await text(socket).finally(() => clearInterval(dripping));
    expect(read(reply).status).toBe(408);
  });
});

it('a client that does not read its reply is let go', async () => {
  const large = Buffer.alloc(64 * 1024 ** 2);
  const replying: ServerResponse[] = [];
  const door = await aDoor({ REQUEST_TIMEOUT: '100ms', HTTP_HEADERS_TIMEOUT: '1s' }, (_, response) => {
    replying.push(response.end(large));
    return true;
  });
  const socket = door.dial();
  socket.write(GET());
  await vi.waitFor(() => expect(replying).toHaveLength(1));
  expect(replying[0]!.socket!.writableLength).toBeGreaterThan(0);
  await vi.waitFor(async () => expect(await connectionsOf(door.server)).toBe(0), { timeout: 20_000 });
  expect(replying[0]!.writableFinished).toBe(false);
});

describe('connections', () => {
  const settled = async (sockets: Socket[]) => {
    await Promise.all(sockets.map((one) => (one.connecting ? once(one, 'connect') : undefined)));
  };

  it('of one address are bounded, and room is made by those that end', async () => {
    const door = await aDoor({ HTTP_CONNECTIONS_PER_ADDRESS: '3' });
    const refused = refusals();
    const held = [door.dial(), door.dial(), door.dial()];
    await settled(held);
    await vi.waitFor(async () => expect(await connectionsOf(door.server)).toBe(3));
    const fourth = door.dial();
    await once(fourth, 'close');
    expect(refused()).toBe(1);
    held[0]!.destroy();
    await vi.waitFor(async () => expect(read(await door.raw(GET(LAST))).status).toBe(200));
    held[1]!.destroy();
    held[2]!.destroy();
    await vi.waitFor(async () => expect(await connectionsOf(door.server)).toBe(0));
    expect(read(await door.raw(GET(LAST))).status).toBe(200);
  });

  it('of a proxy that is trusted are those of many, and not counted', async () => {
    const door = await aDoor({ HTTP_CONNECTIONS_PER_ADDRESS: '1', TRUSTED_PROXIES: '127.0.0.1' });
    await settled([door.dial(), door.dial(), door.dial()]);
    expect(read(await door.raw(GET(LAST))).status).toBe(200);
  });

  it('are bounded in all', async () => {
    const door = await aDoor({ HTTP_CONNECTIONS_MAX: '2' });
    await settled([door.dial(), door.dial()]);
    await vi.waitFor(async () => expect(await connectionsOf(door.server)).toBe(2));
    await once(door.dial(), 'close');
  });

  it('end in order after the requests that one may carry', async () => {
    const door = await aDoor({ HTTP_REQUESTS_PER_CONNECTION: '2' });
    const socket = door.dial();
    const all = text(socket);
    for (const count of [1, 2]) {
      socket.write(GET());
      await vi.waitFor(() => expect(door.served).toHaveLength(count));
    }
    // Who goes on all the same is shown out.
    socket.write(GET());
    const [first, second, third] = (await all).toLowerCase().split(/(?=http\/1\.1)/);
    expect(first).toContain('connection: keep-alive');
    expect(second).toContain('connection: close');
    expect(third).toContain(' 503 ');
    expect(door.served).toHaveLength(2);
  });

  it('carry requests one behind the other, but not without end', async () => {
    const waiting: ServerResponse[] = [];
    const door = await aDoor({}, (_, response) => waiting.push(response) > 0);
    const refused = refusals();
    const socket = door.dial();
    // One is being answered, so many may wait, and one is too many.
    for (let n = 0; n < MAX_WAITING + 1; n++) socket.write(GET());
    await vi.waitFor(() => expect(waiting).toHaveLength(MAX_WAITING + 1));
    expect(refused()).toBe(0);
    socket.write(GET());
    await once(socket, 'close');
    expect(refused()).toBe(1);
    expect(waiting).toHaveLength(MAX_WAITING + 1);
  });

  it('have room again for those that wait once others are answered', async () => {
    const waiting: ServerResponse[] = [];
    const door = await aDoor({}, (_, response) => waiting.push(response) > 0);
    const socket = door.dial();
    socket.resume();
    const rounds = 3;
    for (let round = 1; round <= rounds; round++) {
      for (let n = 0; n < MAX_WAITING; n++) socket.write(GET());
      await vi.waitFor(() => expect(waiting).toHaveLength(MAX_WAITING));
      const closed = waiting.splice(0).map((response) => new Promise((resolve) => response.end('x', () => resolve(0))));
      await Promise.all(closed);
    }
    expect(socket.destroyed).toBe(false);
  });
});

function connectionsOf(server: { getConnections(done: (error: Error | null, count: number) => void): void }) {
  return new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));
}
