// A Text Embeddings Inference server says what it holds, and what it refuses has one meaning.
import { afterEach, describe, expect, test } from 'vitest';
import { openEmbedder } from '#embeddings';
import { vectorOf } from '../../../test/doubles/openai.js';
import { type TeiDoubleOptions, TeiEmbeddingsDouble } from '../../../test/doubles/tei-embeddings.js';
import { teiProvider } from '../src/providers/tei.js';
import { aConfig, anEmbedder, opened } from './builders.js';

const doubles: TeiEmbeddingsDouble[] = [];
async function aServer(options: TeiDoubleOptions = {}) {
  const double = await TeiEmbeddingsDouble.start(options);
  doubles.push(double);
  return double;
}
afterEach(async () => {
  for (const double of doubles.splice(0)) {
    await double.stop();
    expect(double.complaints).toEqual([]);
  }
});

async function aModel(server: TeiDoubleOptions = {}, options: Record<string, unknown> = {}) {
  const double = await aServer(server);
  return { double, model: await opened(teiProvider, { baseUrl: double.url, ...options }) };
}

describe('a model', () => {
  test('is what the server says, with its limits', async () => {
    const { model } = await aModel({
      modelId: 'intfloat/e5-small-v2',
      servedName: 'small',
      maxBatch: 7,
      autoTruncate: true,
    });
    expect(model).toMatchObject({
      provider: 'tei',
      model: 'small',
      version: 'intfloat/e5-small-v2@fca14538aa9956a46526bd1d0d11d69e19b5a101',
      dimensions: undefined,
      maxBatch: 7,
      maxInputTokens: 512,
      maxParallel: 512,
      truncates: true,
      normalised: true,
      prefixes: { query: 'query: ', document: 'passage: ' },
      remote: true,
    });
    await model.embed(['one']);
    expect(model.dimensions).toBe(8);
  });

  test('of a folder has no revision to tell', async () => {
    const { model } = await aModel({ modelId: '/data/model', modelSha: null, servedName: 'ours' });
    expect(model).toMatchObject({ model: 'ours', version: '/data/model' });
    expect(model.prefixes).toBeUndefined();
  });

  test.each([
    [{ model: 'acme/small' }, { model: 'acme/small' }],
    [{ dimensions: 4 }, { dimensions: 4, version: 'acme/small@fca14538aa9956a46526bd1d0d11d69e19b5a101/4' }],
    [{ truncate: true }, { truncates: true }],
    [{ normalize: false }, { normalised: false }],
  ])('follows its options: %j', async (options, expected) => {
    const { model } = await aModel({}, options);
    expect(model).toMatchObject(expected);
  });

  test.each([
    [{}, { model: 'other' }, 'model: the server holds acme/small'],
    [{ sort: 'reranker' as const }, {}, 'makes no embeddings'],
  ])('that is not the expected one stops the boot: %#', async (server, options, says) => {
    await expect(aModel(server, options)).rejects.toMatchObject({
      code: 'provider.options',
      message: expect.stringContaining(says),
    });
  });
});

describe('a request', () => {
  test('carries the texts, and what was chosen', async () => {
    const { double, model } = await aModel({}, { dimensions: 4, truncate: true, normalize: false });
    const { vectors, tokens } = await model.embed(['one two three', 'two']);
    expect(double.asked).toEqual([
      { inputs: ['one two three', 'two'], normalize: false, truncate: true, dimensions: 4 },
    ]);
    expect([...vectors[1]!]).toEqual(vectorOf('two', 4).map((one) => one * 2));
    expect(tokens).toBe(5);
  });

  test('names the model’s own prompt for its purpose, and no other prefix is put before', async () => {
    const server = { modelId: 'intfloat/e5-small-v2', prompts: { ask: 'query: ', tell: 'passage: ' } };
    const { double, model } = await aModel(server, { prompts: { query: 'ask', document: 'tell' } });
    const embedder = anEmbedder(model);
    const { vectors } = await embedder.embed(['one'], { purpose: 'query' });
    await embedder.embed(['one'], { purpose: 'document' });
    await embedder.embed(['one']);
    expect(double.asked.map((one) => one.prompt_name)).toEqual(['ask', 'tell', undefined]);
    expect([...vectors[0]!]).toEqual(vectorOf('query: one', 8));
    expect(model.version).toContain('"query":"ask"');
  });

  test('has the prefix of its purpose, which is part of the version', async () => {
    const { double, model } = await aModel({ modelId: 'intfloat/e5-small-v2' });
    const embedder = anEmbedder(model);
    await embedder.embed(['one'], { purpose: 'query' });
    await embedder.embed(['one'], { purpose: 'document' });
    expect(double.asked.map((one) => one.inputs)).toEqual([['query: one'], ['passage: one']]);
    expect(embedder.version).toMatch(/^intfloat\/e5-small-v2@\w+\+[0-9a-f]{8}$/);
    expect(anEmbedder(model, { queryPrefix: 'q: ' }).version).not.toBe(embedder.version);
  });
});

