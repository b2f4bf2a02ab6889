// Spans reach a collector, under the right parents.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as turn } from 'node:timers/promises';
import { trace } from '@opentelemetry/api';
import { request } from 'undici';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  activeTrace,
  annotate,
  createLogger,
  isTracing,
  requestSpan,
  span,
  startTracing,
  type Tracing,
} from '#observability';
import { announce, announced, failure } from '#ports';
import { hasOtlpProtos, OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { configOf } from './observability-config.js';

const PARENT = '00f067aa0ba902b7';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const traceparent = (flags: '00' | '01') => `00-${TRACE}-${PARENT}-${flags}`;
const aRequest = { method: 'POST', route: '/api/cache/query', headers: {} };

describe('tracing without a collector', () => {
  test('makes no spans, listens to nothing, and runs the work as it is', async () => {
    const tracing = await startTracing(configOf());
    expect(tracing.enabled).toBe(false);
    expect(isTracing()).toBe(false);
    expect(span('work', {}, () => trace.getActiveSpan())).toBeUndefined();
    expect(
      requestSpan({ ...aRequest, headers: { traceparent: traceparent('01') } }, () => trace.getActiveSpan()),
    ).toBeUndefined();
    expect(announced('cache.lookup').hasSubscribers).toBe(false);
    annotate({ a: 1 });
    expect(activeTrace()).toEqual({});
    await tracing.shutdown();
  });
});

describe('tracing with a collector', () => {
  let receiver: OtlpReceiver;
  let tracing: Tracing;
  const start = (env: Record<string, string> = {}) =>
    startTracing(configOf({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, ...env }));

  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
    tracing = await start();
  });

  afterEach(async () => {
    await tracing.shutdown();
    await receiver.stop();
  });

  test('sends spans of the request, cache tiers, embedding and vector calls, each under its parent', async () => {
    await requestSpan({ ...aRequest, statusOf: () => 200, correlationId: 'abc' }, async () => {
      await turn(5);
      announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 2 });
      announce('cache.lookup', { tenant: 'north', key: 'k', outcome: 'miss', tier: null, durationMs: 3 });
      await span('query', { 'resk.cache.status': 'miss' }, async () => {
        await turn(1);
        const call = { outcome: 'ok', durationMs: 1, items: 1 } as const;
        announce('provider.call', {
          ...call,
          family: 'embedding-model',
          provider: 'openai',
          operation: 'embed',
          tokens: 7,
        });
        announce('provider.call', { ...call, family: 'vector-store', provider: 'embedded', operation: 'query' });
      });
    });
    await tracing.shutdown();
    const [http, query] = [receiver.span('POST /api/cache/query'), receiver.span('query')];
    const parentOf = (name: string) => receiver.span(name).parentSpanId;
    expect(http.parentSpanId).toBe('');
    expect([parentOf('get redis'), parentOf('cache lookup'), query.parentSpanId]).toEqual([
      http.spanId,
      http.spanId,
      http.spanId,
    ]);
    expect([parentOf('embeddings openai'), parentOf('query embedded')]).toEqual([query.spanId, query.spanId]);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(receiver.spans).toHaveLength(6);
  });

  test('names what it tells by the semantic conventions, and the kind of each span', async () => {
    requestSpan({ ...aRequest, statusOf: () => 200, correlationId: 'abc' }, () => {
      announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 2 });
      announce('cache.lookup', { tenant: 'north', key: 'k', outcome: 'hit', tier: 'memory', durationMs: 0.25 });
      const call = { outcome: 'ok', durationMs: 1, items: 3 } as const;
      announce('provider.call', {
        ...call,
        family: 'embedding-model',
        provider: 'openai',
        operation: 'embed',
        tokens: 7,
      });
      announce('provider.call', { ...call, family: 'vector-store', provider: 'embedded', operation: 'query' });
      announce('provider.call', { ...call, family: 'key-service', provider: 'local', operation: 'unwrap' });
      annotate({ 'resk.cache.status': 'hit' });
    });
    await tracing.shutdown();
    const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
    expect(receiver.span('POST /api/cache/query')).toMatchObject({
      kind: SERVER,
      service: 'resk-caching',
      status: 0,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/api/cache/query',
        'http.response.status_code': 200,
        'url.scheme': 'http',
        'resk.correlation_id': 'abc',
        'resk.cache.status': 'hit',
      },
    });
    expect(receiver.span('get redis')).toMatchObject({
      kind: CLIENT,
      attributes: { 'db.system.name': 'redis', 'db.operation.name': 'get', 'resk.cache.tier': 'redis' },
    });
    expect(receiver.span('cache lookup')).toMatchObject({
      kind: INTERNAL,
      attributes: { 'resk.cache.outcome': 'hit', 'resk.cache.tier': 'memory' },
    });
    expect(receiver.span('embeddings openai')).toMatchObject({
      kind: CLIENT,
      attributes: {
        'gen_ai.operation.name': 'embeddings',
        'gen_ai.provider.name': 'openai',
        'gen_ai.usage.input_tokens': 7,
      },
    });
    expect(receiver.span('query embedded')).toMatchObject({
      kind: INTERNAL,
      attributes: { 'db.system.name': 'embedded', 'db.operation.name': 'query', 'db.operation.batch.size': 3 },
    });
    expect(receiver.span('unwrap local').attributes).toEqual({ 'resk.provider': 'local', 'resk.operation': 'unwrap' });
  });

  test('begins the span of what is over as long ago as it took', async () => {
    requestSpan(aRequest, () => announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 250 }));
    await tracing.shutdown();
    const { startMs, endMs } = receiver.span('get redis');
    expect(endMs - startMs).toBeCloseTo(250, 0);
  });

  test('continues the trace of the caller', async () => {
    requestSpan({ ...aRequest, headers: { traceparent: traceparent('01') } }, () => {});
    await tracing.shutdown();
    expect(receiver.span('POST /api/cache/query')).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
  });

  test.each(['garbage', '00-0-0-01', `ff-${TRACE}-${PARENT}-01`])(
    'begins a trace of its own after traceparent %j',
    async (sent) => {
      requestSpan({ ...aRequest, headers: { traceparent: sent } }, () => {});
      await tracing.shutdown();
      expect(receiver.span('POST /api/cache/query').parentSpanId).toBe('');
    },
  );

  test('sends the trace along with outgoing calls', async () => {
    const seen: Array<string | string[] | undefined> = [];
    const vendor = createServer((incoming, reply) => {
      seen.push(incoming.headers.traceparent);
      reply.end();
    });
    await new Promise<void>((listening) => vendor.listen(0, '127.0.0.1', listening));
    const url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
    let inside: ReturnType<typeof activeTrace> = {};
    await requestSpan(aRequest, async () => {
      inside = activeTrace();
      await (await request(url)).body.dump();
      await (await fetch(url)).text();
    });
    await (await request(url)).body.dump();
    vendor.close();
    vendor.closeAllConnections();
    const expected = `00-${inside.trace_id}-${inside.span_id}-01`;
    expect(seen).toEqual([expected, expected, undefined]);
  });

  test('marks a span as failed by the code of the failure, never its message', async () => {
    const fail = () => {
      throw failure('vector.store_unavailable', { provider: 'embedded', reason: 'how do I' });
    };
    const answer = requestSpan({ ...aRequest, statusOf: (error) => (error ? 502 : 200) }, async () => {
      announce('provider.call', {
        family: 'vector-store',
        provider: 'embedded',
        operation: 'query',
        outcome: 'call.timeout',
        durationMs: 1,
      });
      span('sync', {}, fail);
    });
    await expect(answer).rejects.toThrow('how do I');
    await expect(span('odd', {}, () => Promise.reject('text'))).rejects.toBe('text');
    await tracing.shutdown();
    const http = receiver.span('POST /api/cache/query');
    expect(http).toMatchObject({
      status: 2,
      attributes: { 'error.type': 'vector.store_unavailable', 'http.response.status_code': 502 },
    });
    expect(receiver.span('query embedded')).toMatchObject({ status: 2, attributes: { 'error.type': 'call.timeout' } });
    expect(receiver.span('sync')).toMatchObject({ status: 2, parentSpanId: http.spanId });
    expect(receiver.span('odd')).toMatchObject({ status: 2, attributes: { 'error.type': 'unknown' } });
    expect(JSON.stringify(receiver.spans)).not.toContain('how do I');
  });

  test('does not mark the request as failed for what the caller did wrong, nor trust its method', async () => {
    const facts = { ...aRequest, method: 'BREW', statusOf: () => 404 };
    expect(() =>
      requestSpan(facts, () => {
        throw failure('cache.entry_absent', {});
      }),
    ).toThrow('no entry');
    expect(() =>
      requestSpan(aRequest, () => {
        throw new TypeError('bug');
      }),
    ).toThrow('bug');
    await tracing.shutdown();
    expect(receiver.span('HTTP /api/cache/query')).toMatchObject({
      status: 0,
      attributes: { 'http.request.method': '_OTHER', 'http.response.status_code': 404 },
    });
    expect(receiver.span('POST /api/cache/query')).toMatchObject({
      status: 2,
      attributes: { 'error.type': 'TypeError' },
    });
  });

  test('makes no trace of what happens outside of requests', async () => {
    announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 1 });
    await tracing.shutdown();
    expect(receiver.spans).toEqual([]);
  });

  test('names the trace in log lines', () => {
    const lines: string[] = [];
    const logger = createLogger(configOf(), { destination: { write: (line) => void lines.push(line) } });
    requestSpan({ ...aRequest, headers: { traceparent: traceparent('01') } }, () => logger.info('inside'));
    expect(JSON.parse(lines[0]!)).toMatchObject({ trace_id: TRACE, span_id: expect.stringMatching(/^[0-9a-f]{16}$/) });
  });

  test('traces the share of requests that is set, and what a caller decided before', async () => {
    await tracing.shutdown();
    tracing = await start({ OTEL_TRACES_SAMPLER_ARG: '0' });
    requestSpan({ ...aRequest, route: '/unasked' }, () =>
      announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 1 }),
    );
    requestSpan({ ...aRequest, route: '/refused', headers: { traceparent: traceparent('00') } }, () => {});
    requestSpan({ ...aRequest, route: '/asked', headers: { traceparent: traceparent('01') } }, () => {});
    await tracing.shutdown();
    expect(receiver.spans.map(({ name }) => name)).toEqual(['POST /asked']);
  });

  test('sends the name of the service and the headers of the collector, and nothing of the machine', async () => {
    await tracing.shutdown();
    const endpoint = `${receiver.endpoint}/`;
    tracing = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=a%20b, x-other = c=d,odd',
      OTEL_SERVICE_NAME: 'answers',
    });
    span('work', {}, () => {});
    await tracing.shutdown();
    expect(receiver.span('work').service).toBe('answers');
    expect(receiver.deliveries[0]).toMatchObject({ 'x-api-key': 'a b', 'x-other': 'c=d' });
  });

  test('makes no spans once it is shut down, which may be done twice', async () => {
    await tracing.shutdown();
    await tracing.shutdown();
    expect(isTracing()).toBe(false);
    expect(announced('provider.call').hasSubscribers).toBe(false);
  });

  test('tells the log when the collector refuses, and nobody else', async () => {
    const lines: string[] = [];
    const logger = createLogger(configOf(), { destination: { write: (line) => void lines.push(line) } });
    await tracing.shutdown();
    receiver.refusal = 400;
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '10');
    tracing = await startTracing(configOf({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }), { logger });
    vi.unstubAllEnvs();
    const messages = () => lines.map((line) => JSON.parse(line).msg as string);
    expect(span('early', {}, () => 42)).toBe(42);
    await vi.waitFor(() => expect(messages()).toContain('Traces could not be sent.'));
    span('late', {}, () => {});
    await tracing.shutdown();
    expect(messages()).toContain('The last traces could not be sent.');
  });
});

