// A cross-encoder from a local folder ranks in this process.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Reranker, rerankerContract } from '#ports';
import { type TinyModel, tinyReranker } from '../../../test/support/tiny-model.js';
import { onnxProvider } from '../src/providers/onnx.js';
import { ANSWER, aRanker, OTHER, QUESTION } from './builders.js';

let tiny: TinyModel;
beforeAll(async () => {
  tiny = await tinyReranker();
});
afterAll(() => tiny.remove());

const open = (): Promise<Reranker> => onnxProvider.open({ model: tiny.folder, threads: 1 }, {});

describe('keeps the contract', () => {
  for (const { name, run } of rerankerContract(open)) test(name, run);
});

test('scores are the probabilities of what the model gives', async () => {
  const ranker = aRanker(await open());
  const [other, answer] = await ranker.rank(QUESTION, [OTHER, ANSWER]);
  expect(other).toBeCloseTo(1 / (1 + Math.exp(3)), 6);
  expect(answer).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  expect(ranker).toMatchObject({ provider: 'onnx', billed: false });
  await ranker.close();
});

test('a model that fails while it runs is a provider that failed', async () => {
  const model = await open();
  await model.close();
  await expect(model.rerank(QUESTION, [ANSWER])).rejects.toMatchObject({ code: 'rerank.provider_failed' });
});

test('a caller that leaves is told by its own reason', async () => {
  const model = await open();
  const leaving = new AbortController();
  const waiting = model.rerank(QUESTION, [ANSWER], { signal: leaving.signal });
  leaving.abort(new Error('left'));
  await expect(waiting).rejects.toThrow('left');
  await model.close();
});
