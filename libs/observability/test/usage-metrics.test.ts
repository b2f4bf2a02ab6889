// What tenants use is counted: for all, and by name where nobody else reads it, for so many and no more.
import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import { EngineMetrics } from '#observability';
import { announce } from '#ports';
import { announceHit } from '../../../test/support/announced.js';

let metrics: EngineMetrics;
afterEach(() => metrics.close());

function metricsOf(o?: { tenants: number }) {
  const registry = new Registry();
  metrics = new EngineMetrics(registry, o);
  metrics.open();
  return registry;
}

const noted = (tenant: string, sort: 'spent' | 'avoided' | 'uncertain' = 'spent', tokens = 10) =>
  announce('usage.noted', { tenant, provider: 'openai', model: 'acme', sort, tokens });
const refused = (tenant: string) => announce('quota.exceeded', { tenant, quota: 'tokensPerDay', limit: 1 });

test('tokens and refusals are counted without naming anybody', async () => {
  const registry = metricsOf();
  noted('north');
  noted('south', 'spent', 5);
  noted('north', 'avoided', 7);
  refused('north');
  announceHit('north');
  const text = await registry.metrics();
  expect(text).toContain('resk_usage_tokens_total{sort="spent",provider="openai",model="acme"} 15\n');
  expect(text).toContain('resk_usage_tokens_total{sort="avoided",provider="openai",model="acme"} 7\n');
  expect(text).toContain('resk_quota_refusals_total{quota="tokensPerDay"} 1\n');
  expect(text).not.toMatch(/north|south|tenant=/);
});

test('the first tenants are named, and all others counted as one', async () => {
  const registry = metricsOf({ tenants: 2 });
  for (const tenant of ['north', 'south', 'third', 'fourth', 'north']) {
    noted(tenant);
    refused(tenant);
    announceHit(tenant);
  }
  const text = await registry.metrics();
  for (const [name, count] of Object.entries({ north: 2, south: 1, other: 2 })) {
    expect(text).toContain(`resk_tenant_tokens_total{tenant="${name}",sort="spent",model="acme"} ${count * 10}\n`);
    expect(text).toContain(`resk_tenant_quota_refusals_total{tenant="${name}",quota="tokensPerDay"} ${count}\n`);
    expect(text).toContain(`resk_tenant_answers_total{tenant="${name}",status="hit"} ${count}\n`);
  }
  expect(text).not.toMatch(/third|fourth/);
});

test('money is counted where a model has a price, in all and by tenant, and each sort apart', async () => {
  const registry = metricsOf({ tenants: 1 });
  const priced = (tenant: string, sort: 'spent' | 'avoided', amount: number) =>
    announce('usage.noted', {
      tenant,
      provider: 'openai',
      model: 'acme',
      sort,
      tokens: 1,
      money: { amount, currency: 'EUR' },
    });
  priced('north', 'spent', 0.25);
  priced('south', 'spent', 0.5);
  priced('north', 'avoided', 2);
  noted('north');
  const text = await registry.metrics();
  expect(text).toContain('resk_usage_money_total{sort="spent",model="acme",currency="EUR"} 0.75\n');
  expect(text).toContain('resk_usage_money_total{sort="avoided",model="acme",currency="EUR"} 2\n');
  expect(text).toContain('resk_tenant_money_total{tenant="north",sort="spent",currency="EUR"} 0.25\n');
  expect(text).toContain('resk_tenant_money_total{tenant="other",sort="spent",currency="EUR"} 0.5\n');
});

test('what may happen for the first time is counted from nothing, so that the first time is an increase', async () => {
  const registry = metricsOf();
  announce('cache.store_call', { tier: 'redis', operation: 'get', durationMs: 1 });
  announce('provider.call', {
    family: 'vector-store',
    provider: 'chroma',
    operation: 'query',
    outcome: 'ok',
    durationMs: 1,
  });
  const text = await registry.metrics();
  expect(text).toContain('resk_cache_rejected_entries_total{tier="redis",reason="tampered"} 0\n');
  expect(text).toContain('resk_vector_rejected_documents_total{provider="chroma",reason="unknown_key"} 0\n');
  expect(text).toContain('resk_provider_circuit_openings_total{family="vector-store",provider="chroma"} 0\n');
  expect(text).toContain('resk_embedding_drift_checks_total{outcome="drifted"} 0\n');
  expect(text).toContain('resk_quota_refusals_total{quota="moneyPerDay"} 0\n');
  expect(text).toContain('resk_cache_purges_total{scope="subject"} 0\n');
  expect(text).toContain('resk_rate_limited_requests_total{door="socket",tracker="address"} 0\n');
  expect(text).toContain('resk_lockouts_total{who="subject"} 0\n');
});

test('series stay bounded, however many models there are said to be', async () => {
  const registry = metricsOf({ tenants: 1 });
  for (let at = 0; at < 500; at++)
    announce('usage.noted', { tenant: 'north', provider: 'p', model: `m${at}`, sort: 'spent', tokens: 1 });
  const text = await registry.metrics();
  expect(text.match(/^resk_tenant_tokens_total\{/gm)).toHaveLength(49);
});
