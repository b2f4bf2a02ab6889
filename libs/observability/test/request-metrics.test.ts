// Requests are counted by route, method and status, in bounded series.
import { Registry } from 'prom-client';
import { beforeEach, describe, expect, test } from 'vitest';
import { RequestMetrics } from '#observability';

describe('request metrics', () => {
  let registry: Registry;
  let metrics: RequestMetrics;

  beforeEach(() => {
    registry = new Registry();
    metrics = new RequestMetrics(registry);
  });

  test('count by route, method and code', async () => {
    metrics.observe('/api/cache', 'POST', 200, 0.001);
    metrics.observe('/api/cache', 'POST', 200, 0.001);
    metrics.observe('/api/cache', 'POST', 400, 0.001);
    const text = await registry.metrics();
    expect(text).toContain('resk_http_requests_total{route="/api/cache",method="POST",code="200"} 2\n');
    expect(text).toContain('resk_http_requests_total{route="/api/cache",method="POST",code="400"} 1\n');
  });

  test('keep durations in cumulative buckets by status class', async () => {
    for (const seconds of [0.0005, 0.00051, 0.2, 99]) metrics.observe('/x', 'GET', 204, seconds);
    const text = await registry.metrics();
    const bucket = (le: string) =>
      new RegExp(`_bucket\\{route="/x",method="GET",status="2xx",le="${le}"\\} (\\d+)`).exec(text)?.[1];
    expect([
      bucket('0.0001'),
      bucket('0.0005'),
      bucket('0.001'),
      bucket('0.25'),
      bucket('30'),
      bucket('\\+Inf'),
    ]).toEqual(['0', '1', '2', '3', '3', '4']);
    expect(text).toMatch(/_sum\{route="\/x",method="GET",status="2xx"\} 99\.20101/);
    expect(text).toMatch(/_count\{route="\/x",method="GET",status="2xx"\} 4/);
  });

  test('begin the series of outages at nothing with a route, so that the first one is an increase', async () => {
    metrics.observe('/x', 'GET', 200, 1);
    metrics.observe('/x', 'POST', 503, 1);
    metrics.observe('/x', 'GET', 404, 1);
    const [requests, , failures] = await registry.getMetricsAsJSON();
    const seen = requests?.values.map(({ value, labels: { method, code } }) => `${method} ${code} ${value}`);
    expect(seen?.toSorted()).toEqual([
      'GET 200 1',
      'GET 404 1',
      ...['GET 500 0', 'GET 502 0', 'GET 503 0', 'GET 504 0'],
      ...['POST 500 0', 'POST 502 0', 'POST 503 1', 'POST 504 0'],
    ]);
    expect(failures?.values).toEqual([{ value: 0, labels: { route: '/x', code: 'tenant.crowded' } }]);
  });

  test('are the same after being read twice', async () => {
    metrics.observe('/x', 'GET', 200, 1);
    expect(await registry.metrics()).toBe(await registry.metrics());
  });

  test('are read as values too', async () => {
    metrics.observe('/x', 'GET', 500, 1);
    const [requests, durations] = await registry.getMetricsAsJSON();
    expect(requests?.values[0]).toEqual({ value: 1, labels: { route: '/x', method: 'GET', code: '500' } });
    expect(durations?.values.at(-1)).toMatchObject({
      metricName: 'resk_http_request_duration_seconds_count',
      value: 1,
    });
  });

  test('put methods and codes that are not in their set under other', async () => {
    metrics.observe('/x', 'BREW', 200, 0);
    metrics.observe('/x', 'GET', 42, 0);
    metrics.observe('/x', 'GET', 1000, 0);
    const text = await registry.metrics();
    expect(text).toContain('method="other",code="200"} 1');
    expect(text).toContain('method="GET",code="other"} 2');
    expect(text).toContain('_count{route="/x",method="GET",status="other"} 2');
  });

  test('take no duration that is not one', async () => {
    metrics.observe('/x', 'GET', 200, Number.NaN);
    metrics.observe('/x', 'GET', 200, -1);
    const text = await registry.metrics();
    expect(text).toContain('_sum{route="/x",method="GET",status="2xx"} 0');
    expect(text).toContain('_count{route="/x",method="GET",status="2xx"} 2');
  });

  test('stay bounded when fed with paths instead of templates', async () => {
    for (let index = 0; index < 5000; index++) metrics.observe(`/x/${index}`, 'GET', 200, 0);
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('resk_http_requests_total{'));
    expect(lines).toHaveLength(1001);
    expect(lines.at(-1)).toBe('resk_http_requests_total{route="other",method="other",code="other"} 4800');
  });

  test('escape what a label holds, so that one series stays one line', async () => {
    metrics.observe('a"} 1\nb\\', 'GET', 200, 0);
    const text = await registry.metrics();
    expect(text).toContain('{route="a\\"} 1\\nb\\\\",method="GET",code="200"} 1');
    expect(text.split('\n').every((line) => line === '' || /^(#|resk_)/.test(line))).toBe(true);
  });
});
