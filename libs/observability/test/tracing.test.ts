// Spans reach a collector, under the right parents, with the names of the semantic conventions.
import { setTimeout as turn } from 'node:timers/promises';
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
import { type Announcements, announce, announced, type CallWork, failure, followed, type Work } from '#ports';
import { OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { aRequest } from './a-request.js';
import { configOf } from './observability-config.js';

const PARENT = '00f067aa0ba902b7';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];
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

  /** Work of a room, followed and announced as the rooms do. */
  function call<T>(work: Omit<CallWork, 'kind'>, run: () => T, told: Partial<Announcements['provider.call']> = {}): T {
    return followed({ kind: 'call', ...work }, () => {
      const result = run();
      const { family, provider, operation } = work;
      announce('provider.call', { family, provider, operation, outcome: 'ok', durationMs: 1, ...told });
      return result;
    });
  }

  test('sends spans of the request, cache tiers, embedding and vector calls, each under its parent', async () => {
    await aRequest(async () => {
      await followed({ kind: 'lookup' }, async () => {
        await followed({ kind: 'tier', tier: 'redis', operation: 'get' }, async () => {
          await turn(1);
          call({ family: 'byte-store', provider: 'redis', operation: 'get' }, () => 1);
        });
        announce('cache.lookup', { tenant: 'north', key: 'k', outcome: 'miss', tier: null, durationMs: 3 });
      });
      await span('query', {}, async () => {
        call({ family: 'embedding-model', provider: 'openai', operation: 'embed', model: 'small' }, () => 1);
        await turn(1);
        followed({ kind: 'retrieval', step: 'search' }, () =>
          call({ family: 'vector-store', provider: 'embedded', operation: 'query' }, () => 1),
        );
      });
    });
    await tracing.shutdown();
    const parents = Object.fromEntries(
      receiver.spans.map(({ name, parentSpanId }) => [
        name,
        receiver.spans.find(({ spanId }) => spanId === parentSpanId)?.name,
      ]),
    );
    expect(parents).toEqual({
      'POST /api/cache/query': undefined,
      'cache lookup': 'POST /api/cache/query',
      'get redis': 'cache lookup',
      'MGET redis': 'get redis',
      query: 'POST /api/cache/query',
      'embeddings small': 'query',
      'retrieval search': 'query',
      'query embedded': 'retrieval search',
    });
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
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

  const calls: Array<[string, Omit<CallWork, 'kind'>, number | undefined, Record<string, unknown>]> = [
    [
      'embeddings text-embedding-3-small',
      {
        family: 'embedding-model',
        provider: 'azure-openai',
        operation: 'embed',
        items: 3,
        model: 'text-embedding-3-small',
      },
      CLIENT,
      {
        'gen_ai.operation.name': 'embeddings',
        'gen_ai.provider.name': 'azure.ai.openai',
        'gen_ai.request.model': 'text-embedding-3-small',
        'resk.items': 3,
      },
    ],
    [
      'embeddings minilm',
      { family: 'embedding-model', provider: 'local', operation: 'embed', model: '/srv/models/minilm' },
      INTERNAL,
      { 'gen_ai.operation.name': 'embeddings', 'gen_ai.provider.name': 'local', 'gen_ai.request.model': 'minilm' },
    ],
    [
      'rerank cohere',
      { family: 'reranker', provider: 'cohere', operation: 'rerank', items: 20 },
      CLIENT,
      { 'gen_ai.operation.name': 'rerank', 'gen_ai.provider.name': 'cohere', 'resk.items': 20 },
    ],
    [
      'upsert embedded',
      { family: 'vector-store', provider: 'embedded', operation: 'upsert', items: 2 },
      INTERNAL,
      { 'db.system.name': 'embedded', 'db.operation.name': 'upsert', 'db.operation.batch.size': 2 },
    ],
    [
      'list pinecone',
      { family: 'vector-store', provider: 'pinecone', operation: 'list', items: 100 },
      CLIENT,
      { 'db.system.name': 'pinecone', 'db.operation.name': 'list' },
    ],
    [
      'EVALSHA cache.internal:6380',
      { family: 'byte-store', provider: 'redis', operation: 'script', server: { host: 'cache.internal', port: 6380 } },
      CLIENT,
      {
        'db.system.name': 'redis',
        'db.operation.name': 'EVALSHA',
        'server.address': 'cache.internal',
        'server.port': 6380,
      },
    ],
    [
      'save custom',
      { family: 'byte-store', provider: 'custom', operation: 'save' },
      CLIENT,
      { 'db.system.name': 'custom', 'db.operation.name': 'save' },
    ],
    [
      'unwrap vault',
      { family: 'key-service', provider: 'vault', operation: 'unwrap' },
      CLIENT,
      { 'resk.provider': 'vault', 'resk.operation': 'unwrap' },
    ],
    [
      'keys issuer',
      { family: 'token-issuer', provider: 'issuer', operation: 'keys' },
      CLIENT,
      { 'resk.provider': 'issuer', 'resk.operation': 'keys' },
    ],
  ];

  test.each(calls)('names a call %s by the semantic conventions', async (name, work, kind, attributes) => {
    await aRequest(() => call(work, () => 1));
    await tracing.shutdown();
    expect(receiver.span(name)).toMatchObject({ kind, status: 0 });
    expect(receiver.span(name).attributes).toEqual(attributes);
  });

  const others: Array<[string, Work, Record<string, unknown>]> = [
    [
      'get sqlite',
      { kind: 'tier', tier: 'sqlite', operation: 'get' },
      { 'db.system.name': 'sqlite', 'db.operation.name': 'get', 'resk.cache.tier': 'sqlite' },
    ],
    ['get redis', { kind: 'tier', tier: 'redis', operation: 'get' }, { 'resk.cache.tier': 'redis' }],
    [
      'add records',
      { kind: 'records', system: 'sqlite', operation: 'add' },
      { 'db.system.name': 'sqlite', 'db.operation.name': 'add' },
    ],
    ['ingest part', { kind: 'part', of: 'ingest', items: 256 }, { 'resk.items': 256 }],
    ['reindex part', { kind: 'part', of: 'reindex', items: 64 }, { 'resk.items': 64 }],
  ];

  test.each(others)('names %s, which happens in this process', async (name, work, attributes) => {
    await aRequest(() => followed(work, () => 1));
    await tracing.shutdown();
    expect(receiver.span(name).kind).toBe(INTERNAL);
    expect(receiver.span(name).attributes).toEqual(attributes);
  });

  test('tells how work ended, as it is announced', async () => {
    await aRequest(() => {
      const model = { family: 'embedding-model', provider: 'openai', operation: 'embed' } as const;
      call(model, () => 1, { tokens: 7 });
      followed({ kind: 'retrieval', step: 'rerank' }, () =>
        announce('retrieval.step', { step: 'rerank', durationMs: 1, candidates: 20 }),
      );
    });
    await tracing.shutdown();
    expect(receiver.span('embeddings openai').attributes['gen_ai.usage.input_tokens']).toBe(7);
    expect(receiver.span('retrieval rerank').attributes['resk.retrieval.candidates']).toBe(20);
  });

  test('takes what is announced inside of other work for none of its own', async () => {
    await aRequest(() =>
      followed({ kind: 'records', system: 'sqlite', operation: 'get' }, () =>
        announce('retrieval.step', { step: 'search', durationMs: 1, candidates: 20 }),
      ),
    );
    await tracing.shutdown();
    expect(Object.keys(receiver.span('get records').attributes)).toEqual(['db.system.name', 'db.operation.name']);
  });

  test('makes a span of a look-up in memory when it is over, as long as it took', async () => {
    await aRequest(() =>
      announce('cache.lookup', { tenant: 'n', key: 'k', outcome: 'hit', tier: 'memory', durationMs: 250 }),
    );
    await tracing.shutdown();
    const { startMs, endMs, attributes } = receiver.span('cache lookup');
    expect(endMs - startMs).toBeCloseTo(250, 0);
    expect(attributes).toEqual({ 'resk.cache.outcome': 'hit', 'resk.cache.tier': 'memory' });
  });

  test('makes a trace of its own of work that nobody waits for, linked to the request', async () => {
    let finished = Promise.resolve();
    await aRequest(() => {
      finished = followed({ kind: 'background', task: 'refresh' }, async () => {
        await turn(1);
        call({ family: 'vector-store', provider: 'embedded', operation: 'query' }, () => 1);
      });
    });
    await finished;
    followed({ kind: 'background', task: 'drift' }, () => 1);
    await tracing.shutdown();
    const [request, refresh] = [receiver.span('POST /api/cache/query'), receiver.span('refresh')];
    expect(refresh).toMatchObject({ parentSpanId: '', kind: INTERNAL });
    expect(refresh.traceId).not.toBe(request.traceId);
    expect(refresh.links).toEqual([{ traceId: request.traceId, spanId: request.spanId }]);
    expect(receiver.span('query embedded').parentSpanId).toBe(refresh.spanId);
    expect(receiver.span('drift')).toMatchObject({ parentSpanId: '', links: [] });
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
    call({ family: 'byte-store', provider: 'redis', operation: 'get' }, () => 1);
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
    await aRequest(() => call({ family: 'byte-store', provider: 'redis', operation: 'get' }, () => 1), {
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
