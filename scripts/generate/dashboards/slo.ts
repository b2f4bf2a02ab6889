// Objectives: how much of each error budget is left, how fast it burns, and which alerts fire. Made of the rules of slo.rules.yaml.
import { DEPLOYMENT, dashboard } from './dashboard.js';
import { dial, figure, graph, type Panel, type Step, table } from './panels.js';

/** The recording rules know deployments, not instances. */
const recorded = (rule: string, ...more: string[]) => `${rule}{${[...DEPLOYMENT, ...more].join(',')}}`;

interface Objective {
  slo: string;
  title: string;
  about: string;
  runbook: string;
  objective: number;
}

const OBJECTIVES: readonly Objective[] = [
  {
    slo: 'availability',
    title: 'Availability',
    about: '99.9 % of the requests to the API are neither answered with 5xx nor refused for want of room.',
    runbook: 'availability-burns-fast',
    objective: 0.999,
  },
  {
    slo: 'hit-latency',
    title: 'Cached answers',
    about: '99 % of the questions answered out of the cache take at most 100 ms.',
    runbook: 'hit-latency-burns-fast',
    objective: 0.99,
  },
  {
    slo: 'vector-latency',
    title: 'Answers of the vector store',
    about: '95 % of the questions that need the vector store take at most 200 ms.',
    runbook: 'vector-latency-burns-fast',
    objective: 0.95,
  },
];

const LEFT: readonly Step[] = [{ colour: 'red' }, { from: 0.1, colour: 'yellow' }, { from: 0.5, colour: 'green' }];
/** Where the alerts begin: docs/SLO.md. */
const BURNING: readonly Step[] = [
  { colour: 'green' },
  { from: 1, colour: 'yellow' },
  { from: 6, colour: 'orange' },
  { from: 14.4, colour: 'red' },
];

const budgets = OBJECTIVES.map(({ slo, title, about, runbook }) =>
  dial({
    title: `${title}: budget left`,
    about: `${about} Share of the errors of 30 days that may still happen.`,
    queries: [{ expr: `min(${recorded('resk:slo_budget_left:ratio30d', `slo="${slo}"`)})` }],
    unit: 'percentunit',
    min: 0,
    max: 1,
    decimals: 1,
    steps: LEFT,
    width: 8,
    runbook,
  }),
);

const kept: Panel[] = OBJECTIVES.map(({ slo, title, about, runbook, objective }) =>
  figure({
    title: `${title}: 30 days`,
    about: `${about} What was measured over 30 days, or since there are measurements.`,
    queries: [{ expr: `1 - max(${recorded('resk:slo_error_ratio:30d', `slo="${slo}"`)})` }],
    unit: 'percentunit',
    decimals: 3,
    steps: [{ colour: 'red' }, { from: objective, colour: 'green' }],
    width: 8,
    runbook,
  }),
);

const burning = OBJECTIVES.map(({ slo, title, about, runbook }) =>
  graph({
    title: `${title}: burn rate`,
    about: `${about} At 1 the budget lasts 30 days; pages begin at 14.4 (an hour) and 6 (six hours), tickets at 3 (a day) and 1 (three days).`,
    queries: ['5m', '1h', '6h', '3d'].map((window) => ({
      expr: `max(${recorded(`resk:slo_burn_rate:${window}`, `slo="${slo}"`)})`,
      legend: window,
    })),
    decimals: 2,
    steps: BURNING,
    lineAtSteps: true,
    width: 8,
    runbook,
  }),
);

const indicators = [
  graph({
    title: 'Good events, over 5 minutes',
    about: 'Share of the events of each objective that were good.',
    queries: [{ expr: `1 - max by (slo) (${recorded('resk:slo_error_ratio:5m')})`, legend: '{{slo}}' }],
    unit: 'percentunit',
    max: 1,
    width: 8,
    runbook: 'availability-burns-fast',
  }),
  graph({
    title: 'Events',
    about: 'Events in a second that each objective counts.',
    queries: [{ expr: `sum by (slo) (${recorded('resk:slo_events:rate5m')})`, legend: '{{slo}}' }],
    unit: 'ops',
    width: 8,
  }),
  graph({
    title: 'Times that objectives speak of',
    about:
      'Median of cached answers (objective: 100 ms), and p95 of answers that need the vector store (objective: 200 ms).',
    queries: [
      { expr: `max(${recorded('resk:hit_seconds:p50_5m')})`, legend: 'cached, p50' },
      { expr: `max(${recorded('resk:vector_seconds:p95_5m')})`, legend: 'vector store, p95' },
    ],
    unit: 's',
    steps: [{ colour: 'green' }, { from: 0.1, colour: 'yellow' }, { from: 0.2, colour: 'red' }],
    lineAtSteps: true,
    logarithmic: true,
    width: 8,
    runbook: 'hit-median-slow',
  }),
];

const FIRING = 'alertstate="firing",alertname=~"Resk.+"';

const alerts = [
  table({
    title: 'Alerts that fire',
    about: 'Each has a page in docs/runbooks: its name in small letters, with hyphens, without “Resk”.',
    queries: [{ expr: `count by (alertname, severity, namespace, job) (${recorded('ALERTS', FIRING)})` }],
    columns: [
      { title: 'Alert', from: 'alertname' },
      { title: 'Severity', from: 'severity' },
      { title: 'Namespace', from: 'namespace' },
      { title: 'Deployment', from: 'job' },
      { title: 'Times', from: 'A', decimals: 0 },
    ],
    whenEmpty: 'none',
    width: 12,
    runbook: 'README',
  }),
  graph({
    title: 'Alerts over time',
    about: 'How many alerts of each name fire.',
    queries: [{ expr: `count by (alertname) (${recorded('ALERTS', FIRING)})`, legend: '{{alertname}}' }],
    bars: true,
    stacked: true,
    decimals: 0,
    whenEmpty: 'none',
    width: 12,
    runbook: 'README',
  }),
];

export const slo = dashboard({
  name: 'slo',
  title: 'Resk-Caching · Objectives',
  about:
    'How much of each error budget is left, how fast it burns, and which alerts fire. Needs the recording rules of slo.rules.yaml.',
  span: '24h',
  rows: [
    { title: 'Error budgets', panels: [...budgets, ...kept] },
    { title: 'Burn rates', panels: burning },
    { title: 'Indicators', panels: indicators },
    { title: 'Alerts', panels: alerts },
  ],
});
