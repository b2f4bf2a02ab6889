// What engine rooms announce becomes metrics.
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EngineMetrics } from '#observability';
import { announce, announced } from '#ports';

describe('engine metrics', () => {
  let registry: Registry;
  let metrics: EngineMetrics;

  beforeEach(() => {
    registry = new Registry();
    metrics = new EngineMetrics(registry);
    metrics.open();
  });

  afterEach(() => metrics.close());

  const lookUp = (outcome: 'hit' | 'stale' | 'miss', tier: string | null) =>
    announce('cache.lookup', { tenant: 'north', key: 'k', outcome, tier, durationMs: 1 });

  test('count hits and misses by tier', async () => {
    lookUp('hit', 'memory');
    lookUp('hit', 'memory');
    lookUp('stale', 'redis');
    lookUp('miss', null);
    const text = await registry.metrics();
    expect(text).toContain('resk_cache_lookups_total{tier="memory",outcome="hit"} 2\n');
    expect(text).toContain('resk_cache_lookups_total{tier="redis",outcome="stale"} 1\n');
    expect(text).toContain('resk_cache_lookups_total{tier="none",outcome="miss"} 1\n');
  });

  test('never carry a tenant or a key', async () => {
    lookUp('hit', 'memory');
    announce('cache.write', { tenant: 'north', key: 'k', origin: 'written', bytes: 10 });
    expect(await registry.metrics()).not.toMatch(/north|tenant=|key=/);
  });

  test('count answered questions with the time of each layer', async () => {
    const answered = { tenant: 'north', key: 'k', status: 'miss', source: 'vectordb', tier: null } as const;
    announce('query.answered', { ...answered, latencies: { total: 30, cache: 1, embeddings: 20, vectordb: 9 } });
    announce('query.answered', {
      ...answered,
      status: 'hit',
      source: 'cache',
      tier: 'memory',
      latencies: { total: 0.02, cache: 0.01 },
    });
    const text = await registry.metrics();
    expect(text).toContain('resk_query_answers_total{status="miss",source="vectordb",tier="none"} 1\n');
    expect(text).toContain('resk_query_answers_total{status="hit",source="cache",tier="memory"} 1\n');
    expect(text).toContain('resk_query_layer_duration_seconds_count{layer="total",status="miss"} 1\n');
    expect(text).toContain('resk_query_layer_duration_seconds_count{layer="total",status="hit"} 1\n');
    expect(text).toContain('resk_query_layer_duration_seconds_sum{layer="embeddings",status="miss"} 0.02\n');
    expect(text).toContain('resk_query_layer_duration_seconds_count{layer="vectordb",status="miss"} 1\n');
    expect(text).toContain('resk_query_layer_duration_seconds_bucket{layer="cache",status="hit",le="0.00001"} 1\n');
  });

  test('time whole questions once more where they asked the vector store, and not where a kept miss answered', async () => {
    const missed = { tenant: 'north', key: 'k', status: 'miss', source: 'none' } as const;
    announce('query.answered', {
      ...missed,
      tier: null,
      latencies: { total: 30, cache: 1, embeddings: 20, vectordb: 9 },
    });
    announce('query.answered', { ...missed, tier: 'memory', latencies: { total: 0.02, cache: 0.01 } });
    const text = await registry.metrics();
    expect(text).toContain('resk_query_layer_duration_seconds_count{layer="total",status="miss"} 2\n');
    expect(text).toContain('resk_query_layer_duration_seconds_count{layer="retrieved",status="miss"} 1\n');
    expect(text).toContain('resk_query_layer_duration_seconds_sum{layer="retrieved",status="miss"} 0.03\n');
  });

  test('count writes, purges, evictions and rejected entries', async () => {
    announce('cache.write', { tenant: 'n', key: 'k', origin: 'written', bytes: 10 });
    announce('cache.write', { tenant: 'n', key: 'k', origin: 'written', bytes: 32 });
    announce('cache.purge', { tenant: 'n', scope: 'tag', purged: null });
    announce('cache.evicted', { tier: 'memory', reason: 'size', bytes: 100 });
    announce('cache.rejected', { tier: 'sqlite', reason: 'tampered' });
    announce('vector.rejected', { provider: 'embedded', reason: 'unsealed' });
    const text = await registry.metrics();
    expect(text).toContain('resk_cache_writes_total{origin="written"} 2\n');
    expect(text).toContain('resk_cache_written_bytes_total{origin="written"} 42\n');
    expect(text).toContain('resk_cache_purges_total{scope="tag"} 1\n');
    expect(text).toContain('resk_cache_evictions_total{tier="memory",reason="size"} 1\n');
    expect(text).toContain('resk_cache_evicted_bytes_total{tier="memory",reason="size"} 100\n');
    expect(text).toContain('resk_cache_rejected_entries_total{tier="sqlite",reason="tampered"} 1\n');
    expect(text).toContain('resk_vector_rejected_documents_total{provider="embedded",reason="unsealed"} 1\n');
  });

  test('time calls to stores and count those that failed', async () => {
    announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 2 });
    announce('cache.store_failed', { tier: 'redis', operation: 'get', code: 'call.timeout' });
    const text = await registry.metrics();
    expect(text).toContain('resk_cache_store_call_duration_seconds_sum{tier="redis",operation="get"} 0.002\n');
    expect(text).toContain('resk_cache_store_failures_total{tier="redis",operation="get",code="call.timeout"} 1\n');
  });

  test('count embedding calls, texts and tokens, and errors of any provider', async () => {
    const call = { family: 'embedding-model', provider: 'openai', operation: 'embed', durationMs: 100 } as const;
    announce('provider.call', { ...call, outcome: 'ok', items: 3, tokens: 42 });
    announce('provider.call', { ...call, outcome: 'call.timeout' });
    announce('embedding.remembered', { provider: 'openai', hits: 2, misses: 3 });
    announce('provider.call', {
      family: 'vector-store',
      provider: 'embedded',
      operation: 'query',
      outcome: 'ok',
      durationMs: 1,
    });
    const text = await registry.metrics();
    expect(text).toContain('resk_embedding_calls_total{provider="openai",outcome="ok"} 1\n');
    expect(text).toContain('resk_embedding_calls_total{provider="openai",outcome="call.timeout"} 1\n');
    expect(text).toContain('resk_embedding_texts_total{provider="openai"} 3\n');
    expect(text).toContain('resk_embedding_tokens_total{provider="openai"} 42\n');
    expect(text).toContain('resk_embedding_remembered_total{provider="openai",outcome="hit"} 2\n');
    expect(text).toContain('resk_embedding_remembered_total{provider="openai",outcome="miss"} 3\n');
    expect(text).toContain(
      'resk_provider_errors_total{family="embedding-model",provider="openai",code="call.timeout"} 1\n',
    );
    expect(text).toContain('_count{family="vector-store",provider="embedded",operation="query"} 1\n');
    expect(text).not.toContain('resk_embedding_calls_total{provider="embedded"');
  });

  test('count as errors of a provider what is its fault, and not what was asked wrongly, cancelled or not allowed', async () => {
    const call = { family: 'vector-store', provider: 'pinecone', operation: 'delete', durationMs: 1 } as const;
    const outcomes = ['vector.collection_absent', 'vector.input_refused', 'cancelled', 'quota.exceeded', 'refused'];
    for (const outcome of [...outcomes, 'vector.store_refused', 'call.timeout']) {
      announce('provider.call', { ...call, outcome });
    }
    const counted = (await registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('resk_provider_errors_total{') && !line.endsWith(' 0'))
      .map((line) => /code="(.*?)"/.exec(line)?.[1]);
    expect(counted.toSorted()).toEqual(['call.timeout', 'refused', 'vector.store_refused']);
  });

  test('begin at nothing what providers and stores may fail with, so that the first failure is an increase', async () => {
    const errorsOf = async (family: string) =>
      (await registry.metrics()).match(new RegExp(`resk_provider_errors_total\\{family="${family}".* 0\n`, 'g')) ?? [];
    metrics.expect('vector-store', 'embedded');
    metrics.expect('vector-store', 'embedded');
    expect((await errorsOf('vector-store')).join('')).toMatch(/code="call.timeout".*\n.*code="call.failed"/);
    const call = { family: 'key-service', provider: 'vault', operation: 'unwrap', outcome: 'ok' } as const;
    announce('provider.call', { ...call, durationMs: 1 });
    expect((await errorsOf('key-service')).join('')).toContain('code="crypto.key_service_unavailable"} 0\n');
    announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 1 });
    announce('cache.store_call', { tier: 'redis', operation: 'embedding get', durationMs: 1 });
    const text = await registry.metrics();
    for (const reason of ['unsealed', 'tampered', 'unknown_key', 'malformed']) {
      expect(text).toContain(`resk_vector_rejected_documents_total{provider="embedded",reason="${reason}"} 0\n`);
      expect(text).toContain(`resk_cache_rejected_entries_total{tier="redis",reason="${reason}"} 0\n`);
    }
    const failures = 'resk_cache_store_failures_total{tier="redis",operation=';
    expect(text).toContain(`${failures}"get",code="cache.store_unavailable"} 0\n`);
    expect(text).toContain(`${failures}"embedding get",code="records.unavailable"} 0\n`);
  });

  test('show the circuit of a provider while it is open', async () => {
    const line = async () => /resk_provider_circuit_open\{.*/.exec(await registry.metrics())?.[0];
    announce('provider.degraded', { family: 'byte-store', provider: 'redis' });
    expect(await line()).toBe('resk_provider_circuit_open{family="byte-store",provider="redis"} 1');
    announce('provider.recovered', { family: 'byte-store', provider: 'redis' });
    expect(await line()).toBe('resk_provider_circuit_open{family="byte-store",provider="redis"} 0');
    expect(await registry.metrics()).toContain(
      'resk_provider_circuit_openings_total{family="byte-store",provider="redis"} 1\n',
    );
  });

  test('count requests refused by the limiter', async () => {
    announce('rate.limited', { door: 'http', tracker: 'address' });
    expect(await registry.metrics()).toContain('resk_rate_limited_requests_total{door="http",tracker="address"} 1\n');
  });

  test('can still be read after a number that is none', async () => {
    announce('cache.write', { tenant: 'n', key: 'k', origin: 'written', bytes: Number.NaN });
    announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: Number.NaN });
    const text = await registry.metrics();
    expect(text).toContain('resk_cache_written_bytes_total{origin="written"} 0\n');
    expect(text).toContain('resk_cache_store_call_duration_seconds_sum{tier="redis",operation="get"} 0\n');
  });

  test('read how much the tiers hold at each scrape, without the numbers that a tier does not know', async () => {
    let entries = 1;
    metrics.watchTiers(() => [
      { tier: 'memory', entries, bytes: 100 },
      { tier: 'redis', entries: undefined, bytes: undefined },
    ]);
    expect(await registry.metrics()).toContain('resk_cache_entries{tier="memory"} 1\n');
    entries = 2;
    const text = await registry.metrics();
    expect(text).toContain('resk_cache_entries{tier="memory"} 2\n');
    expect(text).toContain('resk_cache_bytes{tier="memory"} 100\n');
    expect(text).not.toMatch(/resk_cache_(entries|bytes)\{tier="redis"/);
  });

  test('count once though opened twice, and nothing once closed', async () => {
    metrics.open();
    lookUp('hit', 'memory');
    metrics.close();
    metrics.close();
    lookUp('hit', 'memory');
    expect(await registry.metrics()).toContain('resk_cache_lookups_total{tier="memory",outcome="hit"} 1\n');
    expect(announced('cache.lookup').hasSubscribers).toBe(false);
  });
});
