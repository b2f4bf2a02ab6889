// Providers: embedding models, vector stores, rerankers, key services: how fast, how often in vain, and what they count.
import { dashboard, inAll, of, quantile, rate } from './dashboard.js';
import { ERROR_SHARE, HIT_SHARE, NONE_IS_GOOD } from './palette.js';
import { bars, figure, graph, heatmap, table, total } from './panels.js';

const CALLS = 'resk_provider_call_duration_seconds';
const ERRORS = 'resk_provider_errors_total';
const CHOSEN = 'provider=~"$provider"';
const BY = 'family, provider';

const calls = (by: string) => `sum by (${by}) (${rate(`${CALLS}_count`, CHOSEN)})`;
/** Nothing for providers that never failed: their share is 0, not absent. */
const errors = (by: string) => `(sum by (${by}) (${rate(ERRORS, CHOSEN)}) or ${calls(by)} * 0)`;

const now = [
  figure({
    title: 'Calls',
    about: 'Calls to providers in a second, each counted once with its retries.',
    queries: [{ expr: `sum(${rate(`${CALLS}_count`, CHOSEN)})` }],
    unit: 'ops',
    decimals: 1,
  }),
  figure({
    title: 'Failed',
    about:
      'Share of the calls that failed after all retries by a fault of the provider, not of what a caller asked or gave up.',
    queries: [{ expr: `sum(${errors(BY)}) / sum(${calls(BY)})` }],
    unit: 'percentunit',
    decimals: 2,
    steps: ERROR_SHARE,
    runbook: 'provider-errors',
  }),
  figure({
    title: 'Open circuits',
    about: 'Providers that are not called for a while because they failed too often.',
    queries: [{ expr: `sum(max by (${BY}) (${of('resk_provider_circuit_open', CHOSEN)}))` }],
    steps: NONE_IS_GOOD,
    whenEmpty: '0',
    runbook: 'provider-circuit-open',
  }),
  figure({
    title: 'Vectors remembered',
    about: 'Share of texts whose vector was remembered, so that no call was paid for it.',
    queries: [
      {
        expr: `sum(${rate('resk_embedding_remembered_total', 'outcome="hit"', CHOSEN)}) / sum(${rate('resk_embedding_remembered_total', CHOSEN)})`,
      },
    ],
    unit: 'percentunit',
    decimals: 1,
    steps: HIT_SHARE,
  }),
  total({
    title: 'Documents not trusted',
    about: 'Documents of the vector store that were not sealed by us, in the time that is shown: not given as matches.',
    queries: [{ expr: `sum(${inAll('resk_vector_rejected_documents_total', CHOSEN)})` }],
    decimals: 0,
    steps: NONE_IS_GOOD,
    whenEmpty: '0',
    runbook: 'stored-data-rejected',
  }),
  total({
    title: 'Searches without a model',
    about:
      'Searches of a collection that holds nothing of the model of now, in the time that is shown: to be reindexed (docs/REINDEX.md).',
    queries: [{ expr: `sum(${inAll('resk_vector_model_unmatched_total')})` }],
    decimals: 0,
    steps: NONE_IS_GOOD,
    whenEmpty: '0',
  }),
];

const all = [
  table({
    title: 'Providers',
    about: 'Each provider by what it was asked for in the time that is shown.',
    queries: [
      { expr: `sum by (${BY}) (${inAll(`${CALLS}_count`, CHOSEN)})` },
      {
        expr: `sum by (${BY}) (${inAll(ERRORS, CHOSEN)}) or sum by (${BY}) (${inAll(`${CALLS}_count`, CHOSEN)}) * 0`,
      },
      { expr: `histogram_quantile(0.5, sum by (${BY}, le) (${inAll(`${CALLS}_bucket`, CHOSEN)}))` },
      { expr: `histogram_quantile(0.95, sum by (${BY}, le) (${inAll(`${CALLS}_bucket`, CHOSEN)}))` },
    ],
    columns: [
      { title: 'Family', from: 'family' },
      { title: 'Provider', from: 'provider' },
      { title: 'Calls', from: 'A', decimals: 0 },
      { title: 'Failed', from: 'B', decimals: 0, steps: NONE_IS_GOOD },
      { title: 'p50', from: 'C', unit: 's', decimals: 1 },
      { title: 'p95', from: 'D', unit: 's', decimals: 1 },
    ],
    height: 7,
    width: 16,
    runbook: 'provider-errors',
  }),
  bars({
    title: 'Circuits opened',
    about: 'How often the circuit of a provider opened in the time that is shown.',
    queries: [
      { expr: `sum by (${BY}) (${inAll('resk_provider_circuit_openings_total', CHOSEN)})`, legend: '{{provider}}' },
    ],
    decimals: 0,
    min: 0,
    steps: NONE_IS_GOOD,
    whenEmpty: 'none',
    height: 7,
    runbook: 'provider-circuit-open',
  }),
  graph({
    title: 'Calls',
    about: 'Calls in a second, by provider and operation.',
    queries: [{ expr: calls('provider, operation'), legend: '{{provider}} {{operation}}' }],
    unit: 'ops',
  }),
  graph({
    title: 'Time of a call, p95',
    about: 'With its retries, whatever its outcome.',
    queries: [{ expr: quantile(0.95, CALLS, ['provider', 'operation'], CHOSEN), legend: '{{provider}} {{operation}}' }],
    unit: 's',
    logarithmic: true,
    runbook: 'vector-latency-burns-fast',
  }),
  graph({
    title: 'Share of calls that failed',
    about:
      'After all retries, by provider; what a caller gave up, asked wrongly or had no quota for is no failure of it.',
    queries: [{ expr: `${errors(BY)} / ${calls(BY)}`, legend: '{{provider}}' }],
    unit: 'percentunit',
    min: 0,
    steps: ERROR_SHARE,
    runbook: 'provider-errors',
  }),
  graph({
    title: 'Errors by code',
    about: 'Calls that failed after all retries, by failure code (docs/FAILURES.md).',
    queries: [{ expr: `sum by (provider, code) (${rate(ERRORS, CHOSEN)}) > 0`, legend: '{{provider}} {{code}}' }],
    unit: 'ops',
    whenEmpty: 'none',
    runbook: 'provider-errors',
  }),
  graph({
    title: 'Circuits',
    about: '1 while the circuit of a provider is open in any instance: it is not called.',
    queries: [
      { expr: `max by (${BY}) (${of('resk_provider_circuit_open', CHOSEN)})`, legend: '{{provider}} ({{family}})' },
    ],
    min: 0,
    max: 1,
    whenEmpty: 'never open',
    runbook: 'provider-circuit-open',
  }),
  heatmap({
    title: 'Times of calls',
    about: 'How many calls took how long.',
    queries: [{ expr: `sum by (le) (${rate(`${CALLS}_bucket`, CHOSEN)})`, legend: '{{le}}' }],
    unit: 's',
  }),
];

