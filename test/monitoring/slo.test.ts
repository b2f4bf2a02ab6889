// A real Prometheus scrapes the real server by our rules: they evaluate, give series under load, and an alert comes and goes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenAiDouble } from '../doubles/openai.js';
import { root } from '../support/child-server.js';
import { type PrometheusServer, startPrometheus } from '../support/prometheus.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { allRules, RULE_FILES, RULES_FOLDER } from './rules.js';

const WAIT = { timeout: 90_000, interval: 500 };

let server: TestServer;
let openai: OpenAiDouble;
let prometheus: PrometheusServer;
let asking: NodeJS.Timeout;

beforeAll(async () => {
  openai = await OpenAiDouble.start({ dimensions: 16 });
  server = await startTestServer({
    CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_MODEL: 'text-embedding-3-small',
    EMBEDDING_BASE_URL: openai.url,
    EMBEDDING_API_KEY: 'sk-never-to-be-seen',
    EMBEDDING_DIMENSIONS: '16',
    VECTOR_THRESHOLD: '0',
    QUOTA_REQUESTS_PER_DAY: '20000',
  });
  await server.send('POST', '/api/vectors/upsert', {
    body: { documents: [{ id: 'd1', text: 'Cards are opened here.' }] },
  });
  let at = 0;
  // Every third question is new, the others were asked before.
  const query = () => (at++ % 3 === 0 ? `How is card ${at} opened?` : 'How is a card opened?');
  const ask = () => server.send('POST', '/api/cache/query', { body: { query: query() } });
  asking = setInterval(() => void ask().catch(() => undefined), 50);
  prometheus = await startPrometheus({
    targets: [{ url: server.url, labels: { namespace: 'prod' } }],
    rules: RULE_FILES.map((name) => join(RULES_FOLDER, name)),
  });
}, 120_000);

afterAll(async () => {
  clearInterval(asking);
  await prometheus?.stop();
  await server?.stop();
  await openai?.stop();
});

describe('with a real Prometheus', { timeout: 120_000 }, () => {
  it('every recording rule gives a series of the server under load', async () => {
    const records = [...new Set((await allRules()).flatMap(({ record }) => record ?? []))];
    const without = async () => {
      const found = await Promise.all(records.map((record) => prometheus.query(record)));
      return records.filter((_, at) => !found[at]!.some(({ value }) => Number.isFinite(value)));
    };
    await expect.poll(without, WAIT).toEqual([]);
    const slos = await prometheus.query(
      'count by (slo) (resk:slo_error_ratio:1h{namespace="prod",job="resk-caching"})',
    );
    expect(slos.map(({ metric }) => metric.slo).toSorted()).toEqual(['availability', 'hit-latency', 'vector-latency']);
  });

  it('every rule evaluates without an error', async () => {
    const rules = async () => (await prometheus.rules()).flatMap((group) => group.rules);
    await expect.poll(async () => (await rules()).filter(({ health }) => health === 'unknown').length, WAIT).toBe(0);
    expect(
      (await rules()).filter(({ health }) => health !== 'ok').map(({ name, lastError }) => [name, lastError]),
    ).toEqual([]);
  });

  it('no alert fires that a busy machine does not explain', async () => {
    const firing = (await prometheus.query('ALERTS{alertstate="firing"}')).map(({ metric }) => metric.alertname);
    expect(firing.filter((name) => !/Latency|MedianSlow|EventLoop|Memory/.test(name!))).toEqual([]);
  });

  it('every question of the runbooks is one that Prometheus understands', async () => {
    const folder = join(root, 'docs/runbooks');
    const asked = readdirSync(folder).flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/^```promql\n(.*?)\n```$/gms)].map(([, expr]) => expr!),
    );
    const refused = await Promise.all(
      asked.map((expr) =>
        prometheus.query(expr).then(
          () => [],
          (error: Error) => [error.message],
        ),
      ),
    );
    expect(refused.flat()).toEqual([]);
    expect(asked.length).toBeGreaterThan(40);
  });

  it('what the server knows of itself is there, and true', async () => {
    const value = async (expr: string) => (await prometheus.query(expr))[0]?.value;
    expect(await value('resk_ready')).toBe(1);
    expect(await value('min(resk_health_check_ok{check=~"cache|vectordb"})')).toBe(1);
    expect(await value('resk_process_heap_limit_bytes')).toBeGreaterThan(
      await value('nodejs_heap_size_used_bytes').then(Number),
    );
    expect(await value('resk_audit_lines_unwritten_total{reason="failed"}')).toBe(0);
    expect(await value('resk_usage_unsettled_calls')).toBe(0);
    const day = await server.send('GET', '/api/quotas');
    const share = day.json.quotas.requestsPerDay.used / 20_000;
    await expect.poll(() => value('resk_quota_used_ratio{quota="requestsPerDay"}'), WAIT).toBeGreaterThanOrEqual(share);
  });
});
