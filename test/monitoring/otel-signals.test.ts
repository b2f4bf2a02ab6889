// Metrics and logs of a real server reach the collector with its traces, nothing that users write does, and where nothing is sent nothing is loaded.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { aFolder, ensureBuilt, startChildServer } from '../support/child-server.js';
import { doors } from '../support/event-clients.js';
import { hasPrometheus, startPrometheus } from '../support/prometheus.js';
import { startTestServer } from '../support/server.js';
import { aStory, COLLECTOR_KEY, PROVIDER_KEY, type Story } from './story.js';

const NDJSON = { 'content-type': 'application/x-ndjson' };

const ask = ({ server }: Story, query: string, headers: Record<string, string> = {}) =>
  server.send('POST', '/api/cache/query', { body: { query }, headers });

/** Names of the text page. */
const namesOf = (page: string) => [...page.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!).toSorted();

describe('metrics over OTLP', () => {
  test('are those of the page that is scraped', async () => {
    const story = await aStory();
    await ask(story, 'anything');
    const page = (await story.server.send('GET', '/api/metrics')).text;
    await story.end();
    const { metrics, problems } = story.receiver;
    expect(problems).toEqual([]);
    expect(metrics.map(({ name }) => name).toSorted()).toEqual(namesOf(page));
    const answered = story.receiver.metric('resk_http_requests_total').points;
    expect(answered).toContainEqual({
      attributes: { route: '/api/cache/query', method: 'POST', code: '200' },
      value: 1,
    });
  });
});

describe('logs over OTLP', () => {
  test('are the lines of the server; those of a request name its trace, and its correlation id', async () => {
    const story = await aStory({ LOG_LEVEL: 'debug' });
    const reply = await ask(story, 'anything', { 'x-correlation-id': 'mine' });
    await story.end();
    const [, traceId, spanId] = /"00-(\w+)-(\w+)-01"/.exec(reply.headers.get('server-timing')!)!;
    const line = story.receiver.logs.find(({ attributes }) => attributes['resk.correlation_id'] === 'mine');
    expect(line).toMatchObject({
      body: 'request answered',
      severity: 'DEBUG',
      traceId,
      spanId,
      flags: 1,
      attributes: { route: '/api/cache/query', status: 200 },
    });
    // The start is told too, though the collector was connected in its course.
    expect(story.receiver.logs.map(({ body }) => body)).toContain('Nest application successfully started');
  });

  test('tell a failure of ours in the trace that it belongs to', async () => {
    const story = await aStory({ LOG_LEVEL: 'warn', EMBEDDING_RETRIES: '0' });
    await story.server.send('POST', '/api/vectors/upsert', { body: { documents: [{ id: 'a', text: 'known' }] } });
    story.openai.always(({ response }) => response.writeHead(500).end('{}'));
    const failed = await ask(story, 'how do I fail');
    await story.end();
    expect(failed.status).toBe(502);
    const root = story.receiver.spans.find(({ attributes }) => attributes['http.response.status_code'] === 502)!;
    expect(story.receiver.logs).toMatchObject([
      { severity: 'WARN', traceId: root.traceId, attributes: { code: 'embedding.provider_failed', status: 502 } },
    ]);
  });
});

describe.each(['http/protobuf', 'http/json'])('what is sent as %s', (protocol) => {
  test('holds no text of a user, no token, no key and no name of a tenant', async () => {
    const story = await aStory({ LOG_LEVEL: 'trace', OTEL_EXPORTER_OTLP_PROTOCOL: protocol, EMBEDDING_RETRIES: '0' });
    const { server } = story;
    const token = server.token({ tenant: 'tenant-of-mrs-jones', subject: 'subject-of-mrs-jones' });
    const say = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
      server.send(method, path, { token, headers, ...(body === undefined ? {} : { body }) });
    const document = { id: 'id-of-jones', text: 'the text of jones', metadata: { of: 'jones' }, subject: 'jones' };
    await say('POST', '/api/vectors/upsert', { collection: 'jones-files', documents: [document] });
    const line = JSON.stringify({ ...document, id: 'jones-2' });
    await server.send('POST', '/api/vectors/ingest?collection=jones-files', { raw: line, token, headers: NDJSON });
    await say('POST', '/api/cache', { query: 'what of jones', response: 'all of jones', tags: ['jones'] });
    await say('POST', '/api/cache/query', { query: 'what of jones' });
    await say('POST', '/api/cache/query', {
      query: 'and jones now',
      vector: { collection: 'jones-files', rerank: true },
    });
    story.openai.always(({ response }) => response.writeHead(400).end('{"error":{"message":"jones is refused"}}'));
    await say('POST', '/api/cache/query', { query: 'jones fails', vector: { collection: 'jones-files' } });
    await say('GET', '/api/cache/entries/jones?of=jones');
    await say('DELETE', '/api/cache?query=what%20of%20jones');
    await say('GET', '/api/privacy/subjects/jones');
    await say('POST', '/api/nowhere/jones', { jones: 'jones' });
    const client = await doors['plain WebSocket'](server.url, token);
    await client.say({ type: 'subscribe', channel: 'jones' });
    await client.say({ type: 'publish', channel: 'jones', data: 'jones' });
    await client.say('{"jones');
    client.close();
    await story.end();
    const { bodies, spans, logs, metrics, deliveries, everything } = story.receiver;
    expect([
      spans.length > 30 || protocol,
      logs.length > 10 || protocol,
      metrics.length > 20 || protocol,
    ]).not.toContain(false);
    expect(bodies.length).toBeGreaterThan(2);
    expect(everything).not.toMatch(/jones/i);
    for (const secret of [token, token.split('.')[2]!, PROVIDER_KEY, COLLECTOR_KEY])
      expect(everything).not.toContain(secret);
    expect(deliveries.every((headers) => headers['x-api-key'] === COLLECTOR_KEY)).toBe(true);
  });
});