const embedding = [
  graph({
    title: 'Texts embedded',
    about: 'Texts sent to the embedding model in a second.',
    queries: [{ expr: `sum by (provider) (${rate('resk_embedding_texts_total', CHOSEN)})`, legend: '{{provider}}' }],
    unit: 'ops',
    width: 8,
  }),
  graph({
    title: 'Tokens embedded',
    about: 'Tokens that the provider counted, in a second.',
    queries: [{ expr: `sum by (provider) (${rate('resk_embedding_tokens_total', CHOSEN)})`, legend: '{{provider}}' }],
    unit: 'ops',
    width: 8,
  }),
  graph({
    title: 'Texts in a call',
    about: 'Mean number of texts that one call carries. More is cheaper: EMBEDDING_GATHER, BATCH_SIZE.',
    queries: [
      {
        expr: `sum by (provider) (${rate('resk_embedding_texts_total', CHOSEN)}) / sum by (provider) (${rate('resk_embedding_calls_total', CHOSEN)})`,
        legend: '{{provider}}',
      },
    ],
    decimals: 1,
    width: 8,
  }),
  graph({
    title: 'Vectors remembered and made',
    about: 'Texts to be embedded in a second, by whether their vector was remembered (hit) or had to be made (miss).',
    queries: [{ expr: `sum by (outcome) (${rate('resk_embedding_remembered_total', CHOSEN)})`, legend: '{{outcome}}' }],
    unit: 'ops',
    stacked: true,
    colours: { hit: 'green', miss: 'blue' },
    width: 8,
  }),
  graph({
    title: 'Outcomes of embedding',
    about: 'Calls to the embedding model in a second, by outcome.',
    queries: [{ expr: `sum by (outcome) (${rate('resk_embedding_calls_total', CHOSEN)})`, legend: '{{outcome}}' }],
    unit: 'ops',
    stacked: true,
    colours: { ok: 'green' },
    width: 8,
  }),
  graph({
    title: 'Checks of drift',
    about: 'Collections whose sample was embedded again: steady, or drifted from what is stored.',
    queries: [
      {
        expr: `sum by (outcome) (increase(${of('resk_embedding_drift_checks_total')}[$__rate_interval]))`,
        legend: '{{outcome}}',
      },
    ],
    bars: true,
    colours: { steady: 'green', drifted: 'red' },
    whenEmpty: 'none made',
    width: 8,
  }),
];

const retrieval = [
  graph({
    title: 'Steps of a retrieval, p95',
    about: 'Time of the search, of the reranker, and of choosing unlike matches (mmr).',
    queries: [{ expr: quantile(0.95, 'resk_retrieval_step_duration_seconds', ['step']), legend: '{{step}}' }],
    unit: 's',
    logarithmic: true,
  }),
  graph({
    title: 'Retrievals by step',
    about: 'How often each step is taken, in a second.',
    queries: [{ expr: `sum by (step) (${rate('resk_retrieval_step_duration_seconds_count')})`, legend: '{{step}}' }],
    unit: 'ops',
  }),
];

export const providers = dashboard({
  name: 'providers',
  title: 'Resk-Caching · Providers',
  about: 'How fast the providers are, how often they are asked in vain, and what they count.',
  variables: [
    {
      name: 'provider',
      label: 'Provider',
      about: 'Embedding models, vector stores, rerankers, key services.',
      metric: `${CALLS}_count`,
    },
  ],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Calls', panels: all },
    { title: 'Embedding', panels: embedding },
    { title: 'Retrieval', panels: retrieval },
  ],
});
