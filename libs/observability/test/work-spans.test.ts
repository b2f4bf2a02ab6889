// Work that rooms let be followed is spans with the names of the semantic conventions, under what caused it.
import { setTimeout as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { span } from '#observability';
import { announce, type CallWork, type Failure, failure, followed, type Work } from '#ports';
import { aCall } from './a-call.js';
import { aRequest } from './a-request.js';
import { receiving } from './receiving.js';

const [INTERNAL, CLIENT] = [1, 3];

describe('work that is followed', () => {
  const now = receiving();

  test('sends spans of the request, cache tiers, embedding and vector calls, each under its parent', async () => {
    await aRequest(async () => {
      await followed({ kind: 'lookup' }, async () => {
        await followed({ kind: 'tier', tier: 'redis', operation: 'get' }, async () => {
          await turn(1);
          aCall({ family: 'byte-store', provider: 'redis', operation: 'get' }, () => 1);
        });
        announce('cache.lookup', { tenant: 'north', key: 'k', outcome: 'miss', tier: null, durationMs: 3 });
      });
      await span('query', {}, async () => {
        aCall({ family: 'embedding-model', provider: 'openai', operation: 'embed', model: 'small' }, () => 1);
        await turn(1);
        followed({ kind: 'retrieval', step: 'search' }, () =>
          aCall({ family: 'vector-store', provider: 'embedded', operation: 'query' }, () => 1),
        );
      });
    });
    await now.telemetry.shutdown();
    const parents = Object.fromEntries(
      now.receiver.spans.map(({ name, parentSpanId }) => [
        name,
        now.receiver.spans.find(({ spanId }) => spanId === parentSpanId)?.name,
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
    expect(new Set(now.receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
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
    await aRequest(() => aCall(work, () => 1));
    await now.telemetry.shutdown();
    expect(now.receiver.span(name)).toMatchObject({ kind, status: 0 });
    expect(now.receiver.span(name).attributes).toEqual(attributes);
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
    await now.telemetry.shutdown();
    expect(now.receiver.span(name).kind).toBe(INTERNAL);
    expect(now.receiver.span(name).attributes).toEqual(attributes);
  });

  test('tells how work ended, as it is announced', async () => {
    await aRequest(() => {
      const model = { family: 'embedding-model', provider: 'openai', operation: 'embed' } as const;
      aCall(model, () => 1, { tokens: 7 });
      followed({ kind: 'retrieval', step: 'rerank' }, () =>
        announce('retrieval.step', { step: 'rerank', durationMs: 1, candidates: 20 }),
      );
    });
    await now.telemetry.shutdown();
    expect(now.receiver.span('embeddings openai').attributes['gen_ai.usage.input_tokens']).toBe(7);
    expect(now.receiver.span('retrieval rerank').attributes['resk.retrieval.candidates']).toBe(20);
  });

  test.each([
    ['a client has asked what cannot be', failure('vector.collection_absent', { collection: 'c' }), undefined, 0],
    ['the caller has left', new Error('gone'), 'cancelled', 0],
    ['the store is down', failure('vector.store_unavailable', { provider: 'p', reason: 'down' }), undefined, 2],
    ['nobody has foreseen it', new Error('odd'), 'refused', 2],
  ])('a call that fails because %s marks its span accordingly, and tells the code', async (_, error, told, status) => {
    const outcome = told ?? (error as Failure).code;
    const call = { family: 'vector-store', provider: 'pinecone', operation: 'delete' } as const;
    await aRequest(async () => {
      const work = followed({ kind: 'call', ...call }, async () => {
        announce('provider.call', { ...call, outcome, durationMs: 1 });
        throw error;
      });
      await expect(work).rejects.toBe(error);
    });
    await now.telemetry.shutdown();
    expect(now.receiver.span('delete pinecone')).toMatchObject({ status, attributes: { 'error.type': outcome } });
  });

  test('takes what is announced inside of other work for none of its own', async () => {
    await aRequest(() =>
      followed({ kind: 'records', system: 'sqlite', operation: 'get' }, () =>
        announce('retrieval.step', { step: 'search', durationMs: 1, candidates: 20 }),
      ),
    );
    await now.telemetry.shutdown();
    expect(Object.keys(now.receiver.span('get records').attributes)).toEqual(['db.system.name', 'db.operation.name']);
  });

  test('makes a span of a look-up in memory when it is over, as long as it took', async () => {
    await aRequest(() =>
      announce('cache.lookup', { tenant: 'n', key: 'k', outcome: 'hit', tier: 'memory', durationMs: 250 }),
    );
    await now.telemetry.shutdown();
    const { startMs, endMs, attributes } = now.receiver.span('cache lookup');
    expect(endMs - startMs).toBeCloseTo(250, 0);
    expect(attributes).toEqual({ 'resk.cache.outcome': 'hit', 'resk.cache.tier': 'memory' });
  });

  test('makes a trace of its own of work that nobody waits for, linked to the request', async () => {
    let finished = Promise.resolve();
    await aRequest(() => {
      finished = followed({ kind: 'background', task: 'refresh' }, async () => {
        await turn(1);
        aCall({ family: 'vector-store', provider: 'embedded', operation: 'query' }, () => 1);
      });
    });
    await finished;
    followed({ kind: 'background', task: 'drift' }, () => 1);
    await now.telemetry.shutdown();
    const [request, refresh] = [now.receiver.span('POST /api/cache/query'), now.receiver.span('refresh')];
    expect(refresh).toMatchObject({ parentSpanId: '', kind: INTERNAL });
    expect(refresh.traceId).not.toBe(request.traceId);
    expect(refresh.links).toEqual([{ traceId: request.traceId, spanId: request.spanId }]);
    expect(now.receiver.span('query embedded').parentSpanId).toBe(refresh.spanId);
    expect(now.receiver.span('drift')).toMatchObject({ parentSpanId: '', links: [] });
  });
});
