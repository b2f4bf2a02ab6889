// The story of a question over every model that has a name: embedded, kept, served while the vendor is away; and read again.
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { azureDoor } from '../doubles/azure-openai.js';
import { CohereDouble } from '../doubles/cohere.js';
import { Misbehaving } from '../doubles/misbehaving.js';
import { OpenAiDouble } from '../doubles/openai.js';
import { TeiEmbeddingsDouble } from '../doubles/tei-embeddings.js';
import { TeiRerankerDouble } from '../doubles/tei-reranker.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { tinyEmbeddingModel, tinyReranker } from '../support/tiny-model.js';

const KEY = 'never-to-be-seen';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
const held = <T>(one: T, stop: (one: T) => Promise<unknown>): T => {
  stops.push(() => stop(one));
  return one;
};

interface Double {
  url: string;
  complaints?: string[];
  stop(): Promise<void>;
}

/** The double behind a proxy that may misbehave. */
async function inFrontOf<D extends Double>(double: D, url = double.url) {
  held(double, (one) => one.stop());
  return held(await Misbehaving.inFrontOf(url), (one) => one.stop());
}

const DOCUMENTS = ['where is my card', 'when does the office open', 'snow falls in the mountains'].map((text) => ({
  id: text,
  text,
}));

async function aServer(env: Record<string, string>): Promise<TestServer> {
  const life = { CACHE_TTL: '1s', CACHE_TTL_JITTER: '0', CACHE_STALE: '1h' };
  const near = { VECTOR_THRESHOLD: '0.97', EMBEDDING_CACHE: 'off' };
  const server = await startTestServer({ ...life, ...near, EMBEDDING_RETRIES: '0', ...env });
  stops.push(() => server.stop());
  const { json } = await server.send('POST', '/api/vectors/upsert', { body: { documents: DOCUMENTS } });
  expect(json).toEqual({ upserted: 3 });
  return server;
}

const ask = async (server: TestServer, query: string, vector?: object) =>
  server.send('POST', '/api/cache/query', { body: { query, ...(vector && { vector }) } });

describe.each<[string, () => Promise<{ env: Record<string, string>; double: Double; between: Misbehaving }>]>([
  [
    'openai',
    async () => {
      const double = await OpenAiDouble.start({ apiKey: KEY });
      const between = await inFrontOf(double, double.origin);
      return { double, between, env: { EMBEDDING_BASE_URL: `${between.url}/v1`, EMBEDDING_DIMENSIONS: '8' } };
    },
  ],
  [
    'azure-openai',
    async () => {
      const double = await OpenAiDouble.start({ door: azureDoor({ deployment: 'ours', apiKey: KEY }) });
      const between = await inFrontOf(double, double.origin);
      return { double, between, env: { EMBEDDING_BASE_URL: between.url, EMBEDDING_MODEL: 'ours' } };
    },
  ],
  [
    'tei',
    async () => {
      const double = await TeiEmbeddingsDouble.start({ apiKey: KEY });
      const between = await inFrontOf(double);
      return { double, between, env: { EMBEDDING_BASE_URL: between.url } };
    },
  ],
  [
    'sentence-transformers',
    async () => {
      const double = await TeiEmbeddingsDouble.start({ apiKey: KEY });
      const between = await inFrontOf(double);
      return { double, between, env: { EMBEDDING_BASE_URL: between.url } };
    },
  ],
  [
    'huggingface',
    async () => {
      const double = await TeiEmbeddingsDouble.start({ apiKey: KEY });
      const between = await inFrontOf(double);
      return { double, between, env: { EMBEDDING_BASE_URL: between.url, EMBEDDING_MODEL: 'acme/small' } };
    },
  ],
])('embeddings of %s', (provider, start) => {
  test('a question is embedded once, kept, served stale while the vendor is away, and embedded again', async () => {
    const { env, double, between } = await start();
    const server = await aServer({ EMBEDDING_PROVIDER: provider, EMBEDDING_API_KEY: KEY, ...env });
    const first = (await ask(server, 'where is my card')).json;
    expect(first).toMatchObject({ hit: false, source: 'vectordb', result: { matches: [{ id: 'where is my card' }] } });
    expect((await ask(server, 'where is my card')).json).toMatchObject({ hit: true, source: 'cache' });

    await pause(1100);
    between.always({ status: 503, body: { error: { message: `of the vendor, with ${KEY}` } } });
    const stale = await ask(server, 'where is my card');
    expect(stale.json).toMatchObject({ status: 'stale', result: first.result });
    const away = await ask(server, 'when does the office open');
    expect(away).toMatchObject({ status: 502, json: { code: 'embedding.provider_failed' } });
    expect(away.text).not.toMatch(/of the vendor|never-to-be-seen|127\.0\.0\.1/);

    between.always();
    expect((await ask(server, 'when does the office open')).json).toMatchObject({ source: 'vectordb' });
    const { json } = await server.send('GET', `/api/usage?from=${new Date().toISOString().slice(0, 10)}`, {});
    expect(JSON.stringify(json)).toContain(`"provider":"${provider}"`);
    expect(double.complaints ?? []).toEqual([]);
  });
});

