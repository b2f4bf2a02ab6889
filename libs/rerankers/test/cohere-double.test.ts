// The double is faithful: Cohere's own SDK works against it.
import { CohereClientV2, CohereError } from 'cohere-ai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CohereDouble } from '../../../test/doubles/cohere.js';
import { probabilityOf } from '../../../test/doubles/rerank-words.js';
import { ANSWER, aCohereModel, OTHER, QUESTION } from './builders.js';

let double: CohereDouble;
let sdk: CohereClientV2;
beforeAll(async () => {
  double = await CohereDouble.start({ apiKey: 'co-test', refusedDocument: 'bad' });
  sdk = new CohereClientV2({ token: 'co-test', environment: double.url, maxRetries: 0 });
});
afterAll(() => double.stop());

const ask = (documents: string[], more = {}) =>
  sdk.rerank({ model: 'rerank-v3.5', query: QUESTION, documents, ...more });

test('answers the official SDK, best first, with what is billed', async () => {
  const reply = await ask([OTHER, ANSWER]);
  expect(reply.results).toEqual([
    { index: 1, relevanceScore: probabilityOf(QUESTION, ANSWER) },
    { index: 0, relevanceScore: probabilityOf(QUESTION, OTHER) },
  ]);
  expect(reply.meta?.billedUnits?.searchUnits).toBe(1);
  expect((await ask([OTHER, ANSWER], { topN: 1 })).results).toHaveLength(1);
});

test('says the same to the SDK and to our own client', async () => {
  const model = await aCohereModel(double.base);
  const { scores } = await model.rerank(QUESTION, [OTHER, ANSWER]);
  const reply = await ask([OTHER, ANSWER]);
  for (const { index, relevanceScore } of reply.results) expect(scores[index]).toBe(relevanceScore);
  await model.close();
});

test.each([
  ['no documents', () => ask([]), 400],
  ['a refused document', () => ask(['bad']), 400],
  ['an unknown model', () => ask(['a'], { model: 'nonsense' }), 404],
  [
    'another key',
    () =>
      new CohereClientV2({ token: 'co-other', environment: double.url, maxRetries: 0 }).rerank({
        model: 'rerank-v3.5',
        query: 'q',
        documents: ['a'],
      }),
    401,
  ],
])('is understood by the SDK when it refuses: %s', async (_, call, statusCode) => {
  const error: unknown = await call().catch((failed: unknown) => failed);
  expect(error).toBeInstanceOf(CohereError);
  expect(error).toMatchObject({ statusCode, body: { message: expect.any(String) } });
});

test('is understood by the SDK when it is busy', async () => {
  double.next({ status: 429, headers: { 'retry-after': '1' }, body: { message: 'too many requests' } });
  await expect(ask(['a'])).rejects.toMatchObject({ statusCode: 429 });
});
