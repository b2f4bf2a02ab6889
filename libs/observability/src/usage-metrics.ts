// What is counted of usage: tokens, money, refusals by quota, and, where that is asked for, the share of each tenant.
import type { Registry } from 'prom-client';
import { type Feed, fedBy } from './announced-metrics.js';
import { CounterTally } from './tallies.js';

/** Label of the tenants that come when as many are told apart as may be. */
const OTHER = 'other';
/** Series of one metric for one tenant, at most: sorts of tokens times models. */
const SERIES_PER_TENANT = 24;
/** Begin at nothing, so that the first refusal is an increase. */
const QUOTAS = ['requestsPerSecond', 'requestsPerDay', 'tokensPerDay', 'moneyPerDay', 'storedBytes', 'storedEntries'];

export function usageMetrics(registry: Registry): Feed[] {
  const tokens = new CounterTally({
    name: 'resk_usage_tokens_total',
    help: 'Tokens of providers: spent, avoided by hits, or uncertain (sent and never answered).',
    labels: ['sort', 'provider', 'model'],
    registry,
  });
  const money = new CounterTally({
    name: 'resk_usage_money_total',
    help: 'What these tokens cost at the price of their day, in the currency of the prices; none where a model has no price.',
    labels: ['sort', 'model', 'currency'],
    registry,
  });
  const refused = new CounterTally({
    name: 'resk_quota_refusals_total',
    help: 'Requests and calls refused because a quota was reached.',
    labels: ['quota'],
    registry,
  });
  for (const quota of QUOTAS) refused.add(0, quota);
  return [
    fedBy('usage.noted', (noted) => {
      tokens.add(noted.tokens, noted.sort, noted.provider, noted.model);
      if (noted.money) money.add(noted.money.amount, noted.sort, noted.model, noted.money.currency);
    }),
    fedBy('quota.exceeded', ({ quota }) => refused.add(1, quota)),
  ];
}

/** Names tenants: only where no stranger reads the metrics. Not more than `max` are told apart, by what `labelOf` gives. */
export function tenantMetrics(registry: Registry, max: number, labelOf: TenantLabel): Feed[] {
  const options = { registry, maxSeries: (max + 1) * SERIES_PER_TENANT };
  const answers = new CounterTally({
    name: 'resk_tenant_answers_total',
    help: 'Questions answered, by tenant and status.',
    labels: ['tenant', 'status'],
    ...options,
  });
  const tokens = new CounterTally({
    name: 'resk_tenant_tokens_total',
    help: 'Tokens of providers, by tenant: spent, avoided by hits, or uncertain.',
    labels: ['tenant', 'sort', 'model'],
    ...options,
  });
  const money = new CounterTally({
    name: 'resk_tenant_money_total',
    help: 'What these tokens cost at the price of their day, by tenant.',
    labels: ['tenant', 'sort', 'currency'],
    ...options,
  });
  const refused = new CounterTally({
    name: 'resk_tenant_quota_refusals_total',
    help: 'Requests and calls refused because the tenant had reached a quota.',
    labels: ['tenant', 'quota'],
    ...options,
  });
  return [
    fedBy('query.answered', ({ tenant, status }) => answers.add(1, labelOf(tenant), status)),
    fedBy('usage.noted', (noted) => {
      const tenant = labelOf(noted.tenant);
      tokens.add(noted.tokens, tenant, noted.sort, noted.model);
      if (noted.money) money.add(noted.money.amount, tenant, noted.sort, noted.money.currency);
    }),
    fedBy('quota.exceeded', ({ tenant, quota }) => refused.add(1, labelOf(tenant), quota)),
  ];
}

/** The label of a tenant. */
export type TenantLabel = (tenant: string) => string;

/** Gives a tenant its own name while fewer than `max` have one, and `other` then. */
export function tenantLabels(max: number): TenantLabel {
  const known = new Set<string>();
  return (tenant) => {
    if (known.has(tenant)) return tenant;
    if (known.size >= max) return OTHER;
    known.add(tenant);
    return tenant;
  };
}
