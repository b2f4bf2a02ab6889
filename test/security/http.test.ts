// What a request must not do to the door: write its headers, or be too deep or too large for it.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCOPES } from '#auth';
import type { ApiDocument } from '../support/api-requests.js';
import { startTestServer, type TestServer } from '../support/server.js';

const BODY_MAX = 64 * 1024;
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    HTTP_BODY_MAX: `${BODY_MAX}B`,
    RATE_LIMIT_MAX: '1000000',
    LOCKOUT_FAILURES: '0',
  });
});
afterAll(() => server.stop());

/** Sends bytes as they are, and gives everything that comes back. */
async function raw(bytes: string): Promise<string> {
  const { port } = new URL(server.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.end(Buffer.from(bytes, 'latin1'));
  return text(socket);
}

test('header injection', async () => {
  const token = server.token();
  const injected = 'x\r\nset-cookie: stolen=1\r\nx-injected: yes';
  const encoded = encodeURIComponent(injected);
  // Wherever a text of the caller might find its way into a header.
  const replies = await Promise.all([
    server.send('POST', '/api/cache', { body: { query: injected, response: injected, tags: ['a'], language: 'en' } }),
    server.send('POST', '/api/cache/query', { body: { query: injected } }),
    server.send('POST', '/api/cache/query', { body: { query: 'x', model: injected } }),
    server.send('GET', `/api/cache/entries/${encoded}`),
    server.send('GET', `/api/cache/entries?cursor=${encoded}`),
    server.send('DELETE', `/api/cache?tag=${encoded}`),
    server.send('GET', `/${encoded}`),
    server.send('GET', `/api/nothing?${encoded}=1`),
  ]);
  for (const { headers, status } of replies) {
    expect(status).toBeLessThan(500);
    expect(headers.get('set-cookie')).toBeNull();
    expect(headers.get('x-injected')).toBeNull();
  }
  // Raw bytes, since a client library would not send them.
  const ask = (extra: string) => raw(`GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${extra}\r\n\r\n`);
  for (const value of ['a\rset-cookie: x=1', 'a\nset-cookie: x=1', 'a\0b', '\u00ff'.repeat(40), `${'a'.repeat(200)}`]) {
    const reply = await ask(`x-correlation-id: ${value}`);
    const [head = ''] = reply.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 (200|400)/);
    expect(head.toLowerCase()).not.toMatch(/^set-cookie/m);
  }
  // Two ways of saying where a request ends are one too many.
  const smuggled = [
    `POST /api/cache/query HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /api/metrics HTTP/1.1\r\nhost: a\r\n\r\n`,
    'POST /api/cache HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\ncontent-length: 40\r\n\r\n{}GET /api/metrics HTTP/1.1\r\nhost: a\r\n\r\n',
    'POST /api/cache HTTP/1.1\r\nhost: a\r\ntransfer-encoding: identity, chunked\r\n\r\n0\r\n\r\n',
    'GET /health HTTP/1.1\r\nhost: a\r\n x-folded: 1\r\n\r\n',
    'GET /health HTTP/1.1\r\nhost : a\r\n\r\n',
  ];
  for (const bytes of smuggled) {
    const reply = await raw(bytes);
    expect(reply, bytes).toMatch(/^HTTP\/1\.1 4\d\d/);
    expect(reply).not.toContain('# HELP');
  }
});

test('a path that is not validly encoded is refused as everything else is, and not repeated', async () => {
  for (const path of ['/api/cache/entries/%zz-secret', '/%', '/api/cache/query/%E0%A4%A', '/health/%FF']) {
    const reply = await server.send('GET', path, { token: null, headers: { 'x-correlation-id': 'c-1' } });
    expect(reply, path).toMatchObject({
      status: expect.any(Number),
      json: { correlationId: 'c-1', code: expect.stringMatching(/^request\./) },
    });
    expect(reply.status).toBeLessThan(500);
    expect(reply.headers.get('x-correlation-id')).toBe('c-1');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.text).not.toContain('secret');
  }
});

test('deep or huge JSON on every endpoint', async () => {
  const { json } = await server.send('GET', '/api/openapi.json', { token: null });
  const withBody = Object.entries((json as ApiDocument).paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { requestBody }]) => requestBody?.content['application/json'])
      .map(([method]) => ({ method: method.toUpperCase(), path: path.replaceAll(/\{\w+\}/g, 'north') })),
  );
  expect(withBody.length).toBeGreaterThan(7);
  const token = server.token({ scopes: SCOPES });
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
  const bodies: [string, string, RegExp][] = [
    ['deep objects', deep(5000), /^400 request\.(too_deep|invalid)/],
    ['deep lists', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, /^400 request\.(too_deep|invalid)/],
    ['huge', JSON.stringify({ query: 'x'.repeat(BODY_MAX) }), /^413 request\.too_large/],
    ['many fields', `{${Array.from({ length: 5000 }, (_, at) => `"f${at}":1`).join()}}`, /^400 request\.invalid/],
    ['a huge number', '{"query":1e999999}', /^400 request\./],
    ['a prototype', '{"__proto__":{"admin":true},"query":"x"}', /^400 request\.(forbidden_name|invalid)/],
    ['half a surrogate', '{"query":"\\ud800"}', /^400 request\.invalid/],
    ['no end', `${'{"query":"'}${'x'.repeat(1000)}`, /^400 request\.malformed/],
  ];
  for (const { method, path } of withBody) {
    for (const [name, sent, expected] of bodies) {
      const reply = await server.send(method, path, { token, raw: sent });
      expect(`${reply.status} ${reply.json?.code}`, `${name} to ${method} ${path}`).toMatch(expected);
      // A thousand problems are not told one by one.
      expect(reply.text.length).toBeLessThan(256 * 1024);
    }
  }
  expect((await server.send('GET', '/health/ready', { token: null })).status).toBe(200);
});
