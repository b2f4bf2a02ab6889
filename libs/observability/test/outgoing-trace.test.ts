// Calls of other servers over HTTP are spans, one an attempt, and their servers are told of the trace.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTelemetry, type Telemetry } from '#observability';
import { OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { aRequest } from './a-request.js';
import { configOf } from './observability-config.js';

const CLIENT = 3;

let receiver: OtlpReceiver;
let tracing: Telemetry;
let vendor: Server;
let url: string;
let port: number;
/** The `traceparent` of each request that the vendor had. */
let seen: Array<string | string[] | undefined>;
let status: number;

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  tracing = await startTelemetry(configOf(receiver.env));
  seen = [];
  status = 200;
  vendor = createServer((incoming, reply) => {
    seen.push(incoming.headers.traceparent);
    if (status === 0) return void incoming.socket.destroy();
    reply.writeHead(status).end('{}');
  }).listen(0, '127.0.0.1');
  await once(vendor, 'listening');
  ({ port } = vendor.address() as AddressInfo);
  url = `http://127.0.0.1:${port}`;
});

afterEach(async () => {
  await tracing.shutdown();
  await receiver.stop();
  vendor.close();
  vendor.closeAllConnections();
});

test('a call is a span below the one that makes it, and the one that its server is told of', async () => {
  await aRequest(async () => {
    await (await request(`${url}/v1/north?q=secret`)).body.dump();
    await (await fetch(url, { method: 'POST', body: '{}' })).text();
  });
  await tracing.shutdown();
  const [http, get, post] = ['POST /api/cache/query', 'GET', 'POST'].map((name) => receiver.span(name));
  expect([get!.parentSpanId, post!.parentSpanId]).toEqual([http!.spanId, http!.spanId]);
  expect(seen).toEqual([get, post].map((one) => `00-${http!.traceId}-${one!.spanId}-01`));
  expect(get!.kind).toBe(CLIENT);
  expect(get!.attributes).toEqual({
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'server.address': '127.0.0.1',
    'server.port': port,
    'http.response.status_code': 200,
  });
  expect(receiver.everything).not.toMatch(/north|secret/);
});

test('a refusal and a broken connection are failed spans, by their status or code', async () => {
  await (await request(url)).body.dump();
  await aRequest(async () => {
    status = 429;
    await (await request(url)).body.dump();
    status = 0;
    await request(url, { method: 'PUT' }).catch(() => {});
  });
  await tracing.shutdown();
  expect(receiver.span('GET')).toMatchObject({
    status: 2,
    attributes: { 'error.type': '429', 'http.response.status_code': 429 },
  });
  expect(receiver.span('PUT')).toMatchObject({ status: 2, attributes: { 'error.type': 'UND_ERR_SOCKET' } });
});

test('outside of requests a call is no span and its server is told nothing; of a trace that is not recorded it is told so', async () => {
  await (await request(url)).body.dump();
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`;
  await aRequest(async () => (await request(url)).body.dump(), { headers: { traceparent } });
  await tracing.shutdown();
  expect(seen[0]).toBeUndefined();
  expect(seen[1]).toMatch(/^00-a{32}-[0-9a-f]{16}-00$/);
  expect(receiver.spans).toEqual([]);
});

test('what goes on after its request is told to nobody as part of it', async () => {
  let later = Promise.resolve();
  let go = () => {};
  await aRequest(() => {
    later = new Promise<void>((resolve) => {
      go = resolve;
    }).then(async () => (await request(url)).body.dump());
  });
  go();
  await later;
  await tracing.shutdown();
  expect(seen).toEqual([undefined]);
  expect(receiver.spans).toHaveLength(1);
});

test('once tracing has ended, calls are as they were', async () => {
  await tracing.shutdown();
  await (await request(url)).body.dump();
  expect(seen).toEqual([undefined]);
});
