// Documents as a stream over HTTP: read as they are written, for as long as they come, and never held open by silence.
import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/server.js';

const PATH = '/api/vectors/ingest';
const NDJSON = { 'content-type': 'application/x-ndjson' };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ HTTP_HEADERS_TIMEOUT: '1s', REQUEST_TIMEOUT: '1500ms' });
});
afterAll(() => server.stop());

const lines = (count: number, from = 0) =>
  Array.from(
    { length: count },
    (_, at) => `${JSON.stringify({ id: `d${from + at}`, text: `document ${from + at}` })}\n`,
  );

const ingest = (raw: string | Uint8Array, options: { query?: string; token?: string; headers?: object } = {}) => {
  const { query = '', headers, ...rest } = options;
  return server.send('POST', `${PATH}${query}`, { raw, ...rest, headers: { ...NDJSON, ...headers } });
};

/** Sends a body part by part, as the test goes on. */
function streaming(path = PATH) {
  const url = new URL(path, server.url);
  const headers = { ...NDJSON, authorization: `Bearer ${server.token()}` };
  const sent = request(url, { method: 'POST', headers });
  const reply = once(sent, 'response').then(async ([response]) => {
    let text = '';
    for await (const chunk of response) text += chunk;
    return { status: response.statusCode as number, json: JSON.parse(text) };
  });
  reply.catch(() => {});
  return { sent, reply };
}

describe('lines', () => {
  test('are written, and every one is accounted for', async () => {
    const body = `${lines(300).join('')}\r\n{"id":"x"}\nno json\n${JSON.stringify({ id: 'last', text: 'without an end' })}`;
    const { status, json } = await ingest(body, { query: '?collection=docs&run=r1' });
    expect(status).toBe(200);
    expect(json).toMatchObject({ rows: 303, upserted: 301, skipped: 0, refused: 2 });
    expect(json.refusals.map(({ row }: { row: number }) => row)).toEqual([302, 303]);
    expect(json.refusals[0].reason).toContain('needs a text or a vector');
    const found = await server.send('POST', '/api/vectors/query', {
      body: { collection: 'docs', text: 'without an end', k: 1 },
    });
    expect(found.json.matches[0]).toMatchObject({ id: 'last', lineage: { ingestRun: 'r1' } });
  });

  test('that reach for prototypes, are too deep or too long are refused, and the others taken in', async () => {
    const deep = `{"id":"deep","text":"t","metadata":${'{"a":'.repeat(80)}1${'}'.repeat(80)}}`;
    const long = JSON.stringify({ id: 'long', text: 'x'.repeat(3 * 1024 ** 2) });
    const body = ['{"id":"a","text":"t","metadata":{"__proto__":{}}}', deep, long, '[]', lines(1)[0]].join('\n');
    const { json } = await ingest(body);
    expect(json).toMatchObject({ rows: 5, upserted: 1, refused: 4 });
    expect(json.refusals[2].reason).toContain('longer than');
  });

  test('may be none', async () => {
    expect((await ingest('\n\n')).json).toMatchObject({ rows: 0, upserted: 0 });
  });

  test('that come for longer than a whole request may take are all taken in', async () => {
    const { sent, reply } = streaming();
    for (let at = 0; at < 9; at++) {
      sent.write(lines(1, at)[0]);
      await pause(400);
    }
    sent.end();
    expect(await reply).toMatchObject({ status: 200, json: { rows: 9, upserted: 9 } });
  });

  test('that stop coming are waited for no longer than a request may take', async () => {
    const { sent, reply } = streaming();
    sent.write(lines(1)[0]);
    expect(await reply).toMatchObject({ status: 408, json: { code: 'request.slow' } });
    sent.destroy();
  });

  test('of a client that goes away in between leave the server as it was', async () => {
    const { sent } = streaming();
    sent.write(lines(1)[0]);
    await pause(100);
    sent.destroy();
    await once(sent, 'close').catch(() => {});
    expect((await ingest(lines(1)[0]!)).status).toBe(200);
  });
});

describe('refused are', () => {
  test('JSON in the place of lines, and lines in the place of JSON', async () => {
    const asJson = await server.send('POST', PATH, { body: { id: 'a', text: 't' } });
    expect([asJson.status, asJson.json.code]).toEqual([415, 'request.media_type']);
    const asLines = await server.send('POST', '/api/vectors/upsert', { raw: lines(1)[0]!, headers: NDJSON });
    expect([asLines.status, asLines.json.code]).toEqual([415, 'request.media_type']);
    const onHot = await server.send('POST', '/api/cache/query', { raw: lines(1)[0]!, headers: NDJSON });
    expect([onHot.status, onHot.json.code]).toEqual([415, 'request.media_type']);
  });

  test('no body at all, other parameters, no scope, no token', async () => {
    const token = server.token({ scopes: ['vectors:read'] });
    const none = await server.send('POST', PATH, {});
    expect([none.status, none.json.code]).toEqual([400, 'request.empty']);
    expect((await ingest(lines(1)[0]!, { query: '?tenant=other' })).status).toBe(400);
    expect((await ingest(lines(1)[0]!, { token })).status).toBe(403);
    expect((await server.send('POST', PATH, { raw: lines(1)[0]!, headers: NDJSON, token: null })).status).toBe(401);
  });

  test('an Idempotency-Key, which needs the whole body', async () => {
    const { status, json } = await ingest(lines(1)[0]!, { headers: { 'idempotency-key': 'k1' } });
    expect([status, json.code]).toEqual([400, 'idempotency.unsupported']);
  });
});

test('the API document says what is sent', async () => {
  const { json } = await server.send('GET', '/api/openapi.json', {});
  const { requestBody, responses } = json.paths[PATH].post;
  expect(Object.keys(requestBody.content)).toEqual(['application/x-ndjson']);
  expect(Object.keys(responses)).toContain('408');
});
