// What an operator sees: metrics for whom they are meant, readiness, and log lines of what went wrong.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mintToken, SCOPES, signingSecret } from '#auth';
import { environmentSources, readConfig } from '#config';
import { createLogger } from '#observability';
import { sections } from '../../apps/server/src/sections.js';
import { type RunningServer, startServer } from '../../apps/server/src/server.js';
import { behaving, OpenAiDouble } from '../doubles/openai.js';
import { send, startTestServer } from '../support/server.js';

const small = { CACHE_BACKEND: 'memory', VECTORDB_TYPE: 'none' };

describe('metrics', () => {
  it('are absent where they are turned off', async () => {
    const server = await startTestServer({ ...small, METRICS_ACCESS: 'off' });
    expect(await server.send('GET', '/api/metrics')).toMatchObject({
      status: 404,
      json: { code: 'request.not_found' },
    });
    await server.stop();
  });

  it('ask for METRICS_TOKEN where it is set, and take no other', async () => {
    const env = { ...small, METRICS_ACCESS: 'token', METRICS_TOKEN: 'a-token-for-the-scraper' };
    const server = await startTestServer(env);
    for (const token of [null, 'a-token-for-somebody', server.token()]) {
      const refused = await server.send('GET', '/api/metrics', { token });
      expect(refused).toMatchObject({ status: 401, json: { code: 'auth.missing' } });
    }
    const { status, text } = await server.send('GET', '/api/metrics', { token: env.METRICS_TOKEN });
    expect(status).toBe(200);
    expect(text).toContain('resk_http_requests_total');
    await server.stop();
  });
});

