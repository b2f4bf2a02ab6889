// The Prometheus of the tests scrapes, evaluates, answers, refuses what is wrong, and is gone afterwards.
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aFolder } from '../support/child-server.js';
import { hasPrometheus, type PrometheusOptions, startPrometheus } from '../support/prometheus.js';

const installed = hasPrometheus();
if (!installed) console.warn('Did not run: what a real Prometheus scrapes (prometheus is not installed).');

/** A page of metrics for who sends the bearer token. */
async function aPage(token: string): Promise<string> {
  const server = createServer(({ headers }, response) => {
    response.statusCode = headers.authorization === `Bearer ${token}` ? 200 : 401;
    response.end(
      '# TYPE tea_cups gauge\ntea_cups{sort="green"} 3\ntea_cups{sort="none"} NaN\ntea_cups{sort="all"} +Inf\n',
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function started(options: PrometheusOptions) {
  const prometheus = await startPrometheus(options);
  onTestFinished(() => prometheus.stop());
  return prometheus;
}

describe.runIf(installed)('the Prometheus of the tests', () => {
  test('scrapes with the token, evaluates the rules, and answers', async () => {
    const rules = join(await aFolder(), 'rules.yaml');
    const record = { record: 'tea:cups', expr: 'sum by (job, kitchen) (tea_cups{sort="green"})' };
    await writeFile(rules, JSON.stringify({ groups: [{ name: 'tea', rules: [record] }] }));
    const url = await aPage('a token');
    const prometheus = await started({
      targets: [{ url, bearer: 'a token', labels: { kitchen: 'north' } }],
      rules: [rules],
    });

    await expect
      .poll(() => prometheus.query('tea:cups'), { timeout: 20_000 })
      .toEqual([{ metric: { __name__: 'tea:cups', job: 'resk-caching', kitchen: 'north' }, value: 3 }]);
    expect(await prometheus.query('tea_cups{sort="none"}')).toMatchObject([{ value: Number.NaN }]);
    expect(await prometheus.query('tea_cups{sort="all"}')).toMatchObject([{ value: Number.POSITIVE_INFINITY }]);
    expect(await prometheus.query('tea_cups', Date.now() - 3_600_000)).toEqual([]);
    expect(await prometheus.query('scalar(sum(tea_cups{sort="green"}))')).toEqual([{ metric: {}, value: 3 }]);
    const [line] = await prometheus.range('tea_cups{sort="green"}', Date.now() - 5_000, Date.now(), 1);
    expect(line!.values.at(-1)![1]).toBe(3);
    expect(await prometheus.series('tea_cups{sort="green"}')).toMatchObject([{ instance: url, kitchen: 'north' }]);
    expect(await prometheus.labelValues('sort', 'tea_cups')).toEqual(['all', 'green', 'none']);
    expect(await prometheus.rules()).toMatchObject([{ name: 'tea', rules: [{ name: 'tea:cups', health: 'ok' }] }]);
    expect(await prometheus.exemplars('tea_cups')).toEqual([]);
  });

  test('says which expression it does not understand', async () => {
    const prometheus = await started({ targets: [] });
    await expect(prometheus.query('sum(')).rejects.toThrow(/sum\(.*parse error/);
  });

  test('does not start on rules that are wrong, and tells why', async () => {
    const rules = join(await aFolder(), 'rules.yaml');
    await writeFile(
      rules,
      JSON.stringify({ groups: [{ name: 'tea', rules: [{ record: 'tea:cups', expr: 'sum(' }] }] }),
    );
    await expect(startPrometheus({ targets: [], rules: [rules] })).rejects.toThrow(/parse error|could not parse/);
  });

  test('answers nothing after it was stopped', async () => {
    const prometheus = await startPrometheus({ targets: [] });
    await prometheus.stop();
    await prometheus.stop();
    await expect(prometheus.query('up')).rejects.toThrow();
  });
});