test('vectors are remembered a tenant, and forgotten with the first person who is erased', async () => {
  const double = held(await OpenAiDouble.start({ apiKey: KEY }), (one) => one.stop());
  const settings = { EMBEDDING_PROVIDER: 'openai', EMBEDDING_API_KEY: KEY, EMBEDDING_DIMENSIONS: '8' };
  const server = await aServer({ ...settings, EMBEDDING_BASE_URL: double.url, EMBEDDING_CACHE: 'memory' });
  const text = 'Ann likes tea.';
  const calls = async (tenant: string) => {
    const before = double.requests.length;
    const token = server.token({ tenant });
    await server.send('POST', '/api/embeddings', { token, body: { input: text } });
    return double.requests.length - before;
  };
  const documents = [{ id: 'ann', text, subject: 'ann' }];
  await server.send('POST', '/api/vectors/upsert', { body: { documents } });
  expect([await calls('default'), await calls('other'), await calls('other')]).toEqual([0, 1, 0]);
  await server.send('DELETE', '/api/privacy/subjects/ann', {});
  expect([await calls('default'), await calls('other')]).toEqual([1, 0]);
});

test('embeddings of onnx: a question is embedded in this process, and kept', async () => {
  const model = held(await tinyEmbeddingModel(), (one) => one.remove());
  const server = await aServer({ EMBEDDING_PROVIDER: 'onnx', EMBEDDING_MODEL: model.folder });
  const first = await ask(server, 'where is my card');
  expect(first.json).toMatchObject({ source: 'vectordb', result: { matches: [{ id: 'where is my card' }] } });
  expect(first.text).not.toContain(model.folder);
  expect((await ask(server, 'where is my card')).json).toMatchObject({ hit: true, source: 'cache' });
});

describe.each<[string, () => Promise<{ env: Record<string, string>; between?: Misbehaving }>]>([
  [
    'tei',
    async () => {
      const between = await inFrontOf(await TeiRerankerDouble.start({ apiKey: KEY }));
      return { between, env: { RERANK_URL: between.url } };
    },
  ],
  [
    'cohere',
    async () => {
      const double = await CohereDouble.start({ apiKey: KEY });
      const between = await inFrontOf(double);
      return { between, env: { RERANK_URL: double.base.replace(double.url, between.url) } };
    },
  ],
  [
    'onnx',
    async () => {
      const model = held(await tinyReranker(), (one) => one.remove());
      return { env: { RERANK_MODEL: model.folder } };
    },
  ],
])('the reranker %s', (provider, start) => {
  test('reads question and documents, its time stands in the reply, and while it is away that is told', async () => {
    const { env, between } = await start();
    const key: Record<string, string> = between ? { RERANK_API_KEY: KEY } : {};
    const server = await aServer({ RERANK_PROVIDER: provider, VECTOR_THRESHOLD: '0', ...key, ...env });
    const wanted = { k: 2, rerank: true };
    const { json } = await ask(server, 'where is my card', wanted);
    const scores = json.result.matches.map(({ score }: { score: number }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(json.latencies).toMatchObject({ rerank: expect.any(Number), vectordb: expect.any(Number) });
    expect((await ask(server, 'where is my card', wanted)).json).toMatchObject({ hit: true, result: json.result });
    if (!between) return;
    between.always({ status: 503, body: { message: `of the vendor, with ${KEY}` } });
    const away = await ask(server, 'when does the office open', wanted);
    expect(away).toMatchObject({ status: 502, json: { code: 'rerank.provider_failed' } });
    expect(away.text).not.toMatch(/of the vendor|never-to-be-seen|127\.0\.0\.1/);
    // What asks for no reranker needs none.
    expect((await ask(server, 'when does the office open')).json).toMatchObject({ source: 'vectordb' });
  });
});

test('without a reranker, a question that asks for one is told so', async () => {
  const server = await aServer({});
  const refused = await ask(server, 'where is my card', { rerank: true });
  expect(refused).toMatchObject({ status: 400, json: { code: 'rerank.disabled' } });
});
