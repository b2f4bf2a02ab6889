// Texts become vectors once each, in batches, some at a time, in order, and nothing odd gets through.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Embedder } from '#embeddings';
import { type Announcements, failure, listen } from '#ports';
import { anEmbedder, LengthModel } from './builders.js';

const calls: Announcements['provider.call'][] = [];
let stop: () => void;
beforeEach(() => {
  calls.length = 0;
  stop = listen('provider.call', (message) => calls.push(message));
});
afterEach(() => stop());

/** Texts of different lengths, so that the model gives each its own vector. */
const lengths = (count: number) => Array.from({ length: count }, (_, at) => 'x'.repeat(at + 1));
const refuse = (position: number) => failure('embedding.input_refused', { provider: 'length', position });

describe.each([
  ['remote', true],
  ['local', false],
])('around a %s model', (_, remote) => {
  test('gives every text its vector in order, whatever the batches', async () => {
    const model = new LengthModel(remote);
    const { vectors, tokens } = await anEmbedder(model, { batchSize: 3 }).embed(lengths(10));
    expect(vectors.map((vector) => vector[0])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(model.calls.map((one) => one.texts.length)).toEqual([3, 3, 3, 1]);
    expect(tokens).toBe(10);
  });

  test('embeds equal texts once', async () => {
    const model = new LengthModel(remote);
    const { vectors } = await anEmbedder(model).embed(['a', 'bb', 'a', 'a']);
    expect(model.calls.map((one) => one.texts)).toEqual([['a', 'bb']]);
    expect(vectors.map((vector) => vector[0])).toEqual([1, 2, 1, 1]);
  });

  test('asks nothing for no texts', async () => {
    const model = new LengthModel(remote);
    await expect(anEmbedder(model).embed([])).resolves.toEqual({ vectors: [], tokens: 0 });
    expect(model.calls).toEqual([]);
  });

  test('never asks for more at once than the model takes', async () => {
    const model = new LengthModel(remote, 2);
    await anEmbedder(model, { batchSize: 64 }).embed(lengths(5));
    expect(model.calls.map((one) => one.texts.length)).toEqual([2, 2, 1]);
  });

  test('says what the texts are for', async () => {
    const model = new LengthModel(remote);
    await anEmbedder(model).embed(['a'], { purpose: 'document' });
    expect(model.calls[0]?.purpose).toBe('document');
  });

  test('refuses a blank text by its position before asking anybody', async () => {
    const model = new LengthModel(remote);
    await expect(anEmbedder(model).embed(['a', ' \n'])).rejects.toMatchObject({
      code: 'embedding.input_refused',
      facts: { position: 1 },
    });
    expect(model.calls).toEqual([]);
  });

  test('tells the position of a refused text among all texts', async () => {
    const model = new LengthModel(remote);
    model.answer = async (texts) => {
      if (texts.includes('bad')) throw refuse(texts.indexOf('bad'));
      return { vectors: texts.map(() => Float32Array.of(1, 0)), tokens: 0 };
    };
    const texts = ['a', 'a', 'b', 'c', 'bad', 'd'];
    await expect(anEmbedder(model, { batchSize: 2 }).embed(texts)).rejects.toMatchObject({
      code: 'embedding.input_refused',
      message: 'length refused the input at position 4.',
    });
  });

  test.each([
    ['another number of vectors', [Float32Array.of(1, 1)], 'embedding.reply_invalid'],
    ['another dimension', [Float32Array.of(1, 1), Float32Array.of(1, 1, 1)], 'embedding.dimension_mismatch'],
    ['a number that is none', [Float32Array.of(1, 1), Float32Array.of(1, Number.NaN)], 'embedding.reply_invalid'],
    ['a vector of zeros', [Float32Array.of(1, 1), Float32Array.of(0, 0)], 'embedding.reply_invalid'],
  ])('refuses %s', async (_, vectors, code) => {
    const model = new LengthModel(remote);
    model.answer = async () => ({ vectors, tokens: 0 });
    await expect(anEmbedder(model).embed(['a', 'b'])).rejects.toMatchObject({ code });
    expect(calls).toMatchObject([{ provider: 'length', outcome: code }]);
  });

  test('announces its calls with what they were about', async () => {
    await anEmbedder(new LengthModel(remote)).embed(['a', 'b']);
    expect(calls).toMatchObject([
      { family: 'embedding-model', provider: 'length', operation: 'embed', outcome: 'ok', items: 2, tokens: 2 },
    ]);
  });

  test('announces a bug as unexpected, and passes it on', async () => {
    const model = new LengthModel(remote);
    model.answer = () => Promise.reject(new TypeError('bug'));
    await expect(anEmbedder(model).embed(['a'])).rejects.toThrow('bug');
    expect(calls).toMatchObject([{ outcome: 'internal.unexpected' }]);
  });

  test('announces a caller that left as cancelled', async () => {
    const model = new LengthModel(remote);
    const caller = new AbortController();
    model.answer = async (_texts, { signal }) => {
      caller.abort(new Error('gone'));
      signal?.throwIfAborted();
      throw new Error('not reached');
    };
    await expect(anEmbedder(model).embed(['a'], { signal: caller.signal })).rejects.toThrow('gone');
    expect(calls).toMatchObject([{ outcome: 'cancelled' }]);
  });

  test('gives up the other batches when one fails or the caller leaves', async () => {
    const model = new LengthModel(remote);
    model.answer = async () => {
      throw failure('embedding.provider_unauthorised', { provider: 'length' });
    };
    const caller = new AbortController();
    const waiting = anEmbedder(model, { batchSize: 1, parallel: 2 }).embed(lengths(50), { signal: caller.signal });
    await expect(waiting).rejects.toMatchObject({ code: 'embedding.provider_unauthorised' });
    expect(model.calls.length).toBeLessThanOrEqual(2);
  });

  test('closes its model, and may be closed twice', async () => {
    const model = new LengthModel(remote);
    const embedder = anEmbedder(model);
    await embedder.close();
    await embedder.close();
    expect(model.closed).toBe(2);
  });
});

test('asks a remote model for several batches at a time, not more', async () => {
  const model = new LengthModel(true);
  await anEmbedder(model, { batchSize: 1, parallel: 3 }).embed(lengths(12));
  expect(model.mostRunning).toBe(3);
});

test('shares the limit between all its callers', async () => {
  const model = new LengthModel(true);
  const embedder = anEmbedder(model, { parallel: 2 });
  await Promise.all(lengths(10).map((text) => embedder.embed([text])));
  expect(model.mostRunning).toBe(2);
});

test('lets others have their turn between the batches of a local model', async () => {
  const model = new LengthModel(false);
  model.embed = async (texts) => model.answer(texts, {});
  const order: string[] = [];
  const embedding = anEmbedder(model, { batchSize: 1 })
    .embed(lengths(3))
    .then(() => order.push('embedded'));
  setImmediate(() => order.push('another'));
  await embedding;
  expect(order).toEqual(['another', 'embedded']);
});

test('splits a batch that is refused as a whole until its parts fit', async () => {
  const model = new LengthModel(true);
  const honest = model.answer;
  model.answer = async (texts, options) => {
    if (texts.length > 2) throw failure('embedding.input_refused', { provider: 'length', position: 'unknown' });
    return honest(texts, options);
  };
  const { vectors, tokens } = await anEmbedder(model).embed(lengths(7));
  expect(vectors.map((vector) => vector[0])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(tokens).toBe(7);
});

test('says of itself what the model says, and the dimensions that the operator set', () => {
  const embedder = anEmbedder(new LengthModel(false, 100, undefined), { dimensions: 2 });
  expect(embedder).toBeInstanceOf(Embedder);
  expect([embedder.model, embedder.provider, embedder.version, embedder.dimensions]).toEqual([
    'length',
    'length',
    '1',
    2,
  ]);
  expect(embedder.tag).toEqual({ provider: 'length', model: 'length', version: '1' });
  expect(embedder.normalised).toBeUndefined();
});

test('proves a local model without calling it', async () => {
  const model = new LengthModel(false);
  await anEmbedder(model).prove();
  expect(model.calls).toEqual([]);
});
