// Every way in which a server can answer or fail has one stated outcome. The server is a real one, on the loopback.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { Secret } from '#ports';
import { HttpClient, type HttpClientOptions, HttpRefusal } from '#resilience';

const open: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

async function serving(handler: RequestListener): Promise<string> {
  const server: Server = createServer(handler).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function aClient(baseUrl: string, options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = new HttpClient({ target: 'acme', baseUrl, ...options });
  open.push(() => client.close());
  return client;
}

async function clientOf(handler: RequestListener, options: Partial<HttpClientOptions> & { under?: string } = {}) {
  return aClient((await serving(handler)) + (options.under ?? ''), options);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const says =
  (status: number, text: string, headers = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    void response.writeHead(status, headers).end(text);

test('sends JSON under the base path with its query, and gives the parsed reply', async () => {
  const client = await clientOf(
    (request, response) => {
      const { method, url, headers } = request;
      const echo = (body: string) => response.end(JSON.stringify({ method, url, type: headers['content-type'], body }));
      void bodyOf(request).then(echo);
    },
    { under: '/v1/?version=2' },
  );
  const { status, body } = await client.request({
    method: 'POST',
    path: '/things',
    query: { n: 3, on: true },
    json: { é: 1 },
  });
  expect(status).toBe(200);
  expect(body).toEqual({
    method: 'POST',
    url: '/v1/things?version=2&n=3&on=true',
    type: 'application/json',
    body: '{"é":1}',
  });
});

test('sends a form where that is asked for', async () => {
  const client = await clientOf((request, response) => {
    const echo = (body: string) => response.end(JSON.stringify({ type: request.headers['content-type'], body }));
    void bodyOf(request).then(echo);
  });
  const { body } = await client.request({ method: 'POST', path: '/token', form: { grant: 'a b', key: '&=' } });
  expect(body).toEqual({ type: 'application/x-www-form-urlencoded', body: 'grant=a+b&key=%26%3D' });
});

test('never leaves its server, whatever the path', async () => {
  const client = await clientOf((request, response) => response.end(JSON.stringify(request.url)));
  await expect(client.request({ method: 'GET', path: '//elsewhere.example/x' })).resolves.toMatchObject({
    body: '//elsewhere.example/x',
  });
});

test('reveals secret headers to the server alone', async () => {
  const client = await clientOf((request, response) => response.end(JSON.stringify(request.headers)), {
    headers: { Authorization: new Secret('Bearer s3cret') },
  });
  const { body } = await client.request<Record<string, string>>({
    method: 'GET',
    path: '/',
    headers: { 'x-more': 'yes' },
  });
  expect(body).toMatchObject({ authorization: 'Bearer s3cret', 'x-more': 'yes' });
  expect(inspect(client, { depth: 3 })).not.toContain('s3cret');
});

test('gives undefined for an empty reply', async () => {
  const client = await clientOf(says(204, ''));
  await expect(client.request({ method: 'DELETE', path: '/' })).resolves.toMatchObject({
    status: 204,
    body: undefined,
  });
});

test('checks the fields that are used, and drops none of the meaning of the schema', async () => {
  const client = await clientOf(says(200, '{"n":"7","more":1}'));
  const reply = z.object({ n: z.coerce.number() });
  await expect(client.request({ method: 'GET', path: '/', reply })).resolves.toMatchObject({ body: { n: 7 } });
});

test('names the field that differs, never its value', async () => {
  const client = await clientOf(says(200, '{"list":[{"n":"private"}]}'));
  const reply = z.object({ list: z.array(z.object({ n: z.number() })) });
  const failing = client.request({ method: 'GET', path: '/', reply });
  await expect(failing).rejects.toMatchObject({
    code: 'call.reply_invalid',
    message: 'acme gave a reply that is not of its documented form (unexpected list.0.n).',
  });
  await expect(client.request({ method: 'GET', path: '/', reply: z.array(z.string()) })).rejects.toMatchObject({
    facts: { reason: 'unexpected body' },
  });
});

test('reads the steps of any standard schema', async () => {
  const client = await clientOf(says(200, '{}'));
  const strange = {
    '~standard': {
      version: 1,
      vendor: 'acme',
      validate: () => ({ issues: [{ message: 'no', path: [{ key: 'a' }, 'b'] }] }),
    },
  } as const;
  await expect(client.request({ method: 'GET', path: '/', reply: strange })).rejects.toMatchObject({
    facts: { reason: 'unexpected a.b' },
  });
});

test('refuses a reply that is not JSON, without quoting it', async () => {
  const client = await clientOf(says(200, '<html>private</html>'));
  const error = await client.request({ method: 'GET', path: '/' }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'call.reply_invalid', facts: { reason: 'not JSON' } });
  expect(inspect(error)).not.toContain('private');
});

test('refuses a reply that is too large before it has all of it', async () => {
  const client = await clientOf(
    (_, response) => {
      const pour = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', pour);
      };
      pour();
    },
    { maxReplyBytes: 100_000 },
  );
  await expect(client.request({ method: 'GET', path: '/' })).rejects.toMatchObject({
    code: 'call.reply_invalid',
    facts: { reason: 'larger than 100000 bytes' },
  });
});

test('gives status, body and retry-after of a refusal, the body in the cause alone', async () => {
  const client = await clientOf(says(429, '{"error":"private"}', { 'retry-after': '2' }));
  const error = await client.request({ method: 'GET', path: '/' }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'call.refused', message: 'acme answered status 429.', retryAfterMs: 2000 });
  expect(error.cause).toBeInstanceOf(HttpRefusal);
  expect(error.cause).toMatchObject({ status: 429, body: '{"error":"private"}' });
  expect(inspect(error)).not.toContain('private');
});

