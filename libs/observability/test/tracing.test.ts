// Spans reach a collector, under the right parents, with the names of the semantic conventions.
import { trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  activeTrace,
  annotate,
  createLogger,
  isTracing,
  RequestTrace,
  recordedTraceparent,
  span,
  startTelemetry,
  type Telemetry,
} from '#observability';
import { announce, announced, failure, followed } from '#ports';
import { OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { aCall } from './a-call.js';
import { aRequest } from './a-request.js';
import { configOf } from './observability-config.js';

const PARENT = '00f067aa0ba902b7';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SERVER = 2;
const traceparent = (flags: '00' | '01') => ({ headers: { traceparent: `00-${TRACE}-${PARENT}-${flags}` } });

describe('tracing without a collector', () => {
  test('makes no spans, listens to nothing, and runs the work as it is', async () => {
    const tracing = await startTelemetry(configOf());
    expect(tracing.tracing).toBe(false);
    expect(isTracing()).toBe(false);
    expect(span('work', {}, () => trace.getActiveSpan())).toBeUndefined();
    expect(followed({ kind: 'lookup' }, () => trace.getActiveSpan())).toBeUndefined();
    expect(RequestTrace.begin({ method: 'GET', ...traceparent('01') })).toBeUndefined();
    expect(announced('cache.lookup').hasSubscribers).toBe(false);
    annotate({ a: 1 });
    expect([activeTrace(), recordedTraceparent()]).toEqual([{}, undefined]);
    await tracing.shutdown();
  });
});

describe('tracing with a collector', () => {
  let receiver: OtlpReceiver;
  let tracing: Telemetry;
  const start = (env: Record<string, string> = {}) => startTelemetry(configOf({ ...receiver.env, ...env }));

  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
    tracing = await start();
  });

  afterEach(async () => {
    await tracing.shutdown();
    await receiver.stop();
    expect(receiver.problems).toEqual([]);
  });

  test('names the request by the semantic conventions of HTTP', async () => {
    const facts = { method: 'POST', route: '/api/cache/query', scheme: 'https', protocolVersion: '1.1' } as const;
    const about = RequestTrace.begin({ ...facts, headers: {}, correlationId: 'abc' })!;
    about.run(() => {
      annotate({ a: 1 });
      const answer = { tenant: 'north', key: 'k', status: 'hit', source: 'cache', tier: 'memory' } as const;
      announce('query.answered', { ...answer, latencies: { total: 1, cache: 1 } });
    });
    about.end(200);
    await tracing.shutdown();
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.span('POST /api/cache/query')).toMatchObject({
      kind: SERVER,
      status: 0,
      attributes: {
        a: 1,
        'http.request.method': 'POST',
        'http.route': '/api/cache/query',
        'http.response.status_code': 200,
        'url.scheme': 'https',
        'network.protocol.version': '1.1',
        'resk.correlation_id': 'abc',
        'resk.answer.status': 'hit',
        'resk.answer.source': 'cache',
      },
    });
  });

  test('continues the trace of the caller', async () => {
    await aRequest(() => {}, traceparent('01'));
    await tracing.shutdown();
    expect(receiver.span('POST /api/cache/query')).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
  });

  test.each(['garbage', '00-0-0-01', `ff-${TRACE}-${PARENT}-01`])(
    'begins a trace of its own after traceparent %j',
    async (sent) => {
      await aRequest(() => {}, { headers: { traceparent: sent } });
      await tracing.shutdown();
      expect(receiver.span('POST /api/cache/query').parentSpanId).toBe('');
    },
  );

  test('marks a span as failed by the code of the failure, never its message', async () => {
    const broken = () => {
      throw failure('vector.store_unavailable', { provider: 'embedded', reason: 'how do I' });
    };
    const store = { family: 'vector-store', provider: 'embedded', operation: 'query' } as const;
    const answer = aRequest(() =>
      followed({ kind: 'call', ...store }, () => {
        announce('provider.call', { ...store, outcome: 'call.timeout', durationMs: 1 });
        return span('sync', {}, broken);
      }),
    );
    await expect(answer).rejects.toThrow('how do I');
    await expect(span('odd', {}, () => Promise.reject('text'))).rejects.toBe('text');
    await tracing.shutdown();
    expect(receiver.span('POST /api/cache/query')).toMatchObject({
      status: 2,
      attributes: { 'error.type': 'vector.store_unavailable', 'http.response.status_code': 500 },
    });
    // What was announced says better how the call ended than what came of it.
    expect(receiver.span('query embedded')).toMatchObject({ status: 2, attributes: { 'error.type': 'call.timeout' } });
    expect(receiver.span('sync')).toMatchObject({
      status: 2,
      attributes: { 'error.type': 'vector.store_unavailable' },
    });
    expect(receiver.span('odd')).toMatchObject({ status: 2, attributes: { 'error.type': 'unknown' } });
    expect(receiver.everything).not.toContain('how do I');
  });

  test('does not mark the request as failed for what the caller did wrong, nor trust its method', async () => {
    const refused = RequestTrace.begin({ method: 'BREW', headers: {} })!;
    refused.failed(failure('request.not_found', {}));
    refused.end(404);
    const broken = RequestTrace.begin({ method: 'GET', route: '/x', headers: {} })!;
    broken.end(503);
    broken.end(200);
    broken.abandon();
    const left = RequestTrace.begin({ method: 'PUT', headers: {} })!;
    left.abandon();
    await tracing.shutdown();
    expect(receiver.span('HTTP')).toMatchObject({
      status: 0,
      attributes: {
        'http.request.method': '_OTHER',
        'http.response.status_code': 404,
        'error.type': 'request.not_found',
      },
    });
    expect(receiver.span('GET /x')).toMatchObject({
      status: 2,
      attributes: { 'error.type': '503', 'http.response.status_code': 503 },
    });
    expect(receiver.span('PUT').attributes).toMatchObject({ 'error.type': 'cancelled' });
    expect(receiver.spans).toHaveLength(3);
  });

  test('makes no trace of what happens outside of requests', async () => {
    aCall({ family: 'byte-store', provider: 'redis', operation: 'get' }, () => 1);
    announce('cache.lookup', { tenant: 'n', key: 'k', outcome: 'hit', tier: 'memory', durationMs: 1 });
    announce('query.answered', {
      tenant: 'n',
      key: 'k',
      status: 'hit',
      source: 'cache',
      tier: 'memory',
      latencies: { total: 1, cache: 1 },
    });
    await tracing.shutdown();
    expect(receiver.spans).toEqual([]);
  });

  test('names the trace in log lines, recorded or not, and to receivers only where it is recorded', async () => {
    const lines: string[] = [];
    const logger = createLogger(configOf(), { destination: { write: (line) => void lines.push(line) } });
    const inside = (flags: '00' | '01') =>
      aRequest(() => {
        logger.info('inside');
        return recordedTraceparent();
      }, traceparent(flags));
    const told = [await inside('01'), await inside('00')];
    const [recorded, unrecorded] = lines.map((line) => JSON.parse(line));
    const ids = { trace_id: TRACE, span_id: expect.stringMatching(/^[0-9a-f]{16}$/) };
    expect(recorded).toMatchObject({ ...ids, trace_flags: '01' });
    expect(unrecorded).toMatchObject({ ...ids, trace_flags: '00' });
    expect(told).toEqual([`00-${TRACE}-${recorded.span_id}-01`, undefined]);
  });

  test('tells the caller the trace of the reply', async () => {
    const begun = RequestTrace.begin({ method: 'GET', ...traceparent('00') })!;
    expect(begun.serverTiming).toMatch(new RegExp(`^traceparent;desc="00-${TRACE}-[0-9a-f]{16}-00"$`));
    begun.end(200);
  });

  test('traces the share of requests that is set, and what a caller decided before', async () => {
    await tracing.shutdown();
    tracing = await start({ OTEL_TRACES_SAMPLER_ARG: '0' });
    await aRequest(() => aCall({ family: 'byte-store', provider: 'redis', operation: 'get' }, () => 1), {
      route: '/unasked',
    });
    await aRequest(() => {}, { route: '/refused', ...traceparent('00') });
    await aRequest(() => {}, { route: '/asked', ...traceparent('01') });
    await tracing.shutdown();
    expect(receiver.spans.map(({ name }) => name)).toEqual(['POST /asked']);
  });

  test.each([
    ['always_on', ['/own', '/refused', '/asked']],
    ['always_off', []],
    ['parentbased_always_on', ['/own', '/asked']],
    ['parentbased_always_off', ['/asked']],
    ['traceidratio', ['/own', '/refused', '/asked']],
  ])('traces by the sampler %s', async (sampler, traced) => {
    await tracing.shutdown();
    tracing = await start({ OTEL_TRACES_SAMPLER: sampler });
    await aRequest(() => {}, { route: '/own' });
    await aRequest(() => {}, { route: '/refused', ...traceparent('00') });
    await aRequest(() => {}, { route: '/asked', ...traceparent('01') });
    await tracing.shutdown();
    expect(receiver.spans.map(({ attributes }) => attributes['http.route'])).toEqual(traced);
  });

  test('makes no spans once it is shut down, which may be done twice', async () => {
    await tracing.shutdown();
    await tracing.shutdown();
    expect(isTracing()).toBe(false);
    expect(announced('provider.call').hasSubscribers).toBe(false);
    expect(followed({ kind: 'background', task: 'drift' }, () => trace.getActiveSpan())).toBeUndefined();
  });
});
