// Hugging Face's service is called as it is documented, and what it refuses has one meaning.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '#ports';
import { vectorOf } from '../../../test/doubles/openai.js';
import { TeiEmbeddingsDouble } from '../../../test/doubles/tei-embeddings.js';
import { huggingFaceProvider } from '../src/providers/huggingface.js';
import { huggingFaceMeaning } from '../src/providers/huggingface-failures.js';
import { anEmbedder, opened } from './builders.js';

let double: TeiEmbeddingsDouble;
beforeAll(async () => {
  double = await TeiEmbeddingsDouble.start({
    apiKey: 'hf_test',
    modelId: 'intfloat/e5-small-v2',
    prompts: { q: 'query: ' },
  });
});
afterEach(() => {
  expect(double.complaints).toEqual([]);
  double.reset();
});
afterAll(() => double.stop());

const aModel = (options: Record<string, unknown> = {}) =>
  opened(huggingFaceProvider, {
    baseUrl: `${double.url}/hf-inference/models/intfloat/e5-small-v2/pipeline/feature-extraction`,
    apiKey: new Secret('hf_test'),
    model: 'intfloat/e5-small-v2',
    ...options,
  });

describe('a model', () => {
  test('is what its name says, with the prefixes that its card asks for', async () => {
    const model = await aModel();
    expect(model).toMatchObject({
      provider: 'huggingface',
      model: 'intfloat/e5-small-v2',
      version: 'intfloat/e5-small-v2',
      maxBatch: 32,
      normalised: true,
      prefixes: { query: 'query: ', document: 'passage: ' },
      remote: true,
    });
    expect(model.truncates).toBeUndefined();
  });

  test.each([
    [{ maxBatch: 8 }, { maxBatch: 8 }],
    [{ truncate: true }, { truncates: true }],
    [{ normalize: false }, { normalised: false }],
    [{ dimensions: 8 }, { dimensions: 8 }],
    [{ prompts: { query: 'q' } }, { version: 'intfloat/e5-small-v2/{"query":"q"}' }],
  ])('follows its options: %j', async (options, expected) => {
    expect(await aModel(options)).toMatchObject(expected);
  });

  test('is one of the Hub', async () => {
    await expect(aModel({ model: '../admin' })).rejects.toThrow('name of a model');
  });

  test('is called at the service unless another address is set', async () => {
    const model = await opened(huggingFaceProvider, { apiKey: new Secret('hf_test') });
    expect(model).toMatchObject({ model: 'BAAI/bge-small-en-v1.5' });
    await model.close();
  });
});

describe('a request', () => {
  test('carries the key, the texts, the prompt and who is billed', async () => {
    const model = await aModel({ prompts: { query: 'q' }, billTo: 'our-organisation', truncate: true });
    const { vectors } = await model.embed(['one'], { purpose: 'query' });
    expect(double.requests[0]).toMatchObject({
      target: '/hf-inference/models/intfloat/e5-small-v2/pipeline/feature-extraction',
      headers: { authorization: 'Bearer hf_test', 'x-hf-bill-to': 'our-organisation' },
    });
    expect(double.asked).toEqual([{ inputs: ['one'], normalize: true, truncate: true, prompt_name: 'q' }]);
    expect([...vectors[0]!]).toEqual(vectorOf('query: one', 8));
  });
});

describe('a reply', () => {
  test.each([
    [
      'vectors of tokens',
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
      /the model has no pooling/,
    ],
    ['something else', { vectors: [] }, /not one list of numbers a text/],
  ])('of %s is told apart', async (_, body, says) => {
    double.next({ status: 200, body });
    const model = await aModel();
    await expect(model.embed(['one'])).rejects.toMatchObject({
      code: 'embedding.reply_invalid',
      facts: { reason: expect.stringMatching(says) },
    });
  });
});

describe('a refusal', () => {
  test.each([
    [401, '', 'unauthorised'],
    [402, '{"error":"You have exceeded your monthly included credits"}', 'exhausted'],
    [404, 'Not Found', { reason: 'status 404, no such model is served for feature extraction' }],
    [
      503,
      '{"error":"Model x is currently loading","estimated_time":20.5}',
      { reason: 'status 503, the model is being loaded', retryAfterMs: 20_500 },
    ],
    [503, '<html>', { reason: 'status 503' }],
    [413, '{"error":"`inputs` must have less than 512 tokens","error_type":"Validation"}', { refusedInput: 'unknown' }],
    [500, '{"error":"x","error_type":"one two"}', { reason: 'status 500' }],
  ])('%i %s', (status, body, meaning) => {
    expect(huggingFaceMeaning(status, body, 2)).toEqual(meaning);
  });

  test('while the model is being loaded is waited out', async () => {
    double.next({ status: 503, body: { error: 'Model x is currently loading', estimated_time: 0.01 } });
    const embedder = anEmbedder(await aModel(), { retries: 1, random: () => 0 });
    await expect(embedder.embed(['one'])).resolves.toMatchObject({ vectors: [expect.any(Float32Array)] });
    await embedder.close();
  });
});