// Says in the run whether deliveries were also read through the published message types.
describe.runIf(hasOtlpProtos)('the collector double, by the published protos', () => {
  test('reads protobuf, and refuses what the protos do not know', async () => {
    const receiver = await OtlpReceiver.start();
    const post = async (body: string | Buffer, type: string) =>
      (
        await fetch(`${receiver.endpoint}/v1/traces`, {
          method: 'POST',
          body: new Uint8Array(Buffer.from(body)),
          headers: { 'content-type': type },
        })
      ).status;
    expect(await post('{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":7}]}]}]}', 'application/json')).toBe(400);
    expect(await post('{"resourceSpans":[],"spans":[]}', 'application/json')).toBe(400);
    expect(await post(Buffer.from([0xff, 0xff]), 'application/x-protobuf')).toBe(400);
    // resource_spans { resource {} scope_spans { spans { span_id: 0102030405060708, name: "far" } } }, by the protos' numbers.
    const span = Buffer.from('12080102030405060708' + '2a03666172', 'hex');
    const nested = [0x12, 0x12].reduce((inner, tag) => Buffer.concat([Buffer.from([tag, inner.length]), inner]), span);
    const resourceSpans = Buffer.concat([Buffer.from([0x0a, 0x00]), nested]);
    const body = Buffer.concat([Buffer.from([0x0a, resourceSpans.length]), resourceSpans]);
    expect(await post(body, 'application/x-protobuf')).toBe(200);
    expect(receiver.span('far')).toMatchObject({ spanId: '0102030405060708', parentSpanId: '' });
    await receiver.stop();
  });
});

if (!hasOtlpProtos)
  console.warn('Did not run: traces checked against the published OTLP protos (../shared/specs/otlp is not here).');
