// The whole server behind its door: over TLS, for callers with certificates, for pages of other origins, under its own names.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Authority, anAuthority, type Issued } from '../support/certificates.js';
import { connectErrorOf, openPlain, openSocketIo, refusalOf } from '../support/event-clients.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: a test knows what it asked for.
  json: any;
}

interface Asked extends RequestOptions {
  body?: object;
  token?: string;
  ca?: string;
  cert?: string;
  key?: string;
}

/** Asks as a program does that sets every header itself. */
async function ask(server: TestServer, path: string, { body, token, headers, ...o }: Asked = {}): Promise<Answer> {
  const send = server.url.startsWith('https') ? httpsRequest : httpRequest;
  const content = body && JSON.stringify(body);
  const request = send(server.url + path, {
    method: body ? 'POST' : 'GET',
    agent: false,
    headers: {
      ...(content && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
      ...(token && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...o,
  });
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      text(response).then((said) => {
        const json = /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(said) : undefined;
        resolve({ status: response.statusCode!, headers: response.headers, json });
      }, reject);
    });
    request.end(content);
  });
}

const QUESTION = { query: 'Which tea?' };

describe('names of the service', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ ALLOWED_HOSTS: 'cache.example.com' });
  });
  afterAll(() => server.stop());
  const by = (host: string) => ({ headers: { host } });

  it('are asked for, on the hot route and all others; probes ask by address', async () => {
    const token = server.token();
    const question = { body: QUESTION, token };
    expect((await ask(server, '/api/cache/query', { ...question, ...by('cache.example.com') })).status).toBe(200);
    expect((await ask(server, '/api/cache/entries', { token, ...by('cache.example.com:3000') })).status).toBe(200);
    for (const path of ['/api/cache/query', '/api/cache']) {
      const refused = await ask(server, path, { ...question, ...by('evil.example') });
      expect(refused).toMatchObject({ status: 421, json: { code: 'request.host', status: 421 } });
      expect(refused.json.correlationId).toBe(refused.headers['x-correlation-id']);
    }
    expect((await ask(server, '/docs', by('evil.example'))).status).toBe(421);
    expect((await ask(server, '/health/ready', by('10.0.0.7'))).status).toBe(200);
  });

  it('are asked for on both doors of the events', async () => {
    const auth = { token: server.token() };
    const headers = { host: 'evil.example', authorization: `Bearer ${auth.token}` };
    expect(await refusalOf(openPlain(server.url, { headers }))).toMatchObject({
      status: 421,
      body: { code: 'request.host' },
    });
    const socket = openSocketIo(server.url, { auth, extraHeaders: { host: 'evil.example' } });
    expect((await connectErrorOf(socket)).message).toBeTruthy();
    const polling = await ask(server, '/socket.io/?EIO=4&transport=polling', by('evil.example'));
    expect(polling.status).toBe(403);
    const good = openSocketIo(server.url, { auth, extraHeaders: { host: 'cache.example.com' } });
    await new Promise((resolve) => good.once('connect', resolve as () => void));
    good.close();
  });
});

describe('pages of other origins', () => {
  const ORIGIN = 'https://app.example.com';
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ CORS_ORIGINS: ORIGIN });
  });
  afterAll(() => server.stop());
  const from = (origin: string, more: object = {}) => ({ headers: { origin, ...more } });

  it('that are listed may read answers, errors, the documents, and what the headers say', async () => {
    const token = server.token();
    const answers = [
      await ask(server, '/api/cache/query', { body: QUESTION, token, ...from(ORIGIN) }),
      await ask(server, '/api/cache/query', { body: QUESTION, token, ...from(ORIGIN) }),
      await ask(server, '/api/cache/query', { body: QUESTION, ...from(ORIGIN) }),
      await ask(server, '/api/cache/query', { body: {}, token, ...from(ORIGIN) }),
      await ask(server, '/api/cache/entries', { token, ...from(ORIGIN) }),
      await ask(server, '/docs', from(ORIGIN)),
      await ask(server, '/api/openapi.json', from(ORIGIN)),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401, 400, 200, 200, 200]);
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe(ORIGIN);
      expect(headers['access-control-expose-headers']).toMatch(/x-correlation-id.*ratelimit-limit.*x-cache-status/);
      expect(headers['access-control-allow-credentials']).toBeUndefined();
      expect(headers.vary).toMatch(/origin/i);
    }
  });

  it('that are not listed may not', async () => {
    const token = server.token();
    for (const path of ['/api/cache/query', '/api/cache']) {
      const { headers } = await ask(server, path, { body: QUESTION, token, ...from('https://evil.example') });
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers.vary).toMatch(/origin/i);
    }
  });

  it('ask before they write', async () => {
    const preflight = (path: string, origin: string) =>
      ask(server, path, { method: 'OPTIONS', ...from(origin, { 'access-control-request-method': 'POST' }) });
    for (const [path, methods] of [
      ['/api/cache/query', 'POST'],
      ['/api/cache', 'DELETE, POST'],
    ] as const) {
      const { status, headers } = await preflight(path, ORIGIN);
      expect(status).toBe(204);
      expect(headers['access-control-allow-methods']).toBe(methods);
    }
    expect((await preflight('/api/cache', 'https://evil.example')).status).toBe(405);
  });

  it('that are listed may connect to the events, as may those of the service itself; others may not', async () => {
    const headers = (origin: string) => ({ origin, authorization: `Bearer ${server.token()}` });
    for (const origin of [ORIGIN, server.url]) {
      const socket = openPlain(server.url, { headers: headers(origin) });
      await new Promise((resolve, reject) => socket.once('open', resolve as () => void).once('error', reject));
      socket.close();
    }
    expect(await refusalOf(openPlain(server.url, { headers: headers('https://evil.example') }))).toMatchObject({
      status: 403,
      body: { code: 'event.origin' },
    });
    const polling = await ask(server, '/socket.io/?EIO=4&transport=polling', from(ORIGIN));
    expect(polling.headers['access-control-allow-origin']).toBe(ORIGIN);
  });

  it('are answered as ever where none is listed', async () => {
    const closed = await startTestServer();
    onTestFinished(() => closed.stop());
    for (const path of ['/api/cache/query', '/health']) {
      const body = path === '/health' ? {} : { body: QUESTION, token: closed.token() };
      const { headers } = await ask(closed, path, { ...body, ...from(ORIGIN) });
      expect(Object.keys(headers).filter((name) => /^access-control|^vary$/.test(name))).toEqual([]);
    }
  });
});

