// The metrics are read as OpenMetrics by who asks for it, with the traces that stand for their numbers.
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openMetricsText, RequestMetrics, startTelemetry, type Telemetry, wantsOpenMetrics } from '#observability';
import { OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { HistogramTally } from '../src/tallies.js';
import { aRequest } from './a-request.js';
import { configOf } from './observability-config.js';

/** What Prometheus sends by default. */
const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

test.each([
  [PROMETHEUS, true],
  ['application/openmetrics-text', true],
  ['Application/OpenMetrics-Text; version=1.0.0; charset=utf-8', true],
  ['text/plain;q=0.5, application/openmetrics-text;q=0.5', true],
  ['text/plain, application/openmetrics-text;q=0.5', false],
  ['application/openmetrics-text;q=0', false],
  ['application/openmetrics-text;q=1.2.3', false],
  ['text/plain', false],
  ['*/*', false],
  ['', false],
  [undefined, false],
])('a reader that accepts %j has OpenMetrics: %s', (accept, wanted) => {
  expect(wantsOpenMetrics(accept)).toBe(wanted);
});

describe('the text', () => {
  let registry: Registry;

  beforeEach(() => {
    registry = new Registry();
  });

  test('names counters without _total, and writes bounds as floats are written', async () => {
    new RequestMetrics(registry).observe('/a"b\n\\c', 'GET', 200, 0.00002);
    const lines = (await openMetricsText(registry)).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '# TYPE resk_http_requests counter',
      '# HELP resk_http_requests Requests answered, by route template, method and status code.',
      'resk_http_requests_total{route="/a\\"b\\n\\\\c",method="GET",code="200"} 1',
    ]);
    const bounds = lines.flatMap((line) => /le="([^"]+)"/.exec(line)?.[1] ?? []);
    expect(bounds).toEqual(
      expect.arrayContaining(['1e-05', '0.0001', '0.0005', '0.1', '1.0', '2.5', '10.0', '30.0', '+Inf']),
    );
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
  });

  test('writes numbers that are none', async () => {
    const odd = new Gauge({
      name: 'odd',
      help: 'A "help"\nof \\ two lines.',
      labelNames: ['is'],
      registers: [registry],
    });
    for (const [is, value] of [
      ['nothing', Number.NaN],
      ['above', Number.POSITIVE_INFINITY],
      ['below', Number.NEGATIVE_INFINITY],
    ] as const)
      odd.set({ is }, value);
    new Gauge({ name: 'bare', help: 'Bare.', registers: [registry] }).set(-0.5);
    expect(await openMetricsText(registry)).toBe(
      [
        '# TYPE odd gauge',
        '# HELP odd A \\"help\\"\\nof \\\\ two lines.',
        'odd{is="nothing"} NaN',
        'odd{is="above"} +Inf',
        'odd{is="below"} -Inf',
        '# TYPE bare gauge',
        '# HELP bare Bare.',
        'bare -0.5',
        '# EOF',
        '',
      ].join('\n'),
    );
  });

  test('holds the same numbers as the older text, which stays as it was', async () => {
    collectDefaultMetrics({ register: registry });
    const requests = new RequestMetrics(registry);
    for (let at = 0; at < 50; at++) requests.observe('/x', 'GET', 200, at / 10);
    const ours = (text: string) =>
      text
        .split('\n')
        .filter((line) => line.startsWith('resk_'))
        .map((line) => line.replace(/le="([^"]+)"/, (_, le) => `le="${Number(le)}"`));
    const before = ours(await registry.metrics());
    expect(ours(await openMetricsText(registry))).toEqual(before);
    expect(ours(await registry.metrics())).toEqual(before);
  });
});

describe('exemplars', () => {
  let receiver: OtlpReceiver;
  let telemetry: Telemetry;
  let registry: Registry;
  let durations: HistogramTally;

  beforeEach(async () => {
    receiver = await OtlpReceiver.start();
    telemetry = await startTelemetry(configOf(receiver.env));
    registry = new Registry();
    durations = new HistogramTally({ name: 'took_seconds', help: 'Time.', labels: ['route'], registry }, [0.1, 1]);
  });

  afterEach(async () => {
    await telemetry.shutdown();
    await receiver.stop();
  });

  const bucket = async (le: string) =>
    (await openMetricsText(registry))
      .split('\n')
      .find((line) => line.startsWith('took') && line.includes(`le="${le}"`));

  test('name the last recorded trace of each bucket, with its value and time', async () => {
    await aRequest(() => durations.observe(0.05, '/x'));
    await aRequest(() => durations.observe(5, '/x'));
    await aRequest(() => durations.observe(0.07, '/x'));
    durations.observe(0.5, '/x');
    await telemetry.shutdown();
    const [, above, last] = receiver.spans.map(({ traceId, spanId }) => `{trace_id="${traceId}",span_id="${spanId}"}`);
    const since = String.raw`\d{10}\.\d{3}`;
    expect(await bucket('0.1')).toMatch(
      new RegExp(`^took_seconds_bucket{route="/x",le="0.1"} 2 # ${last} 0.07 ${since}$`),
    );
    expect(await bucket('1.0')).toBe('took_seconds_bucket{route="/x",le="1.0"} 3');
    expect(await bucket('+Inf')).toMatch(
      new RegExp(`^took_seconds_bucket{route="/x",le="\\+Inf"} 4 # ${above} 5 ${since}$`),
    );
    expect(await registry.metrics()).not.toContain('trace_id');
  });

  test('do not name a trace that is not recorded: nobody would find it', async () => {
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` };
    await aRequest(() => durations.observe(0.05, '/x'), { headers });
    expect(await bucket('0.1')).toBe('took_seconds_bucket{route="/x",le="0.1"} 1');
  });
});
