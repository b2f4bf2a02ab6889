// What a model reads is cut, padded and pooled rightly: the same vectors as computed by hand, whatever stands beside a text.
import { afterEach, describe, expect, test } from 'vitest';
import {
  type TinyModel,
  type TinyModelOptions,
  tinyEmbeddingModel,
  tinyReranker,
} from '../../../test/support/tiny-model.js';
import { Inference, type InferenceSpec } from '../src/inference.js';
import { aSpec, cosine, lengthOf } from './builders.js';

const made: { remove(): Promise<void> }[] = [];
const loaded: Inference[] = [];
afterEach(async () => {
  await Promise.all(loaded.splice(0).map((one) => one.close()));
  await Promise.all(made.splice(0).map((one) => one.remove()));
});

async function anInference(make: () => Promise<TinyModel>, more: Partial<InferenceSpec> = {}) {
  const tiny = await make();
  made.push(tiny);
  const inference = await Inference.load(await aSpec(tiny.folder, more));
  loaded.push(inference);
  return inference;
}

const embedding = (more: Partial<InferenceSpec> = {}, o: TinyModelOptions = {}) =>
  anInference(() => tinyEmbeddingModel(o), more);

async function vectorsOf(inference: Inference, texts: string[]): Promise<Float32Array[]> {
  const { values, width } = await inference.embed(texts);
  return texts.map((_, at) => values.slice(at * width, (at + 1) * width));
}

describe('a vector', () => {
  test('is the same whatever stands beside its text, and in their order', async () => {
    const inference = await embedding();
    const texts = ['card', 'where is my new card now on its way', 'snow', 'the office'];
    const together = await vectorsOf(inference, texts);
    for (const [at, text] of texts.entries()) {
      const [alone] = await vectorsOf(inference, [text]);
      for (const [i, one] of alone!.entries()) expect(together[at]![i]).toBeCloseTo(one, 5);
    }
  });

  test('has unit length where the model says so, and the same direction where not', async () => {
    const [unit] = await vectorsOf(await embedding(), ['where is my card']);
    const [raw] = await vectorsOf(await embedding({ normalise: false }), ['where is my card']);
    expect(lengthOf(unit!)).toBeCloseTo(1, 5);
    expect(lengthOf(raw!)).not.toBeCloseTo(1, 2);
    expect(cosine(unit!, raw!)).toBeCloseTo(1, 5);
  });

  test('is of its tokens alone, for each way to pool', async () => {
    // "snow" is one token: [CLS] snow [SEP]. By the first, the last, and one after the other, all is known.
    const pooled = async (pooling: InferenceSpec['pooling'], maxTokens = 64) =>
      (
        await vectorsOf(await embedding({ pooling, normalise: false, maxTokens }), ['snow', 'where is my new card'])
      )[0]!;
    const [mean, cls, last, max] = [
      await pooled('mean'),
      await pooled('cls'),
      await pooled('lasttoken'),
      await pooled('max'),
    ];
    const snow = mean.map((one, at) => 3 * one - cls[at]! - last[at]!);
    for (const [at, one] of max.entries()) expect(one).toBeCloseTo(Math.max(cls[at]!, snow[at]!, last[at]!), 4);
    expect(cls).not.toEqual(last);
  });

  test('that the graph pools itself is taken as it is', async () => {
    const inference = await embedding({ normalise: false }, { pooled: true });
    const plain = await embedding({ normalise: false });
    const [sum, mean] = [await vectorsOf(inference, ['snow']), await vectorsOf(plain, ['snow'])];
    for (const [at, one] of sum[0]!.entries()) expect(one).toBeCloseTo(3 * mean[0]![at]!, 4);
  });
});

test('what a graph gives is found by whatever name it has', async () => {
  const [named, usual] = [await embedding({}, { output: 'token_embeddings' }), await embedding()];
  expect(await vectorsOf(named, ['snow'])).toEqual(await vectorsOf(usual, ['snow']));
  const judge = await anInference(() => tinyReranker({ output: 'scores' }));
  expect([...(await judge.score('my card', ['card'])).values]).toEqual([-2]);
});

describe('a text that is too long', () => {
  test('is cut, and still closed as the model expects', async () => {
    const inference = await embedding({ maxTokens: 4, pooling: 'lasttoken' });
    const { tokens } = await inference.embed(['where is my new card']);
    expect(tokens).toBe(4);
    const [cut, whole] = await vectorsOf(inference, ['where is my new card', 'where is']);
    expect(cosine(cut!, whole!)).toBeCloseTo(1, 5);
  });

  test('is not read to its end for its tokens', async () => {
    const inference = await embedding({ maxTokens: 8 });
    const { tokens } = await inference.embed(['snow '.repeat(100_000)]);
    expect(tokens).toBe(8);
  });
});

test('many long texts are read some at a time', async () => {
  const inference = await embedding();
  const texts = Array.from({ length: 150 }, (_, at) => (at % 2 ? 'where is my card '.repeat(20) : 'snow'));
  const vectors = await vectorsOf(inference, texts);
  const [long, short] = await vectorsOf(inference, [texts[1]!, texts[0]!]);
  for (const [at, vector] of vectors.entries()) expect(cosine(vector, at % 2 ? long! : short!)).toBeCloseTo(1, 5);
});

describe('a cross-encoder', () => {
  test('reads question and text together, apart from each other', async () => {
    const inference = await anInference(() => tinyReranker());
    const { values, width, tokens } = await inference.score('where is my card', [
      'my card',
      'snow',
      'where is my new card',
    ]);
    expect([...values]).toEqual([-1, -3, 1]);
    expect([width, tokens]).toEqual([1, 3 * 6 + 3 + 2 + 6]);
  });

  test('loses the end of a text that is too long, not the question', async () => {
    const inference = await anInference(() => tinyReranker(), { maxTokens: 10 });
    const { values, tokens } = await inference.score('where is my card', [
      'my card',
      `snow falls in ${'where '.repeat(50)}`,
    ]);
    expect([...values]).toEqual([-1, -3]);
    expect(tokens).toBe(9 + 10);
  });
});

test('nothing is fetched: a model that is not there fails', async () => {
  const spec = await aSpec((await tinyOnce()).folder);
  await expect(Inference.load({ ...spec, folder: '/nowhere/at/all' })).rejects.toThrow();
});

test('a run that fails prints nothing of what was read', async () => {
  const inference = await embedding();
  // A token that the table does not hold fails inside the graph, where the runtime would log its input.
  Object.assign(inference, { tokenizer: () => ({ input_ids: [123_456] }) });
  const printed: unknown[] = [];
  const console_ = { ...console };
  for (const name of ['log', 'warn', 'error', 'info', 'debug'] as const) console[name] = (...all) => printed.push(all);
  await expect(inference.embed(['secret'])).rejects.toThrow();
  Object.assign(console, console_);
  expect(printed).toEqual([]);
});

async function tinyOnce() {
  const tiny = await tinyEmbeddingModel();
  made.push(tiny);
  return tiny;
}
