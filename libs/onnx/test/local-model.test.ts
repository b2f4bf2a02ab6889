// A local model runs in a thread of its own: the event loop goes on, callers may leave, and a thread that dies is replaced.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LocalModel, type LocalModelOptions } from '#onnx';
import { type TinyModel, tinyEmbeddingModel, tinyReranker } from '../../../test/support/tiny-model.js';
import { ModelThread, ThreadFailure } from '../src/model-thread.js';
import { aSpec, cosine } from './builders.js';

let embedding: TinyModel;
let reranker: TinyModel;
beforeAll(async () => {
  [embedding, reranker] = await Promise.all([tinyEmbeddingModel(), tinyReranker()]);
});
const made: TinyModel[] = [];
const opened: LocalModel[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await Promise.all(made.splice(0).map((one) => one.remove()));
});
afterAll(async () => {
  await Promise.all([embedding.remove(), reranker.remove()]);
});

async function open(folder: string, o: Partial<LocalModelOptions> = {}): Promise<LocalModel> {
  const model = await LocalModel.open(folder, { task: 'embedding', threads: 1, ...o });
  opened.push(model);
  return model;
}

describe('an embedding model', () => {
  test('gives one vector a text, and says what it is', async () => {
    const model = await open(embedding.folder);
    expect(model).toMatchObject({ width: 16, maxTokens: 64, normalised: true, prefixes: undefined });
    expect(model.name).toBe(embedding.folder.split('/').at(-1));
    const { vectors, tokens } = await model.embed(['where is my card', 'snow', 'Where is my CARD']);
    expect(vectors.map((one) => one.length)).toEqual([16, 16, 16]);
    expect(cosine(vectors[0]!, vectors[2]!)).toBeCloseTo(1, 5);
    expect(tokens).toBe(6 + 3 + 6);
  });

  test('keeps each vector by itself, so that one is not held by another', async () => {
    const model = await open(embedding.folder);
    const { vectors } = await model.embed(['a', 'b']);
    expect(vectors[0]!.buffer).not.toBe(vectors[1]!.buffer);
    expect(vectors[0]!.buffer.byteLength).toBe(64);
  });
});

test('a cross-encoder gives one logit a text', async () => {
  const model = await open(reranker.folder, { task: 'reranking' });
  const { logits, tokens } = await model.score('where is my card', ['my card', 'snow']);
  expect(logits).toEqual([-1, -3]);
  expect(tokens).toBeGreaterThan(0);
});

test('the event loop goes on while a model computes', async () => {
  const model = await open(embedding.folder);
  let turns = 0;
  let computing = true;
  const counting = () => {
    turns++;
    if (computing) setImmediate(counting);
  };
  setImmediate(counting);
  const texts = Array.from({ length: 400 }, (_, at) => `where is my new card ${at} `.repeat(10));
  await model.embed(texts);
  computing = false;
  expect(turns).toBeGreaterThan(100);
});

test('callers are answered in turn, each with its own', async () => {
  const model = await open(embedding.folder);
  const texts = ['card', 'snow', 'office', 'mountains'];
  const together = await Promise.all(texts.map((text) => model.embed([text])));
  for (const [at, text] of texts.entries()) {
    expect(together[at]!.vectors[0]).toEqual((await model.embed([text])).vectors[0]);
  }
});

describe('a caller that leaves', () => {
  test('is told so at once, before and during its call', async () => {
    const model = await open(embedding.folder);
    await expect(model.embed(['a'], { signal: AbortSignal.abort(new Error('gone')) })).rejects.toThrow('gone');
    const leaving = new AbortController();
    const waiting = model.embed(['snow '.repeat(50)], { signal: leaving.signal });
    leaving.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });

  test('disturbs nobody else, and its job is not begun', async () => {
    const model = await open(embedding.folder);
    const leaving = new AbortController();
    const before = model.embed(['card']);
    const mine = model.embed(['snow'], { signal: leaving.signal });
    const after = model.embed(['office']);
    leaving.abort(new Error('left'));
    await expect(mine).rejects.toThrow('left');
    expect((await before).vectors).toHaveLength(1);
    expect((await after).vectors).toHaveLength(1);
  });
});