describe('a refusal', () => {
  test.each([
    [
      'a text too long',
      { maxInputTokens: 4 },
      ['a', 'x'.repeat(99)],
      'embedding.input_refused',
      { position: 'unknown' },
    ],
    ['the only text, too long', { maxInputTokens: 4 }, ['x'.repeat(99)], 'embedding.input_refused', { position: 0 }],
    ['another key', { apiKey: 'other' }, ['a'], 'embedding.provider_unauthorised', {}],
  ])('of %s', async (_, server, texts, code, facts) => {
    const double = await aServer(server);
    const opening = opened(teiProvider, { baseUrl: double.url });
    const outcome = opening.then((model) => model.embed(texts));
    await expect(outcome).rejects.toMatchObject({ code, facts });
  });

  test('of a prompt that the model does not hold is no fault of the text', async () => {
    const { model } = await aModel({}, { prompts: { query: 'ask' } });
    await expect(model.embed(['one'], { purpose: 'query' })).rejects.toMatchObject({
      code: 'embedding.provider_failed',
      facts: { reason: 'status 422, Tokenizer' },
    });
  });

  test('of a whole batch as too many is met by its halves', async () => {
    const { double, model } = await aModel({ maxBatch: 4 });
    Object.assign(double.settings, { maxBatch: 2 });
    const { vectors } = await anEmbedder(model).embed(['a', 'b', 'c', 'd']);
    expect(vectors).toHaveLength(4);
    expect(double.asked.map(({ inputs }) => inputs.length)).toEqual([4, 2, 2]);
  });

  test('of one text among many is that text’s alone', async () => {
    const { model } = await aModel({ maxInputTokens: 4 });
    await expect(anEmbedder(model).embed(['a', 'b', 'x'.repeat(99), 'd'])).rejects.toMatchObject({
      code: 'embedding.input_refused',
      facts: { position: 2 },
    });
  });
});

describe('a gateway that forwards /embed alone', () => {
  test('is taken at the operator’s word', async () => {
    const double = await aServer({ modelId: 'intfloat/e5-small-v2' });
    double.next({ status: 404 });
    const model = await opened(teiProvider, { baseUrl: double.url, model: 'intfloat/e5-small-v2' });
    expect(model).toMatchObject({ version: 'intfloat/e5-small-v2', maxBatch: 32, prefixes: { query: 'query: ' } });
    await expect(model.embed(['one'])).resolves.toMatchObject({ tokens: 1 });
  });

  test('stops the boot where nobody says what it holds', async () => {
    const double = await aServer();
    double.next({ status: 405 });
    await expect(opened(teiProvider, { baseUrl: double.url })).rejects.toMatchObject({
      code: 'provider.options',
      message: expect.stringContaining('EMBEDDING_MODEL'),
    });
  });
});

describe('a server that is down at boot', () => {
  test('is asked what it holds when it is back', async () => {
    const double = await aServer({ apiKey: 'key' });
    double.next({ status: 503 }, { status: 503 });
    const embedder = await openEmbedder(
      aConfig({ EMBEDDING_PROVIDER: 'tei', EMBEDDING_BASE_URL: double.url, EMBEDDING_API_KEY: 'key' }),
      { plugins: [] },
    );
    expect(embedder.tag).toEqual({ provider: 'tei', model: 'served', version: '' });
    await embedder.embed(['one']);
    expect(embedder.tag).toMatchObject({ model: 'acme/small', version: expect.stringContaining('@') });
    await embedder.close();
  });

  test('does not keep a boot that is given up', async () => {
    const double = await aServer();
    double.always('hang');
    const boot = new AbortController();
    const opening = opened(teiProvider, { baseUrl: double.url }, { signal: boot.signal });
    await expect.poll(() => double.requests.length).toBe(1);
    boot.abort(new Error('stopping'));
    await expect(opening).rejects.toThrow('stopping');
  });
});