describe('TLS', () => {
  const authority = anAuthority('Authority of the tests');
  const clients = anAuthority('Authority of clients');

  async function aServer(env: Record<string, string> = {}, withClients?: Authority) {
    const folder = await mkdtemp(join(tmpdir(), 'resk-tls-'));
    const write = async ({ cert, key }: Issued) => {
      await writeFile(join(folder, 'tls.crt'), cert);
      await writeFile(join(folder, 'tls.key'), key);
    };
    await write(authority.issue({ subject: [['CN', 'first']], ips: ['127.0.0.1'] }));
    if (withClients) await writeFile(join(folder, 'clients.crt'), withClients.cert);
    const server = await startTestServer({
      TLS_CERT: join(folder, 'tls.crt'),
      TLS_KEY: join(folder, 'tls.key'),
      ...(withClients && { TLS_CLIENT_CA: join(folder, 'clients.crt') }),
      ...env,
    });
    onTestFinished(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    return { server, write };
  }
  const trusting = { ca: authority.cert };

  it('is spoken on the hot route, all others and the events', async () => {
    const { server } = await aServer();
    expect(server.url).toMatch(/^https:/);
    const token = server.token();
    const answer = await ask(server, '/api/cache/query', { ...trusting, body: QUESTION, token });
    expect(answer.status).toBe(200);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
    const health = await ask(server, '/health', trusting);
    expect(health.headers['strict-transport-security']).toBeTruthy();
    const socket = openPlain(server.url, { ...trusting, headers: { authorization: `Bearer ${token}` } });
    await new Promise((resolve, reject) => socket.once('open', resolve as () => void).once('error', reject));
    socket.close();
    await expect(ask(server, '/health')).rejects.toThrow(/certificate|issuer/);
  });

  it('takes a renewed certificate while it serves', async () => {
    const { server, write } = await aServer();
    await write(anAuthority('Another').issue({ subject: [['CN', 'second']], ips: ['127.0.0.1'] }));
    // Those who trust the first authority alone are served until the new certificate is in use.
    await vi.waitFor(() => expect(ask(server, '/health', trusting)).rejects.toThrow(), {
      timeout: 20_000,
      interval: 500,
    });
  });

  it('names callers by their certificates, without a token', async () => {
    const rows = [{ subject: 'CN=ingest,O=Example', tenant: 'north', scopes: ['cache:read', 'cache:write'] }];
    const { server } = await aServer({ MTLS_CALLERS: JSON.stringify(rows) }, clients);
    const ingest = clients.issue({
      subject: [
        ['O', 'Example'],
        ['CN', 'ingest'],
      ],
    });
    const stranger = clients.issue({
      subject: [
        ['O', 'Example'],
        ['CN', 'stranger'],
      ],
    });
    const forged = anAuthority('Authority of clients').issue({
      subject: [
        ['O', 'Example'],
        ['CN', 'ingest'],
      ],
    });
    const write = { ...trusting, body: { ...QUESTION, response: 'green' } };
    expect((await ask(server, '/api/cache', { ...write, ...ingest })).status).toBe(200);
    const found = await ask(server, '/api/cache/query', { ...trusting, body: QUESTION, ...ingest });
    expect(found).toMatchObject({ status: 200, json: { hit: true, result: 'green' } });
    const purge = await ask(server, '/api/cache', { ...trusting, ...ingest, method: 'DELETE' });
    expect(purge).toMatchObject({ status: 403, json: { code: 'auth.scope' } });
    for (const shown of [stranger, forged, {}]) {
      expect((await ask(server, '/api/cache', { ...write, ...shown })).status).toBe(401);
      expect((await ask(server, '/api/cache/query', { ...trusting, body: QUESTION, ...shown })).status).toBe(401);
    }
    // A token names its own caller, whatever the certificate.
    const asked = await ask(server, '/api/cache/query', {
      ...trusting,
      body: QUESTION,
      ...ingest,
      token: server.token(),
    });
    expect(asked.json.hit).toBe(false);
  });
});
