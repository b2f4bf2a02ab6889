// Rules that both clients keep alike: limits, headers, tokens, and which replies are good.
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ProblemError } from '../../clients/typescript/src/failure.js';
import { ReskClient } from '../../clients/typescript/src/index.js';
import { pause, pauseAfter } from '../../clients/typescript/src/retry.js';
import { callerIn, python } from './callers.js';
import { aService, listening } from './service.js';

const ENTRIES = JSON.stringify({ entries: [] });
const JSON_HEAD = { 'content-type': 'application/json' };

/** Answers with a byte of the head every 100 ms, for ever. */
async function dripping(): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.write('HTTP/1.1 200 OK\r\nx-slow: ');
    const timer = setInterval(() => socket.write('x'), 100);
    socket.on('error', () => undefined).on('close', () => clearInterval(timer));
  });
  onTestFinished(() => {
    for (const one of sockets) one.destroy();
    server.close();
  });
  return listening(server);
}

describe.each(['typescript', 'python'] as const)('in %s', (language) => {
  it('the limit of a call holds for a head that drips in', async () => {
    const caller = await callerIn(language, { baseUrl: await dripping(), token: 't', timeoutMs: 500, retries: 0 });
    expect(await caller.call('cacheEntries')).toMatchObject({ failure: { type: 'LateError' } });
  });

  it('the limit of the client does not hold for lines, that of the call does', async () => {
    const baseUrl = await aService((request, response) => {
      request.resume();
      setTimeout(() => response.writeHead(200, JSON_HEAD).end('{"upserted":1}'), 1000);
    });
    const caller = await callerIn(language, { baseUrl, token: 't', timeoutMs: 200, retries: 0 });
    for (const kind of ['list', 'once'] as const) {
      const asked = { lines: { kind, values: [{ id: 'a' }] } };
      expect(await caller.call('vectorsIngest', asked)).toMatchObject({ value: { upserted: 1 } });
      const { failure } = await caller.call('vectorsIngest', { ...asked, timeoutMs: 200 });
      expect(failure).toMatchObject({ type: 'LateError' });
    }
  });

  it('a header of a call takes the place of the client’s, however it is written', async () => {
    const seen: unknown[] = [];
    const baseUrl = await aService(({ headers }, response) => {
      seen.push(headers['x-a']);
      response.writeHead(200, JSON_HEAD).end(ENTRIES);
    });
    const caller = await callerIn(language, { baseUrl, token: 't', headers: { 'X-A': '1' } });
    await caller.call('cacheEntries', { headers: { 'x-a': '2' } });
    expect(seen).toEqual(['2']);
  });

  it('a token may end with a line break, and stands in no message', async () => {
    const seen: unknown[] = [];
    const baseUrl = await aService(({ headers }, response) => {
      seen.push(headers.authorization);
      response.writeHead(200, JSON_HEAD).end(ENTRIES);
    });
    const ofAFile = await callerIn(language, { baseUrl, token: 'of-a-file\r\n' });
    expect(await ofAFile.call('cacheEntries')).toMatchObject({ value: { entries: [] } });
    for (const token of ['clandes\ntine', 'clandestine é', 'clandestine …', ' \n']) {
      const { failure } = await (await callerIn(language, { baseUrl, token })).call('cacheEntries');
      expect(failure!.message).toBe('cache_entries: the token must be one line of visible characters of ASCII');
      expect(['TypeError', 'ValueError']).toContain(failure!.type);
    }
    expect(seen).toEqual(['Bearer of-a-file']);
  });

  it.each([
    ['a page of a proxy', 'cacheEntries', 200, { 'content-type': 'text/html' }, '<p>Log in'],
    ['a page in place of text', 'operationsMetrics', 200, { 'content-type': 'text/html' }, '<p>Log in'],
    ['text', 'cacheEntries', 200, { 'content-type': 'text/plain; charset=utf-8' }, ENTRIES],
    ['what has no type', 'cacheEntries', 200, {}, ENTRIES],
    ['nothing', 'cacheEntries', 204, {}, ''],
    ['nothing that is called JSON', 'cacheEntries', 200, JSON_HEAD, ''],
  ])('%s where something else was asked for is no success', async (_, method, status, head, body) => {
    const baseUrl = await aService((_request, response) => void response.writeHead(status, head).end(body));
    const caller = await callerIn(language, { baseUrl, token: 't', retries: 0 });
    const { failure, value } = await caller.call(method);
    expect(value).toBeUndefined();
    expect(failure).toMatchObject({ type: 'ReplyError', message: expect.stringContaining(String(status)) });
  });

  it('an address with a query is refused, for nothing would become of it', async () => {
    for (const baseUrl of ['http://127.0.0.1/a?key=1', 'http://127.0.0.1/#part']) {
      await expect(callerIn(language, { baseUrl })).rejects.toThrow('must end with its path');
    }
  });
});

describe('what no timer can count', () => {
  const FAR = '9999999';

  it('is no limit, and no pause, in TypeScript', async () => {
    const baseUrl = await aService((_, response) => void response.writeHead(503, { 'retry-after': FAR }).end());
    const client = new ReskClient({ baseUrl, token: 't', timeoutMs: Number.POSITIVE_INFINITY, maxPauseMs: Infinity });
    for (const timeoutMs of [undefined, Infinity, 2 ** 31, 1000.5]) {
      const options = timeoutMs === undefined ? {} : { timeoutMs };
      await expect(client.cacheEntries({}, options)).rejects.toMatchObject({ status: 503 });
    }
    const longest = new ProblemError('x', 503, new Headers(), '', 2 ** 31 - 1);
    expect(pauseAfter(longest, 0, Infinity)).toBe(2 ** 31 - 1);
    await expect(pause(2 ** 31 - 1, AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('is no limit, and no pause, in Python', async () => {
    const baseUrl = await aService((_, response) => void response.writeHead(503, { 'retry-after': FAR }).end());
    const code = `
import sys
from resk_caching_client import ProblemError, ReskClient
client = ReskClient(sys.argv[1], "t", timeout=float("inf"), max_pause=float("inf"))
for options in ({}, {"timeout": float("inf")}, {"timeout": 2.0 ** 31}):
    try:
        client.cache_entries(**options)
    except ProblemError as error:
        print(error.status, end=" ")
client.close()
`;
    expect(await python(code, baseUrl)).toBe('503 503 503');
  });
});
