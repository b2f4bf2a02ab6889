// Metrics that are sent are those of the page that is scraped: the same names, labels and numbers.
import { collectDefaultMetrics, Gauge, Registry, Summary } from 'prom-client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EngineMetrics, RequestMetrics, startTelemetry } from '#observability';
import { announce } from '#ports';
import { OtlpReceiver, type ReceivedMetric } from '../../../test/doubles/otlp-receiver.js';
import { dropMisnamedMetrics } from '../src/process-metrics.js';
import { configOf } from './observability-config.js';

const CUMULATIVE = 2;

let receiver: OtlpReceiver;
let registry: Registry;

beforeEach(async () => {
  receiver = await OtlpReceiver.start();
  registry = new Registry();
});

afterEach(() => receiver.stop());

/** Sends the registry once, as the end of the process does. */
async function sent(): Promise<void> {
  const env = { ...receiver.env, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'otlp' };
  const telemetry = await startTelemetry(configOf(env), { registry });
  await telemetry.shutdown();
  expect(receiver.problems).toEqual([]);
}

/** Samples of the text page, without the buckets: `name{labels}` → number. */
async function scraped(): Promise<Record<string, number>> {
  const text = await registry.metrics();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.includes('_bucket'));
  return Object.fromEntries(
    samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  );
}

function samplesOf({ name, form, points }: ReceivedMetric): Array<[string, number]> {
  return points.flatMap(({ attributes, value = 0, count = 0, sum = 0 }): Array<[string, number]> => {
    const labels = Object.entries(attributes).map(([label, text]) => `${label}="${text}"`);
    const suffix = labels.length === 0 ? '' : `{${labels.join(',')}}`;
    if (form !== 'histogram') return [[name + suffix, value]];
    return [
      [`${name}_sum${suffix}`, sum],
      [`${name}_count${suffix}`, count],
    ];
  });
}

test('every sample of the page is sent, under the same name and labels, with the same number', async () => {
  const engine = new EngineMetrics(registry, { tenants: 1 });
  engine.watchTiers(() => [{ tier: 'memory', entries: 3, bytes: 4096 }]);
  engine.open();
  announce('cache.lookup', { tenant: 'north', key: 'k', outcome: 'hit', tier: 'memory', durationMs: 1 });
  announce('usage.noted', { tenant: 'north', provider: 'openai', model: 'small', sort: 'spent', tokens: 12 });
  engine.close();
  const requests = new RequestMetrics(registry);
  for (const seconds of [0.00001, 0.3, 0.3, 99]) requests.observe('/x', 'GET', 200, seconds);
  await sent();
  const samples = Object.fromEntries(receiver.metrics.flatMap(samplesOf));
  expect(samples).toEqual(await scraped());
  expect(samples['resk_cache_lookups_total{tier="memory",outcome="hit"}']).toBe(1);
});

test('those of the process are sent too', async () => {
  collectDefaultMetrics({ register: registry });
  dropMisnamedMetrics(registry);
  await sent();
  const names = (await registry.getMetricsAsJSON()).map(({ name }) => name);
  expect(names).toContain('process_cpu_seconds_total');
  expect(receiver.metrics.map(({ name }) => name)).toEqual(names);
});

test('counters are monotonic sums, histograms have buckets of their own, both since the process began', async () => {
  const requests = new RequestMetrics(registry);
  for (const seconds of [0.00001, 0.00002, 0.3, 0.3, 99]) requests.observe('/x', 'GET', 200, seconds);
  await sent();
  expect(receiver.metric('resk_http_requests_total')).toMatchObject({
    form: 'sum',
    monotonic: true,
    temporality: CUMULATIVE,
    unit: '',
    description: 'Requests answered, by route template, method and status code.',
  });
  const { form, temporality, unit, points } = receiver.metric('resk_http_request_duration_seconds');
  expect({ form, temporality, unit }).toEqual({ form: 'histogram', temporality: CUMULATIVE, unit: 's' });
  const { bounds, buckets, count, attributes } = points[0]!;
  const counted = buckets!.map((number, at) => [bounds![at] ?? 'above', number]).filter(([, number]) => number !== 0);
  expect(counted).toEqual([
    [0.00001, 1],
    [0.0001, 1],
    [0.5, 2],
    ['above', 1],
  ]);
  expect([buckets!.length, count, attributes]).toEqual([
    bounds!.length + 1,
    5,
    { route: '/x', method: 'GET', status: '2xx' },
  ]);
});

test('gauges are gauges, with the unit that their name ends in; what OpenTelemetry has no form for is left out', async () => {
  new Gauge({ name: 'held_bytes', help: 'Held.', registers: [registry] }).set(7);
  new Gauge({ name: 'used_ratio', help: 'Share.', registers: [registry] }).set(0.5);
  new Gauge({ name: 'ready', help: 'Ready.', registers: [registry] }).set(1);
  new Summary({ name: 'old', help: 'Old.', registers: [registry] }).observe(1);
  await sent();
  expect(receiver.metric('held_bytes')).toMatchObject({ form: 'gauge', unit: 'By', points: [{ value: 7 }] });
  expect(receiver.metric('used_ratio')).toMatchObject({ form: 'gauge', unit: '1', points: [{ value: 0.5 }] });
  // A translator to Prometheus would name it ready_ratio, were its unit 1.
  expect(receiver.metric('ready')).toMatchObject({ form: 'gauge', unit: '', points: [{ value: 1 }] });
  expect(receiver.metrics).toHaveLength(3);
});

test('they are sent again and again, as often as is set', async () => {
  const requests = new RequestMetrics(registry);
  const env = { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'otlp', OTEL_METRIC_EXPORT_INTERVAL: '100' };
  const telemetry = await startTelemetry(configOf({ ...receiver.env, ...env }), { registry });
  const requestsSent = () => receiver.metrics.find(({ name }) => name === 'resk_http_requests_total')?.points[0]?.value;
  requests.observe('/x', 'GET', 200, 1);
  await vi.waitFor(() => expect(requestsSent()).toBe(1));
  requests.observe('/x', 'GET', 200, 1);
  await vi.waitFor(() => expect(requestsSent()).toBe(2));
  await telemetry.shutdown();
});
