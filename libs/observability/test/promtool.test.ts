// The metrics page is valid for Prometheus' own checker.
import { spawnSync } from 'node:child_process';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { EngineMetrics, RequestMetrics, StateMetrics } from '#observability';
import { announce } from '#ports';
import { dropMisnamedMetrics, limitMetrics } from '../src/process-metrics.js';
import { watchEverything } from './watched-state.js';

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
if (!hasPromtool) console.warn('Did not run: promtool check metrics (promtool is not installed).');

/** Every metric with at least one series, the oddest label values among them. */
async function everything(): Promise<string> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  dropMisnamedMetrics(registry);
  limitMetrics(registry, 2 ** 20);
  watchEverything(new StateMetrics(registry, { tenants: 1 }));
  const requests = new RequestMetrics(registry);
  requests.observe('/a"b\n\\c', 'GET', 200, 0.1);
  requests.failed('/a"b\n\\c', 'tenant.crowded');
  const engine = new EngineMetrics(registry, { tenants: 1 });
  engine.watchTiers(() => [{ tier: 'memory', entries: 1, bytes: 2 }]);
  engine.open();
  const [tenant, key, tier] = ['north', 'k', 'memory'];
  announce('cache.lookup', { tenant, key, outcome: 'hit', tier, durationMs: 1 });
  announce('cache.write', { tenant, key, origin: 'written', bytes: 1 });
  announce('cache.purge', { tenant, scope: 'tenant', purged: 1 });
  announce('cache.evicted', { tier, reason: 'size', bytes: 1 });
  announce('cache.rejected', { tier, reason: 'unsealed' });
  announce('embedding.remembered', { provider: 'openai', hits: 1, misses: 2 });
  announce('retrieval.step', { step: 'mmr', durationMs: 1, candidates: 20 });
  announce('vector.model_unmatched', { tenant, collection: 'faq' });
  announce('embedding.drift', { tenant, collection: 'faq', similarity: 1, threshold: 0.98, drifted: false });
  announce('vector.rejected', { provider: 'embedded', reason: 'tampered' });
  announce('cache.store_failed', { tier: 'redis', operation: 'get', code: 'call.timeout' });
  announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 1 });
  const call = { provider: 'openai', operation: 'embed', outcome: 'call.timeout', durationMs: 1 };
  announce('provider.call', { ...call, family: 'embedding-model' });
  announce('provider.degraded', { family: 'embedding-model', provider: 'openai' });
  announce('rate.limited', { door: 'http', tracker: 'caller' });
  announce('audit.unwritten', { reason: 'failed' });
  announce('auth.locked_out', { who: 'address', durationMs: 1 });
  announce('usage.noted', {
    tenant,
    provider: 'openai',
    model: 'a"b\n\\c',
    sort: 'spent',
    tokens: 1,
    money: { amount: 0.5, currency: 'USD' },
  });
  announce('quota.exceeded', { tenant, quota: 'tokensPerDay', limit: 1 });
  const latencies = { total: 1, cache: 1, embeddings: 1, vectordb: 1 };
  announce('query.answered', { tenant, key, status: 'hit', source: 'cache', tier, latencies });
  engine.close();
  return registry.metrics();
}

describe('the metrics', () => {
  test('have a help text, and series under every name', async () => {
    const text = await everything();
    const names = [...text.matchAll(/^# TYPE (resk_\w+) /gm)].map(([, name]) => name!);
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) expect(text).toMatch(new RegExp(`^${name}(_count)?[{ ]`, 'm'));
  });

  test.runIf(hasPromtool)('pass promtool check metrics without a remark', async () => {
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
      input: await everything(),
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});
