// The overview: is it well, how much is asked of it, what does it refuse, and how are its processes.
import { dashboard, of, quantile, rate } from './dashboard.js';
import { ANSWERS, ERROR_SHARE, HIT_SHARE, NONE_IS_GOOD, STATUSES, YES_IS_GOOD } from './palette.js';
import { figure, graph, heatmap, table } from './panels.js';

const REQUESTS = 'resk_http_requests_total';
const DURATION = 'resk_http_request_duration_seconds';
/** Chosen above: routes. */
const ROUTE = 'route=~"$route"';

const now = [
  figure({
    title: 'Requests',
    about: 'Requests answered in a second, whatever the answer.',
    queries: [{ expr: `sum(${rate(REQUESTS, ROUTE)})` }],
    unit: 'reqps',
    decimals: 1,
  }),
  figure({
    title: 'Answered with an error',
    about: 'Share of requests answered with 5xx. Refusals (4xx) are not errors of the service.',
    queries: [
      {
        expr: `sum(${rate(REQUESTS, ROUTE, 'code=~"5.."')} or ${rate(REQUESTS, ROUTE)} * 0) / sum(${rate(REQUESTS, ROUTE)})`,
      },
    ],
    unit: 'percentunit',
    decimals: 2,
    steps: ERROR_SHARE,
    runbook: 'availability-burns-fast',
  }),
  figure({
    title: 'Hit rate',
    about: 'Share of questions answered from the cache: hits, stale answers, and answers to similar questions.',
    queries: [
      { expr: `sum(${rate('resk_query_answers_total', 'status!="miss"')}) / sum(${rate('resk_query_answers_total')})` },
    ],
    unit: 'percentunit',
    decimals: 1,
    steps: HIT_SHARE,
    runbook: 'hit-rate-fell',
  }),
  figure({
    title: 'Question, p95',
    about: 'Time that 95 % of the questions stay below, hits and misses together.',
    queries: [{ expr: quantile(0.95, 'resk_query_layer_duration_seconds', [], 'layer="total"') }],
    unit: 's',
    steps: [{ colour: 'green' }, { from: 0.2, colour: 'yellow' }, { from: 1, colour: 'red' }],
    runbook: 'vector-latency-burns-fast',
  }),
  figure({
    title: 'Instances ready',
    about: 'Processes that take requests.',
    queries: [{ expr: `sum(${of('resk_ready')})` }],
    steps: YES_IS_GOOD,
    runbook: 'instance-down',
  }),
  figure({
    title: 'Open circuits',
    about: 'Providers that are not called for a while because they failed too often.',
    queries: [{ expr: `sum(max by (family, provider) (${of('resk_provider_circuit_open')}))` }],
    steps: NONE_IS_GOOD,
    whenEmpty: '0',
    runbook: 'provider-circuit-open',
  }),
];

const requests = [
  graph({
    title: 'Requests by route',
    about: 'Requests answered in a second, by route template.',
    queries: [{ expr: `sum by (route) (${rate(REQUESTS, ROUTE)})`, legend: '{{route}}' }],
    unit: 'reqps',
  }),
  graph({
    title: 'Requests by status',
    about: 'Requests answered in a second, by class of their status code.',
    queries: [{ expr: `sum by (status) (${rate(`${DURATION}_count`, ROUTE)})`, legend: '{{status}}' }],
    unit: 'reqps',
    stacked: true,
    colours: STATUSES,
  }),
  graph({
    title: 'Duration of requests',
    about: 'From the arrival of a request to the end of its reply.',
    queries: [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, DURATION, [], ROUTE), legend: `p${q * 100}` })),
    unit: 's',
    logarithmic: true,
    runbook: 'vector-latency-burns-fast',
  }),
  heatmap({
    title: 'Durations',
    about: 'How many requests took how long.',
    queries: [{ expr: `sum by (le) (${rate(`${DURATION}_bucket`, ROUTE)})`, legend: '{{le}}' }],
    unit: 's',
  }),
];

const answers = [
  graph({
    title: 'Answers',
    about: 'Questions answered in a second: from the cache (hit, stale, semantic) or not (miss).',
    queries: [{ expr: `sum by (status) (${rate('resk_query_answers_total')})`, legend: '{{status}}' }],
    unit: 'ops',
    stacked: true,
    colours: ANSWERS,
  }),
  graph({
    title: 'Questions by layer, p95',
    about: 'Time in each layer that a question passes: the cache, the embedding model, the vector store.',
    queries: [
      {
        expr: quantile(0.95, 'resk_query_layer_duration_seconds', ['layer'], 'layer!="retrieved"'),
        legend: '{{layer}}',
      },
    ],
    unit: 's',
    logarithmic: true,
    runbook: 'vector-latency-burns-fast',
  }),
];

