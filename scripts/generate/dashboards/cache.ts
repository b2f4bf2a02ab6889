// The cache: what it answers, how full it is, what it loses, and how its store does.
import { DEPLOYMENT, dashboard, inAll, of, quantile, rate } from './dashboard.js';
import { ANSWERS, HIT_SHARE, NONE_IS_GOOD, TIERS } from './palette.js';
import { figure, graph, heatmap, total } from './panels.js';

const LOOKUPS = 'resk_cache_lookups_total';
const ANSWERED = 'resk_query_answers_total';
/** Of questions: one that is missed may be looked up more than once. */
const HIT_RATE = `sum(${rate(ANSWERED, 'status!="miss"')}) / sum(${rate(ANSWERED)})`;
const STORE_CALLS = 'resk_cache_store_call_duration_seconds';

const now = [
  figure({
    title: 'Hit rate',
    about: 'Share of questions answered from the cache: hits, stale answers, and answers to similar questions.',
    queries: [{ expr: HIT_RATE }],
    unit: 'percentunit',
    decimals: 1,
    steps: HIT_SHARE,
    runbook: 'hit-rate-fell',
  }),
  figure({
    title: 'Found in memory',
    about: 'Share of what was found that the memory tier had, without a call to the store.',
    queries: [{ expr: `sum(${rate(LOOKUPS, 'tier="memory"')}) / sum(${rate(LOOKUPS, 'outcome!="miss"')})` }],
    unit: 'percentunit',
    decimals: 1,
  }),
  figure({
    title: 'Entries',
    about: 'Entries in the memory tiers of the instances, together. The same entry may stand in several.',
    queries: [{ expr: `sum(${of('resk_cache_entries', 'tier="memory"')})` }],
    unit: 'short',
  }),
  figure({
    title: 'Memory tier',
    about: 'Size of the memory tiers, together. Each is bounded by CACHE_MEMORY_MAX.',
    queries: [{ expr: `sum(${of('resk_cache_bytes', 'tier="memory"')})` }],
    unit: 'bytes',
  }),
  total({
    title: 'Store failures',
    about: 'Calls to the store that failed, in the time that is shown. Questions were answered without it.',
    queries: [{ expr: `sum(${inAll('resk_cache_store_failures_total')})` }],
    decimals: 0,
    steps: NONE_IS_GOOD,
    whenEmpty: '0',
    runbook: 'store-fails',
  }),
  total({
    title: 'Entries not trusted',
    about:
      'Stored entries that were not sealed, or not by us, in the time that is shown: deleted, and answered as a miss.',
    queries: [{ expr: `sum(${inAll('resk_cache_rejected_entries_total')})` }],
    decimals: 0,
    steps: NONE_IS_GOOD,
    whenEmpty: '0',
    runbook: 'stored-data-rejected',
  }),
];

const lookups = [
  graph({
    title: 'Look-ups by outcome',
    about: 'Look-ups in all tiers, in a second. A question that is missed may be looked up more than once.',
    queries: [{ expr: `sum by (outcome) (${rate(LOOKUPS)})`, legend: '{{outcome}}' }],
    unit: 'ops',
    stacked: true,
    colours: ANSWERS,
  }),
  graph({
    title: 'Look-ups by tier',
    about: 'Which tier answered; none for a miss.',
    queries: [{ expr: `sum by (tier) (${rate(LOOKUPS)})`, legend: '{{tier}}' }],
    unit: 'ops',
    stacked: true,
    colours: TIERS,
  }),
  graph({
    title: 'Hit rate',
    about:
      'Share of questions answered from the cache, and its mean of the last hour, which the alert on drift compares with the week before.',
    queries: [
      { expr: HIT_RATE, legend: 'now' },
      { expr: `avg(resk:hit_ratio:1h{${DEPLOYMENT.join(',')}})`, legend: 'last hour' },
    ],
    unit: 'percentunit',
    min: 0,
    max: 1,
    runbook: 'hit-rate-fell',
  }),
  graph({
    title: 'Time of a hit',
    about:
      'From the question to the answer, for questions whose answer was kept. The objective is a median below 100 ms.',
    queries: [0.5, 0.95, 0.99].map((q) => ({
      expr: quantile(q, 'resk_query_layer_duration_seconds', [], 'layer="total"', 'status="hit"'),
      legend: `p${q * 100}`,
    })),
    unit: 's',
    logarithmic: true,
    runbook: 'hit-median-slow',
  }),
];

