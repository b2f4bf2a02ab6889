// A model from a local folder embeds in this process, and says of itself what its folder says.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Embedder, openEmbedder } from '#embeddings';
import { embeddingModelContract } from '#ports';
import { type TinyModel, tinyEmbeddingModel } from '../../../test/support/tiny-model.js';
import { onnxProvider } from '../src/providers/onnx.js';
import { aConfig } from './builders.js';

const PREFIXES = { query: 'query: ', document: 'passage: ' };

let tiny: TinyModel;
let prefixed: TinyModel;
beforeAll(async () => {
  tiny = await tinyEmbeddingModel();
  prefixed = await tinyEmbeddingModel({ files: { 'config_sentence_transformers.json': { prompts: PREFIXES } } });
});
const opened: Embedder[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});
afterAll(() => Promise.all([tiny.remove(), prefixed.remove()]));

const open = (folder = tiny.folder, options: object = {}) =>
  onnxProvider.open({ model: folder, threads: 1, ...options }, {});

async function anEmbedder(env: Record<string, string> = {}) {
  const usual = { EMBEDDING_PROVIDER: 'onnx', EMBEDDING_MODEL: tiny.folder, EMBEDDING_OPTIONS: '{"threads":1}' };
  const embedder = await openEmbedder(aConfig({ ...usual, ...env }), { plugins: [] });
  opened.push(embedder);
  return embedder;
}

describe('keeps the contract', () => {
  for (const { name, run } of embeddingModelContract(() => open())) test(name, run);
});

describe('knows of itself', () => {
  test('what its folder says', async () => {
    const model = await open();
    expect(model).toMatchObject({
      provider: 'onnx',
      model: tiny.folder.split('/').at(-1),
      version: expect.stringMatching(/^[0-9a-f]{16}$/),
      dimensions: 16,
      maxInputTokens: 64,
      truncates: true,
      normalised: true,
      remote: false,
    });
    expect(model.prefixes).toBeUndefined();
    await model.close();
  });

  test('which prefixes it wants', async () => {
    const model = await open(prefixed.folder);
    expect(model.prefixes).toEqual(PREFIXES);
    await model.close();
  });

  test('that it is another version where the operator changes what it computes', async () => {
    const [usual, changed] = [await open(), await open(tiny.folder, { pooling: 'cls', normalise: false })];
    expect(changed.version).toBe(`${usual.version}/pooling=cls/normalise=false`);
    expect(changed.normalised).toBe(false);
    await Promise.all([usual.close(), changed.close()]);
  });
});

test('vectors cost no tokens, whatever is read', async () => {
  const model = await open();
  expect((await model.embed(['where is my card'])).tokens).toBe(0);
  await model.close();
});

test('a model that fails while it runs is a provider that failed; who leaves is told by his own reason', async () => {
  const model = await open();
  const leaving = new AbortController();
  const waiting = model.embed(['a'], { signal: leaving.signal });
  leaving.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  await model.close();
  await expect(model.embed(['a'])).rejects.toMatchObject({ code: 'embedding.provider_failed' });
});

describe('behind the embedder', () => {
  test('embeds what the configuration names', async () => {
    const embedder = await anEmbedder();
    expect(embedder).toMatchObject({ provider: 'onnx', dimensions: 16, billed: false });
    const { vectors } = await embedder.embed(['card', 'snow', 'card']);
    expect(vectors[0]).toEqual(vectors[2]);
    expect(vectors[0]).not.toEqual(vectors[1]);
  });

  test('stops the boot by another dimension than is expected', async () => {
    await expect(anEmbedder({ EMBEDDING_DIMENSIONS: '384' })).rejects.toMatchObject({
      code: 'embedding.dimension_mismatch',
      facts: { expected: 384, received: 16 },
    });
  });

  test.each([
    [{ EMBEDDING_MODEL: '/nowhere/minilm' }, 'model.unusable', /minilm cannot be used: its folder cannot be read/],
    [{ EMBEDDING_MODEL: ' ' }, 'provider.options', /must name the folder of the model/],
    [{ EMBEDDING_OPTIONS: '{"pooling":"weighted"}' }, 'provider.options', /pooling/],
  ])('stops the boot by what cannot be used: %j', async (env, code, says) => {
    await expect(anEmbedder(env)).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
  });
});