const refusals = [
  graph({
    title: 'Failures by code',
    about: 'Requests answered with a failure, by its code (docs/FAILURES.md).',
    queries: [{ expr: `sum by (code) (${rate('resk_http_failures_total', ROUTE)}) > 0`, legend: '{{code}}' }],
    unit: 'reqps',
    whenEmpty: 'no failures',
    width: 12,
  }),
  graph({
    title: 'Refused for asking too much',
    about: 'Requests beyond a rate limit or a quota, and lock-outs of addresses and subjects after repeated refusals.',
    queries: [
      {
        expr: `sum by (tracker) (${rate('resk_rate_limited_requests_total')})`,
        legend: 'rate limit of the {{tracker}}',
      },
      { expr: `sum by (quota) (${rate('resk_quota_refusals_total')})`, legend: 'quota {{quota}}' },
      { expr: `sum by (who) (${rate('resk_lockouts_total')})`, legend: 'lock-out of the {{who}}' },
    ],
    unit: 'ops',
    runbook: 'many-rate-limited',
  }),
];

const processes = [
  table({
    title: 'Instances',
    about: 'Each process: since when it runs, whether it is ready, and what it uses.',
    queries: [
      { expr: `max by (instance) (${of('resk_ready')})` },
      { expr: `max by (instance) (time() - ${of('process_start_time_seconds')})` },
      { expr: `sum by (instance) (${rate(REQUESTS)})` },
      { expr: `max by (instance) (${rate('process_cpu_seconds_total')})` },
      { expr: `max by (instance) (${of('process_resident_memory_bytes')})` },
      { expr: `max by (instance) (${of('nodejs_eventloop_lag_p99_seconds')})` },
    ],
    columns: [
      { title: 'Instance', from: 'instance' },
      { title: 'Ready', from: 'A', steps: YES_IS_GOOD },
      { title: 'Runs for', from: 'B', unit: 's', decimals: 0 },
      { title: 'Requests', from: 'C', unit: 'reqps', decimals: 1 },
      { title: 'Processor', from: 'D', unit: 'percentunit', decimals: 1 },
      { title: 'Memory', from: 'E', unit: 'bytes', decimals: 1 },
      { title: 'Event loop lag, p99', from: 'F', unit: 's', decimals: 1 },
    ],
    height: 6,
    runbook: 'instance-down',
  }),
  graph({
    title: 'Memory',
    about: 'Memory of each process, what of it is JavaScript’s heap, and how far that may grow.',
    queries: [
      { expr: of('process_resident_memory_bytes'), legend: '{{instance}}' },
      { expr: of('nodejs_heap_size_used_bytes'), legend: '{{instance}} heap' },
      { expr: `min(${of('resk_process_heap_limit_bytes')})`, legend: 'heap may grow to' },
    ],
    unit: 'bytes',
    width: 8,
    runbook: 'memory-near-limit',
  }),
  graph({
    title: 'Processor',
    about: 'Processor time in a second. One process of Node uses little more than one core.',
    queries: [{ expr: rate('process_cpu_seconds_total'), legend: '{{instance}}' }],
    unit: 'percentunit',
    width: 8,
  }),
  graph({
    title: 'Event loop lag, p99',
    about: 'How late the process comes to what is due. It is added to every request.',
    queries: [{ expr: of('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}}' }],
    unit: 's',
    width: 8,
  }),
  graph({
    title: 'Parts behind the instances',
    about: 'Whether the parts behind an instance answer their probes (1) or not (0).',
    queries: [{ expr: `min by (check) (${of('resk_health_check_ok')})`, legend: '{{check}}' }],
    min: 0,
    max: 1,
    width: 12,
    runbook: 'degraded',
  }),
  graph({
    title: 'Garbage collection',
    about: 'Share of the time in which the process collects garbage.',
    queries: [{ expr: `sum by (instance) (${rate('nodejs_gc_duration_seconds_sum')})`, legend: '{{instance}}' }],
    unit: 'percentunit',
    width: 12,
  }),
];

export const overview = dashboard({
  name: 'overview',
  title: 'Resk-Caching · Overview',
  about: 'Whether the service is well: traffic, errors, durations, refusals, processes.',
  variables: [
    {
      name: 'route',
      label: 'Route',
      about: 'Route templates; panels of requests follow.',
      metric: 'resk_http_requests_total',
    },
  ],
  rows: [
    { title: 'Now', panels: now },
    { title: 'Requests', panels: requests },
    { title: 'Answers', panels: answers },
    { title: 'Refusals', panels: refusals },
    { title: 'Processes', panels: processes },
  ],
});