describe('what the metrics tell of failures', () => {
  it('is the code of each, by the template of its route', async () => {
    const server = await startTestServer(small);
    await server.send('POST', '/api/cache/query', { body: {} });
    await server.send('POST', '/api/cache/query', { body: { query: 'x' }, token: null });
    await server.send('GET', `/api/cache/entries/${'A'.repeat(43)}`);
    await server.send('GET', '/api/nowhere');
    const { text } = await server.send('GET', '/api/metrics');
    const lines = text.split('\n').filter((line) => /^resk_http_failures_total\{.* [1-9]/.test(line));
    expect(lines.toSorted()).toEqual([
      'resk_http_failures_total{route="/api/cache/entries/:key",code="cache.entry_absent"} 1',
      'resk_http_failures_total{route="/api/cache/query",code="auth.missing"} 1',
      'resk_http_failures_total{route="/api/cache/query",code="request.invalid"} 1',
      'resk_http_failures_total{route="unmatched",code="request.not_found"} 1',
    ]);
    await server.stop();
  });
});

describe('what the metrics tell of keys', () => {
  it('is how many are overdue, once they are too old, and nothing where nothing is sealed', async () => {
    const plain = await startTestServer();
    expect((await plain.send('GET', '/api/metrics')).text).not.toMatch(/^resk_keys_\w+ /m);
    await plain.stop();
    const dataDir = await mkdtemp(join(tmpdir(), 'resk-keys-'));
    const sealed = { DATA_DIR: dataDir, CACHE_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64') };
    const first = await startTestServer(sealed);
    await first.send('POST', '/api/cache', { body: { query: 'x', response: 'y' } });
    await first.stop();
    const second = await startTestServer(sealed);
    const told = async () => (await second.send('GET', '/api/metrics')).text;
    await expect.poll(told).toMatch(/^resk_keys_oldest_age_seconds \d/m);
    expect(await told()).toContain('resk_keys_rotation_overdue 0\n');
    await second.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
});

describe('readiness', () => {
  it('speaks of the parts that there are, and ends when the server stops', async () => {
    const server = await startTestServer();
    expect(await server.send('GET', '/health/ready')).toMatchObject({
      status: 200,
      json: {
        status: 'ok',
        checks: expect.arrayContaining([
          { name: 'cache', ok: true, critical: false },
          { name: 'vectordb', ok: true, critical: false },
        ]),
      },
    });
    await server.stop();
    const without = await startTestServer({ ...small, READY_REQUIRES: 'cache' });
    expect((await without.send('GET', '/health/ready')).json.checks).toEqual([
      { name: 'cache', ok: true, critical: true },
    ]);
    await without.stop();
  });
});

describe('the log', () => {
  const KEY = 'sk-never-to-be-seen';
  const QUESTION = 'my pin is 4711';
  let lines: string[];
  let folder: string;
  let openai: OpenAiDouble;
  let server: RunningServer;
  let token: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'resk-log-'));
    openai = await OpenAiDouble.start();
    const env = {
      DATA_DIR: folder,
      PORT: '0',
      LOG_LEVEL: 'debug',
      CACHE_BACKEND: 'memory',
      EMBEDDING_PROVIDER: 'openai',
      EMBEDDING_BASE_URL: openai.url,
      EMBEDDING_API_KEY: KEY,
      EMBEDDING_DIMENSIONS: '8',
      EMBEDDING_RETRIES: '0',
    };
    const config = readConfig(sections, environmentSources({ env, envFile: false }));
    const destination = { write: (line: string) => void lines.push(line) };
    lines = [];
    server = await startServer(config, createLogger(config.observability, { destination }));
    const secret = signingSecret(config.auth, folder)!;
    token = mintToken({ secret, subject: 's', tenant: 't', scopes: SCOPES, ttlMs: 60_000 });
    await post('/api/vectors/upsert', { documents: [{ id: 'd', text: 'a document' }] });
  });
  beforeEach(() => {
    lines = [];
  });
  afterAll(async () => {
    await server.stop();
    await openai.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const post = (path: string, body: object) =>
    send(server.url + path, 'POST', { body, token, headers: { 'x-correlation-id': 'log-1' } });
  const logged = () => lines.map((line) => JSON.parse(line));

  it('tells a failed provider as a warning, with the correlation id, the code and the route', async () => {
    openai.next(behaving.unauthorised());
    expect((await post('/api/cache/query', { query: QUESTION })).status).toBe(502);
    expect(logged()).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        correlationId: 'log-1',
        code: 'embedding.provider_unauthorised',
        route: '/api/cache/query',
        status: 502,
      }),
    );
  });

  it('tells a fault as an error, of which the caller learns nothing', async () => {
    openai.next(behaving.withDimensions(9));
    const reply = await post('/api/embeddings', { input: QUESTION });
    expect(reply).toMatchObject({ status: 500, json: { correlationId: 'log-1' } });
    expect(reply.text).not.toContain('EMBEDDING_DIMENSIONS');
    expect(logged()).toContainEqual(
      expect.objectContaining({ level: 'error', code: 'embedding.dimension_mismatch', correlationId: 'log-1' }),
    );
  });

  it('tells every reply at the level debug, by route and status', async () => {
    await post('/api/cache', { query: QUESTION, response: 'x' });
    const line = { level: 'debug', correlationId: 'log-1', method: 'POST', route: '/api/cache', status: 200 };
    await expect.poll(logged).toContainEqual(expect.objectContaining(line));
  });

  it('never tells a question, an answer, a key or a token', async () => {
    openai.next(behaving.serverError());
    await post('/api/cache/query', { query: QUESTION });
    openai.next(behaving.refusingText(QUESTION, { named: true }));
    await post('/api/cache/query', { query: QUESTION });
    await post('/api/cache', { query: QUESTION, response: 'the answer is 42', ttl: 0 });
    await post('/api/cache', { query: QUESTION, response: 'the answer is 42' });
    expect(lines.length).toBeGreaterThan(0);
    for (const told of ['4711', 'the answer is', KEY, token.split('.')[2]!]) expect(lines.join('')).not.toContain(told);
  });
});