describe('a collector that fails', () => {
  test.each([
    ['is down', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }, undefined],
    ['refuses', {}, 503],
    ['never answers', {}, 'silent'],
  ] as const)('because it %s costs no answer, and the server stops', async (_, env, plan) => {
    const story = await aStory({ OTEL_EXPORTER_OTLP_TIMEOUT: '500', ...env });
    if (plan === 'silent') story.receiver.silent = true;
    else story.receiver.refusal = plan;
    await story.server.send('POST', '/api/cache', { body: { query: 'known', response: 'yes' } });
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask(story, 'known')));
    expect(replies.filter(({ status, json }) => status === 200 && json.result === 'yes')).toHaveLength(200);
    await story.end();
  });
});

describe('where nothing is sent', () => {
  beforeAll(ensureBuilt, 300_000);

  test('replies name no trace', async () => {
    const server = await startTestServer({ CACHE_BACKEND: 'memory' });
    onTestFinished(() => server.stop());
    const reply = await server.send('POST', '/api/cache/query', { body: { query: 'x' } });
    expect(reply.headers.get('server-timing')).not.toContain('traceparent');
    expect((await server.send('GET', '/nowhere')).headers.get('server-timing')).toBeNull();
  });

  test("OpenTelemetry's SDK and exporters are not even loaded", async () => {
    const spy = join(await aFolder(), 'spy.mjs');
    await writeFile(spy, SPY);
    const loadedBy = async (env: Record<string, string>) => {
      const child = await startChildServer({
        NODE_OPTIONS: `--import ${pathToFileURL(spy)}`,
        CACHE_BACKEND: 'memory',
        ...env,
      });
      await child.send('POST', '/api/cache/query', { body: { query: 'x' } });
      child.process.kill('SIGTERM');
      return [...new Set((await child.ended).stderr.match(/@opentelemetry\/(?:sdk|exporter|otlp)[\w-]+/g))];
    };
    expect(await loadedBy({})).toEqual([]);
    const sending = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
    expect(await loadedBy({ ...sending, OTEL_SDK_DISABLED: 'true' })).toEqual([]);
    expect(await loadedBy(sending)).toContain('@opentelemetry/sdk-trace');
  });
});

/** Writes the names of OpenTelemetry's packages as they are loaded. */
const SPY = `
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    const found = /@opentelemetry\\/[\\w-]+/.exec(url);
    if (found) process.stderr.write(found[0] + '\\n');
    return next(url, context);
  },
});
`;

const installed = hasPrometheus();
if (!installed) console.warn('Did not run: exemplars in a real Prometheus (prometheus is not installed).');

describe.runIf(installed)('exemplars', () => {
  test('lead from a histogram in a real Prometheus to traces that the collector has', async () => {
    const story = await aStory();
    const prometheus = await startPrometheus({ targets: [{ url: story.server.url }], exemplars: true });
    onTestFinished(() => prometheus.stop());
    await story.server.send('POST', '/api/cache', { body: { query: 'known', response: 'yes' } });
    const metric = 'resk_http_request_duration_seconds_bucket{route="/api/cache/query"}';
    const exemplars = async () => {
      await ask(story, 'known');
      return (await prometheus.exemplars(metric)).flatMap((series) => series.exemplars);
    };
    await expect.poll(async () => (await exemplars()).length, { timeout: 60_000 }).toBeGreaterThan(0);
    const { labels } = (await exemplars())[0]!;
    // The page is OpenMetrics to Prometheus; its series are the same.
    const [requests] = await prometheus.query('sum(resk_http_requests_total{route="/api/cache/query"})');
    expect(requests!.value).toBeGreaterThan(0);
    await story.end();
    const known = story.receiver.spans.find(({ spanId }) => spanId === labels.span_id);
    expect(known).toMatchObject({ traceId: labels.trace_id, name: 'POST /api/cache/query' });
  });
});