test('keeps only the start of a long refusal', async () => {
  const client = await clientOf(says(500, 'x'.repeat(1_000_000)));
  const error = await client.request({ method: 'GET', path: '/' }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'call.refused', retryAfterMs: undefined });
  expect(error.cause.body).toHaveLength(8192);
});

test('follows no redirect', async () => {
  let visits = 0;
  const client = await clientOf((_, response) => {
    visits++;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  await expect(client.request({ method: 'GET', path: '/' })).rejects.toMatchObject({
    code: 'call.refused',
    facts: { status: 302 },
  });
  expect(visits).toBe(1);
});

test('says why a server cannot be reached', async () => {
  const closed = aClient('http://127.0.0.1:1');
  await expect(closed.request({ method: 'GET', path: '/' })).rejects.toMatchObject({
    code: 'call.failed',
    message: 'acme could not be reached (ECONNREFUSED).',
  });
});

test.each<[string, RequestListener]>([
  ['before it answers', (request) => void request.socket.destroy()],
  [
    'in the middle of its reply',
    (_, response) => {
      response.writeHead(200, { 'content-length': 1000 }).write('{"half":');
      setImmediate(() => response.destroy());
    },
  ],
])('fails when the server breaks off %s', async (_, handler) => {
  const client = await clientOf(handler);
  await expect(client.request({ method: 'GET', path: '/' })).rejects.toMatchObject({ code: 'call.failed' });
});

test.each<[string, RequestListener]>([
  ['before it answers', () => {}],
  ['in the middle of its reply', (_, response) => void response.writeHead(200).write('{')],
])('fails with call.timeout when the server falls silent %s', async (_, handler) => {
  const client = await clientOf(handler, { idleMs: 50 });
  await expect(client.request({ method: 'GET', path: '/' })).rejects.toMatchObject({
    code: 'call.timeout',
    facts: { limitMs: 50 },
  });
});

test('ends at once with the reason of the signal', async () => {
  const caller = new AbortController();
  const client = await clientOf(() => caller.abort(new Error('gone')));
  await expect(client.request({ method: 'GET', path: '/', signal: caller.signal })).rejects.toThrow('gone');
});

test('ends a reply that drips when the signal is aborted', async () => {
  const caller = new AbortController();
  const client = await clientOf((_, response) => {
    response.writeHead(200).write('{');
    setImmediate(() => caller.abort(new Error('gone')));
  });
  await expect(client.request({ method: 'GET', path: '/', signal: caller.signal })).rejects.toThrow('gone');
});

test('may be closed twice, and answers nothing after', async () => {
  const client = await clientOf(says(200, '{}'));
  await client.close();
  await client.close();
  await expect(client.request({ method: 'GET', path: '/' })).rejects.toMatchObject({ code: 'call.failed' });
});
