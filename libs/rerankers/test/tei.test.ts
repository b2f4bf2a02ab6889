// A server of Text Embeddings Inference is asked what it serves, and then to rank, as its specification has it.
import { afterEach, describe, expect, test } from 'vitest';
import { rerankerContract, Secret } from '#ports';
import { TeiRerankerDouble, type TeiRerankerOptions } from '../../../test/doubles/tei-reranker.js';
import { describeWithShared } from '../../../test/support/shared-folder.js';
import { ANSWER, aRanker, aTeiModel, OTHER, QUESTION } from './builders.js';

const started: TeiRerankerDouble[] = [];
afterEach(async () => {
  const doubles = started.splice(0);
  for (const double of doubles) expect(double.complaints).toEqual([]);
  await Promise.all(doubles.map((one) => one.stop()));
});

async function aDouble(options: TeiRerankerOptions = {}) {
  const double = await TeiRerankerDouble.start(options);
  started.push(double);
  return double;
}

describe.each([false, true])('keeps the contract (raw scores: %s)', (rawScores) => {
  const open = async () => aTeiModel((await aDouble()).url, { rawScores });
  for (const { name, run } of rerankerContract(open)) test(name, run);
});

describe('a request', () => {
  test('carries question and texts, and asks for no more than scores', async () => {
    const double = await aDouble({ apiKey: 'tei-key' });
    const model = await aTeiModel(double.url, { apiKey: new Secret('tei-key') });
    await model.rerank(QUESTION, [OTHER, ANSWER]);
    expect(double.asked).toEqual([
      { query: QUESTION, texts: [OTHER, ANSWER], truncate: true, raw_scores: false, return_text: false },
    ]);
    await model.close();
  });

  test('asks once what is served', async () => {
    const double = await aDouble();
    const model = await aTeiModel(double.url);
    expect(model).toMatchObject({ model: 'served', maxBatch: 32 });
    await model.rerank(QUESTION, [ANSWER]);
    await model.rerank(QUESTION, [ANSWER]);
    expect(double.requests.map((one) => one.target)).toEqual(['/info', '/rerank', '/rerank']);
    expect(model.model).toBe('BAAI/bge-reranker-base');
    await model.close();
  });

  test('holds no more texts than the server takes', async () => {
    const double = await aDouble({ maxClientBatchSize: 4 });
    const ranker = aRanker(await aTeiModel(double.url), { parallel: 1 });
    await ranker.prove();
    expect(await ranker.rank(QUESTION, ['a', 'b', 'c', 'd', 'e', 'f'])).toHaveLength(6);
    expect(double.asked.map((one) => one.texts.length)).toEqual([1, 4, 2]);
    await ranker.close();
  });

  test('that holds more, before it is known how many are taken, is halved', async () => {
    const double = await aDouble({ maxClientBatchSize: 4 });
    const ranker = aRanker(await aTeiModel(double.url), { parallel: 1 });
    const scores = await ranker.rank(QUESTION, [OTHER, 'b', 'c', 'd', 'e', ANSWER]);
    expect(scores.at(-1)).toBeGreaterThan(scores[0]!);
    await ranker.close();
  });
});

test('the tokens that the server counted are told', async () => {
  const double = await aDouble();
  const model = await aTeiModel(double.url);
  expect((await model.rerank(QUESTION, [OTHER])).tokens).toBe(6 + 7);
  double.next({ status: 200, body: [{ index: 0, score: 0.5 }] });
  expect((await model.rerank(QUESTION, [OTHER])).tokens).toBe(0);
  await model.close();
});

describe('a server that serves something else', () => {
  test.each([
    [
      'another model',
      { modelId: 'acme/reranker' },
      { model: 'BAAI/bge-reranker-base' },
      /model: the server serves acme\/reranker/,
    ],
    ['a classifier', { sort: 'classifier' }, {}, /which is no reranker/],
    ['an embedding model', { sort: 'embedding' }, {}, /which is no reranker/],
  ] as const)('stops the boot: %s', async (_, served, options, says) => {
    const double = await aDouble(served);
    const ranker = aRanker(await aTeiModel(double.url, options), { retries: 3 });
    await expect(ranker.prove()).rejects.toMatchObject({
      code: 'provider.options',
      message: expect.stringMatching(says),
    });
    expect(double.requests).toHaveLength(1);
    await ranker.close();
  });

  test('is told by its refusal, where it does not say what it serves', async () => {
    const double = await aDouble({ sort: 'embedding' });
    double.next({ status: 404 });
    const ranker = aRanker(await aTeiModel(double.url), { retries: 3 });
    await expect(ranker.prove()).rejects.toMatchObject({ facts: { reason: 'status 424' } });
    expect(double.asked).toHaveLength(1);
    await ranker.close();
  });
});

test('a gateway that forwards /rerank alone is taken as it is', async () => {
  const double = await aDouble();
  double.next({ status: 404 });
  const model = await aTeiModel(double.url, { model: 'mine', maxBatch: 8 });
  expect((await model.rerank(QUESTION, [ANSWER])).scores).toHaveLength(1);
  expect(model).toMatchObject({ model: 'mine', maxBatch: 8 });
  await model.close();
});

test('a text longer than the model reads is cut, or refused and named', async () => {
  const long = 'snow '.repeat(1000);
  const double = await aDouble();
  const cutting = aRanker(await aTeiModel(double.url));
  expect(await cutting.rank(QUESTION, [ANSWER, long])).toHaveLength(2);
  const strict = aRanker(await aTeiModel(double.url, { truncate: false }));
  await expect(strict.rank(QUESTION, [ANSWER, OTHER, long])).rejects.toMatchObject({
    code: 'rerank.input_refused',
    facts: { position: 2 },
  });
  await Promise.all([cutting.close(), strict.close()]);
});

describeWithShared('specs/tei/openapi.json')('beside the specification', () => {
  test('the double checks what it is sent and what it sends', async () => {
    const double = await aDouble();
    expect(double.checked).toBe(true);
    const body = JSON.stringify({ query: 1, texts: ['a'] });
    expect((await fetch(`${double.url}/rerank`, { method: 'POST', body })).status).toBe(422);
    expect(double.complaints.join()).toMatch(/RerankRequest\/query must be string/);
    double.complaints.length = 0;
  });
});