test('opening ends for a signal that is aborted', async () => {
  const boot = new AbortController();
  const opening = open(embedding.folder, { signal: boot.signal });
  boot.abort(new Error('stopping'));
  await expect(opening).rejects.toThrow('stopping');
});

describe('a thread that dies', () => {
  const threadOf = (model: LocalModel) => (model as unknown as { thread: Promise<ModelThread> }).thread;

  test('fails the call, and the next one starts another', async () => {
    const model = await open(embedding.folder);
    const thread = await threadOf(model);
    const waiting = model.embed(['snow '.repeat(50)]);
    const alsoWaiting = model.embed(['card']);
    await thread.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'model.unusable' });
    await expect(alsoWaiting).rejects.toMatchObject({ code: 'model.unusable' });
    expect((await model.embed(['card'])).vectors).toHaveLength(1);
    expect(await threadOf(model)).not.toBe(thread);
  });

  test('takes no further jobs', async () => {
    let ends = 0;
    const thread = await ModelThread.start(await aSpec(embedding.folder), () => void ends++);
    await thread.stop();
    await expect(thread.run({ texts: ['a'] })).rejects.toThrow('its thread ended');
    expect(ends).toBe(1);
  });

  test('by an error of its own tells it', async () => {
    const thread = await ModelThread.start(await aSpec(embedding.folder), () => {});
    (thread as unknown as { worker: { emit(name: string, error: Error): void } }).worker.emit(
      'error',
      new Error('out of memory'),
    );
    await expect(thread.run({ texts: ['a'] })).rejects.toThrow('its thread ended');
    await thread.stop();
  });
});

test('a job that fails fails alone', async () => {
  const model = await open(embedding.folder);
  await expect(model.embed([null as unknown as string])).rejects.toMatchObject({ code: 'model.unusable' });
  expect((await model.embed(['card'])).vectors).toHaveLength(1);
});

test('a closed model runs nothing, and may be closed twice', async () => {
  const model = await open(embedding.folder);
  await model.close();
  await model.close();
  await expect(model.embed(['a'])).rejects.toMatchObject({
    code: 'model.unusable',
    message: expect.stringContaining('closed'),
  });
});

describe('a model that cannot be used', () => {
  test.each([
    ['a graph of another format', { 'onnx/model.onnx': 'not a graph' }, /onnx\/model\.onnx/],
    ['a tokenizer of another format', { 'tokenizer.json': {} }, /graph or tokenizer/],
  ])('is told when it is opened: %s', async (_, files, says) => {
    const tiny = await tinyEmbeddingModel({ files });
    made.push(tiny);
    await expect(open(tiny.folder)).rejects.toMatchObject({
      code: 'model.unusable',
      message: expect.stringMatching(says),
    });
  });

  test('because the package that runs it is missing says how to install it', async () => {
    const model = await open(embedding.folder);
    const missing = new ThreadFailure("Cannot find package '@huggingface/transformers'", 'ERR_MODULE_NOT_FOUND');
    Object.assign(model, { thread: Promise.reject(missing) });
    await expect(model.embed(['a'])).rejects.toMatchObject({
      code: 'model.unusable',
      message: expect.stringContaining('npm install @huggingface/transformers'),
    });
  });

  test('because what it gives are no numbers', async () => {
    const tiny = await tinyEmbeddingModel({ weight: Number.NaN });
    made.push(tiny);
    await expect(open(tiny.folder)).rejects.toThrow('are no numbers');
  });

  test('because it judges texts and gives them no vectors', async () => {
    const failed = await open(reranker.folder).catch((error: Error) => error);
    expect(failed).toMatchObject({ code: 'model.unusable', cause: { message: expect.stringContaining('no vectors') } });
  });

  test('because it gives more than one label is no reranker', async () => {
    const tiny = await tinyReranker({ labels: 3 });
    made.push(tiny);
    await expect(open(tiny.folder, { task: 'reranking' })).rejects.toMatchObject({
      code: 'model.unusable',
      message: expect.stringContaining('it gives 3 labels, not one'),
    });
  });
});
