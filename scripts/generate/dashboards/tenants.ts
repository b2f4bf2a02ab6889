// Tenants and money: who asks how much, what it costs, what the cache avoids, and who is near the end of a quota.
import { dashboard, inAll, of, rate } from './dashboard.js';
import { ANSWERS, FILLING, HIT_SHARE, SORTS } from './palette.js';
import { bars, dial, figure, graph, table, total } from './panels.js';

const CHOSEN = 'tenant=~"$tenant"';
const ANSWERED = 'resk_tenant_answers_total';
const MONEY = 'resk_tenant_money_total';
const TOKENS = 'resk_tenant_tokens_total';

const sum = (metric: string, ...more: string[]) => `sum(${inAll(metric, CHOSEN, ...more)})`;
const byTenant = (metric: string, ...more: string[]) => `sum by (tenant) (${inAll(metric, CHOSEN, ...more)})`;

const now = [
  total({
    title: 'Spent',
    about:
      'Money spent with providers in the time that is shown, in the currency of USAGE_PRICES. Exact sums: GET /api/usage.',
    queries: [{ expr: sum(MONEY, 'sort="spent"') }],
    decimals: 4,
    steps: [{ colour: 'orange' }],
    whenEmpty: 'no prices',
  }),
  total({
    title: 'Avoided',
    about: 'Money that the same answers had cost once, and did not cost again because they were kept.',
    queries: [{ expr: sum(MONEY, 'sort="avoided"') }],
    decimals: 4,
    whenEmpty: 'no prices',
  }),
  total({
    title: 'Avoided of all',
    about: 'Avoided money as a share of avoided and spent.',
    queries: [{ expr: `${sum(MONEY, 'sort="avoided"')} / ${sum(MONEY, 'sort=~"avoided|spent"')}` }],
    unit: 'percentunit',
    decimals: 1,
    steps: HIT_SHARE,
    whenEmpty: 'no prices',
  }),
  total({
    title: 'Tokens spent',
    about: 'Tokens that providers counted in the time that is shown.',
    queries: [{ expr: sum(TOKENS, 'sort="spent"') }],
    unit: 'short',
    steps: [{ colour: 'orange' }],
  }),
  total({
    title: 'Tokens avoided',
    about: 'Tokens that hits have avoided in the time that is shown.',
    queries: [{ expr: sum(TOKENS, 'sort="avoided"') }],
    unit: 'short',
  }),
  figure({
    title: 'Tenants asking',
    about: 'Tenants that asked something lately. Beyond METRICS_TENANTS_MAX they count as one, `other`.',
    queries: [{ expr: `count(sum by (tenant) (${rate(ANSWERED, CHOSEN)}) > 0)` }],
    whenEmpty: '0',
  }),
];

const money = [
  graph({
    title: 'Money an hour',
    about: 'At the pace of now: spent, avoided by hits, and uncertain (sent and never answered).',
    queries: [{ expr: `sum by (sort, currency) (${rate(MONEY, CHOSEN)}) * 3600`, legend: '{{sort}} {{currency}}' }],
    decimals: 4,
    whenEmpty: 'no prices',
  }),
  graph({
    title: 'Money an hour by model',
    about: 'Spent, at the pace of now, by model; over all tenants.',
    queries: [
      {
        expr: `sum by (model, currency) (${rate('resk_usage_money_total', 'sort="spent"')}) * 3600`,
        legend: '{{model}} {{currency}}',
      },
    ],
    decimals: 4,
    whenEmpty: 'no prices',
  }),
  bars({
    title: 'Spent by tenant',
    about: 'Money spent in the time that is shown.',
    queries: [{ expr: `topk(10, ${byTenant(MONEY, 'sort="spent"')})`, legend: '{{tenant}}' }],
    decimals: 4,
    min: 0,
    steps: [{ colour: 'orange' }],
    whenEmpty: 'no prices',
    width: 12,
  }),
  bars({
    title: 'Avoided by tenant',
    about: 'Money that hits avoided in the time that is shown.',
    queries: [{ expr: `topk(10, ${byTenant(MONEY, 'sort="avoided"')})`, legend: '{{tenant}}' }],
    decimals: 4,
    min: 0,
    whenEmpty: 'no prices',
    width: 12,
  }),
];