const contents = [
  graph({
    title: 'Entries',
    about: 'Entries held, by instance and tier. Tiers that do not know it are left out.',
    queries: [{ expr: of('resk_cache_entries'), legend: '{{instance}} {{tier}}' }],
    unit: 'short',
    width: 8,
  }),
  graph({
    title: 'Bytes',
    about: 'Bytes held, by instance and tier.',
    queries: [{ expr: of('resk_cache_bytes'), legend: '{{instance}} {{tier}}' }],
    unit: 'bytes',
    width: 8,
  }),
  graph({
    title: 'Mean size of what is written',
    about: 'Bytes of an entry, by where its answer came from.',
    queries: [
      {
        expr: `sum by (origin) (${rate('resk_cache_written_bytes_total')}) / sum by (origin) (${rate('resk_cache_writes_total')})`,
        legend: '{{origin}}',
      },
    ],
    unit: 'bytes',
    width: 8,
  }),
  graph({
    title: 'Writes',
    about: 'Entries kept in a second, by where their answer came from.',
    queries: [{ expr: `sum by (origin) (${rate('resk_cache_writes_total')})`, legend: '{{origin}}' }],
    unit: 'wps',
    width: 8,
  }),
  graph({
    title: 'Evictions',
    about:
      'Entries that left a tier for want of room (size) or past their end (expired). Many by size: CACHE_MEMORY_MAX is small.',
    queries: [{ expr: `sum by (tier, reason) (${rate('resk_cache_evictions_total')})`, legend: '{{tier}} {{reason}}' }],
    unit: 'ops',
    width: 8,
    whenEmpty: 'none',
  }),
  graph({
    title: 'Purges',
    about: 'Purges, by what was purged, in each step of the graph.',
    queries: [
      { expr: `sum by (scope) (increase(${of('resk_cache_purges_total')}[$__rate_interval]))`, legend: '{{scope}}' },
    ],
    unit: 'short',
    bars: true,
    width: 8,
  }),
];

const store = [
  graph({
    title: 'Calls to the store',
    about: 'Calls in a second, by tier and operation.',
    queries: [{ expr: `sum by (tier, operation) (${rate(`${STORE_CALLS}_count`)})`, legend: '{{tier}} {{operation}}' }],
    unit: 'ops',
  }),
  graph({
    title: 'Time of a call to the store, p95',
    about: 'A call that takes longer than CACHE_STORE_TIMEOUT is given up, and counts as a failure.',
    queries: [{ expr: quantile(0.95, STORE_CALLS, ['tier', 'operation']), legend: '{{tier}} {{operation}}' }],
    unit: 's',
    logarithmic: true,
    runbook: 'store-fails',
  }),
  heatmap({
    title: 'Times of calls to the store',
    about: 'How many calls took how long.',
    queries: [{ expr: `sum by (le) (${rate(`${STORE_CALLS}_bucket`)})`, legend: '{{le}}' }],
    unit: 's',
  }),
  graph({
    title: 'Failures of the store',
    about: 'Calls that failed and were answered from the next layer, by failure code.',
    queries: [
      {
        expr: `sum by (tier, operation, code) (${rate('resk_cache_store_failures_total')}) > 0`,
        legend: '{{tier}} {{operation}} {{code}}',
      },
    ],
    unit: 'ops',
    whenEmpty: 'none',
    runbook: 'store-fails',
  }),
  graph({
    title: 'Entries that could not be trusted',
    about:
      'By tier and reason. unknown_key: a key is missing, e.g. after a rotation. Others: somebody else wrote there.',
    queries: [
      {
        expr: `sum by (tier, reason) (increase(${of('resk_cache_rejected_entries_total')}[$__rate_interval]))`,
        legend: '{{tier}} {{reason}}',
      },
    ],
    unit: 'short',
    bars: true,
    whenEmpty: 'none',
    runbook: 'stored-data-rejected',
  }),
  graph({
    title: 'Sealing keys',
    about: 'Age of the oldest data key that seals, over all tenants.',
    queries: [{ expr: `max(${of('resk_keys_oldest_age_seconds')})`, legend: 'oldest' }],
    unit: 's',
    whenEmpty: 'nothing is sealed',
    runbook: 'key-rotation-overdue',
  }),
];

export const cache = dashboard({
  name: 'cache',
  title: 'Resk-Caching · Cache',
  about: 'What the cache answers, how full it is, what it loses, and how its store does.',
  rows: [
    { title: 'Now', panels: now },
    { title: 'Look-ups', panels: lookups },
    { title: 'What it holds', panels: contents },
    { title: 'The store behind the memory tier', panels: store },
  ],
});