const tenants = [
  table({
    title: 'Tenants',
    about: 'What each tenant asked in the time that is shown, and what it used.',
    queries: [
      { expr: byTenant(ANSWERED) },
      { expr: `${byTenant(ANSWERED, 'status!="miss"')} / ${byTenant(ANSWERED)}` },
      { expr: byTenant(TOKENS, 'sort="spent"') },
      { expr: byTenant(TOKENS, 'sort="avoided"') },
      { expr: byTenant(MONEY, 'sort="spent"') },
      { expr: `max by (tenant) (${of('resk_tenant_quota_used_ratio', CHOSEN)})` },
      { expr: byTenant('resk_tenant_quota_refusals_total') },
    ],
    columns: [
      { title: 'Tenant', from: 'tenant' },
      { title: 'Questions', from: 'A', decimals: 0 },
      { title: 'Hit rate', from: 'B', unit: 'percentunit', decimals: 1, steps: HIT_SHARE },
      { title: 'Tokens spent', from: 'C', decimals: 0 },
      { title: 'Tokens avoided', from: 'D', decimals: 0 },
      { title: 'Money spent', from: 'E', decimals: 4 },
      { title: 'Nearest quota', from: 'F', unit: 'percentunit', decimals: 0, steps: FILLING },
      { title: 'Refused by quotas', from: 'G', decimals: 0 },
    ],
    runbook: 'quota-near-end',
  }),
  graph({
    title: 'Questions by tenant',
    about: 'Questions answered in a second.',
    queries: [{ expr: `sum by (tenant) (${rate(ANSWERED, CHOSEN)})`, legend: '{{tenant}}' }],
    unit: 'ops',
    stacked: true,
  }),
  graph({
    title: 'Hit rate by tenant',
    about: 'Share of questions answered from the cache.',
    queries: [
      {
        expr: `sum by (tenant) (${rate(ANSWERED, CHOSEN, 'status!="miss"')}) / sum by (tenant) (${rate(ANSWERED, CHOSEN)})`,
        legend: '{{tenant}}',
      },
    ],
    unit: 'percentunit',
    min: 0,
    max: 1,
  }),
  graph({
    title: 'Answers of the chosen tenants',
    about: 'Questions answered in a second, by status.',
    queries: [{ expr: `sum by (status) (${rate(ANSWERED, CHOSEN)})`, legend: '{{status}}' }],
    unit: 'ops',
    stacked: true,
    colours: ANSWERS,
  }),
  graph({
    title: 'Tokens',
    about: 'Tokens in a second: spent, avoided by hits, and uncertain.',
    queries: [{ expr: `sum by (sort) (${rate(TOKENS, CHOSEN)})`, legend: '{{sort}}' }],
    unit: 'ops',
    colours: SORTS,
  }),
];

const quotas = [
  dial({
    title: 'Nearest quota',
    about: 'Share of a quota that is used, of the tenant that is nearest to its end. Told without naming tenants, too.',
    queries: [{ expr: `max by (quota) (${of('resk_quota_used_ratio')})`, legend: '{{quota}}' }],
    unit: 'percentunit',
    min: 0,
    max: 1,
    steps: FILLING,
    width: 8,
    height: 8,
    whenEmpty: 'no quotas',
    runbook: 'quota-near-end',
  }),
  graph({
    title: 'Quotas used, by tenant',
    about: 'Share of a quota that is used; 1 is all of it.',
    queries: [
      {
        expr: `max by (tenant, quota) (${of('resk_tenant_quota_used_ratio', CHOSEN)})`,
        legend: '{{tenant}} {{quota}}',
      },
    ],
    unit: 'percentunit',
    min: 0,
    steps: FILLING,
    lineAtSteps: true,
    whenEmpty: 'no quotas',
    width: 8,
    runbook: 'quota-near-end',
  }),
  graph({
    title: 'Refused by quotas',
    about: 'Requests and calls in a second that were refused because the tenant had reached a quota.',
    queries: [
      {
        expr: `sum by (tenant, quota) (${rate('resk_tenant_quota_refusals_total', CHOSEN)})`,
        legend: '{{tenant}} {{quota}}',
      },
    ],
    unit: 'ops',
    whenEmpty: 'none',
    width: 8,
    runbook: 'quota-near-end',
  }),
];

export const tenantsAndMoney = dashboard({
  name: 'tenants',
  title: 'Resk-Caching · Tenants and money',
  about:
    'Who asks how much, what it costs, and what the cache avoids. Needs METRICS_ACCESS=token, and USAGE_PRICES for money; counters since the process began, rounded: the ledger (GET /api/usage) is exact.',
  variables: [{ name: 'tenant', label: 'Tenant', about: 'The first METRICS_TENANTS_MAX that came.', metric: ANSWERED }],
  rows: [
    { title: 'In the time that is shown', panels: now },
    { title: 'Money', panels: money },
    { title: 'Tenants', panels: tenants },
    { title: 'Quotas', panels: quotas },
  ],
});
