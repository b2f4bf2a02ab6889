// Cohere's rerank API, and those modelled on it, are asked and read as their vendors describe.
import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { rerankerContract } from '#ports';
import { CohereDouble, type CohereDoubleOptions } from '../../../test/doubles/cohere.js';
import { ANSWER, aCohereModel, aRanker, OTHER, QUESTION } from './builders.js';

const stopping: CohereDouble[] = [];
afterEach(async () => {
  await Promise.all(stopping.splice(0).map((one) => one.stop()));
});

async function aDouble(options: CohereDoubleOptions = {}) {
  const double = await CohereDouble.start({ apiKey: 'co-test', ...options });
  stopping.push(double);
  return double;
}

describe.each([
  ['cohere', 'rerank-v3.5'],
  ['jina', 'jina-reranker-v2-base-multilingual'],
  ['voyage', 'rerank-2.5'],
] as const)('%s keeps the contract', (dialect, model) => {
  const open = async () => aCohereModel((await aDouble({ dialect })).base, { model });
  for (const { name, run } of rerankerContract(open)) test(name, run);
});

describe('a request', () => {
  test('carries the key, the model, the question and the texts, and nothing that not all vendors know', async () => {
    const double = await aDouble();
    const model = await aCohereModel(double.base);
    await model.rerank(QUESTION, [OTHER, ANSWER]);
    expect(double.requests[0]?.headers.authorization).toBe('Bearer co-test');
    expect(double.asked).toEqual([{ model: 'rerank-v3.5', query: QUESTION, documents: [OTHER, ANSWER] }]);
    await model.close();
  });

  test('carries what the operator adds, which replaces nothing of ours', async () => {
    const double = await aDouble({ dialect: 'jina' });
    const body = { return_documents: false, query: 'mine' };
    const model = await aCohereModel(double.base, { model: 'jina-reranker-v2-base-multilingual', body });
    await model.rerank(QUESTION, [ANSWER]);
    expect(double.asked[0]).toMatchObject({ return_documents: false, query: QUESTION });
    await model.close();
  });

  test('needs no key where the server wants none', async () => {
    const double = await CohereDouble.start();
    stopping.push(double);
    const model = await aCohereModel(double.base, { apiKey: undefined });
    await model.rerank(QUESTION, [ANSWER]);
    expect(double.requests[0]?.headers).not.toHaveProperty('authorization');
    await model.close();
  });

  test('holds at most a hundred texts, which is what one search may cost', async () => {
    const double = await aDouble();
    const ranker = aRanker(await aCohereModel(double.base));
    const texts = Array.from({ length: 150 }, (_, at) => `text ${at}`);
    expect(await ranker.rank(QUESTION, texts)).toHaveLength(150);
    expect(double.asked.map((one) => one.documents.length).sort()).toEqual([100, 50]);
    await ranker.close();
  });
});

describe('what was used', () => {
  test.each([
    ['cohere', { model: 'rerank-v3.5' }, 1000],
    ['cohere', { model: 'rerank-v3.5', tokensPerSearch: 7 }, 7],
    ['jina', { model: 'jina-reranker-v2-base-multilingual' }, 2 * 6 + 7 + 12],
  ] as const)('is counted by %s in its own way: %j', async (dialect, options, tokens) => {
    const model = await aCohereModel((await aDouble({ dialect })).base, options);
    expect((await model.rerank(QUESTION, [OTHER, ANSWER])).tokens).toBe(tokens);
    await model.close();
  });

  test('is nothing where the server does not say', async () => {
    const double = await aDouble();
    double.next({ status: 200, body: { results: [{ index: 0, relevance_score: 0.5 }] } });
    const model = await aCohereModel(double.base);
    expect(await model.rerank(QUESTION, [ANSWER])).toEqual({ scores: [0.5], tokens: 0 });
    await model.close();
  });
});

describe('scores of another sort', () => {
  test.each([
    ['logit', [0, -800, 800], [0.5, 0, 1]],
    ['cosine', [0, -1, 1], [0.5, 0, 1]],
  ] as const)('are brought to 0..1 where the operator says what they are: %s', async (scores, sent, expected) => {
    const double = await aDouble();
    double.next({ status: 200, body: { results: sent.map((score, index) => ({ index, relevance_score: score })) } });
    const model = await aCohereModel(double.base, { scores });
    expect((await model.rerank(QUESTION, ['a', 'b', 'c'])).scores).toEqual(expected);
    await model.close();
  });

  test('are refused with the setting to change', async () => {
    const double = await aDouble();
    double.next({ status: 200, body: { results: [{ index: 0, relevance_score: -3.5 }] } });
    const ranker = aRanker(await aCohereModel(double.base));
    await expect(ranker.rank(QUESTION, ['a'])).rejects.toMatchObject({
      code: 'rerank.reply_invalid',
      message: expect.stringContaining('RERANK_OPTIONS'),
    });
    await ranker.close();
  });
});

describe('a refusal', () => {
  const refused = { code: 'rerank.input_refused' };
  test.each([
    [
      '400 of a text, unnamed',
      400,
      { message: 'invalid request: one of the documents is too long' },
      { ...refused, facts: { position: 'unknown' } },
    ],
    [
      '400 of a text, named',
      400,
      { message: 'documents[1] must not be empty' },
      { ...refused, facts: { position: 1 } },
    ],
    [
      '400 naming a text that was not sent',
      400,
      { message: 'documents[9] must not be empty' },
      { ...refused, facts: { position: 'unknown' } },
    ],
    ['400 of the question', 400, { message: 'query must not be empty' }, { ...refused, facts: { position: -1 } }],
    [
      '422 of FastAPI',
      422,
      { detail: [{ loc: ['body', 'documents'], msg: 'too long' }] },
      { ...refused, facts: { position: 'unknown' } },
    ],
    ['413 of a proxy', 413, '<html>', { ...refused, facts: { position: 'unknown' } }],
    ['400 of the model', 400, { message: 'invalid model for documents' }, { code: 'rerank.provider_failed' }],
    ['400 of nothing known', 400, 'null', { code: 'rerank.provider_failed', facts: { reason: 'status 400' } }],
    ['404 of the model', 404, { message: "model 'x' not found" }, { code: 'rerank.provider_failed' }],
    ['498 of a blocked token', 498, { message: 'invalid token' }, { code: 'rerank.provider_unauthorised' }],
    ['402 of an empty account', 402, { detail: 'Insufficient balance' }, { code: 'rerank.quota_exhausted' }],
  ])('%s', async (_, status, body, expected) => {
    const double = await aDouble();
    double.next({ status, body });
    const model = await aCohereModel(double.base);
    await expect(model.rerank(QUESTION, ['a', 'b'])).rejects.toMatchObject(expected);
    await model.close();
  });

  test('of the only text is about that text', async () => {
    const double = await aDouble({ refusedDocument: 'bad' });
    const model = await aCohereModel(double.base);
    await expect(model.rerank(QUESTION, ['bad'])).rejects.toMatchObject({ facts: { position: 0 } });
    await model.close();
  });

  test('of one text among many is led back to it', async () => {
    const double = await aDouble({ refusedDocument: 'bad' });
    const ranker = aRanker(await aCohereModel(double.base));
    await expect(ranker.rank(QUESTION, ['a', 'b', 'c', 'bad', 'd'])).rejects.toMatchObject({ facts: { position: 3 } });
    await ranker.close();
  });

  test('shows neither question, text nor key, however it is printed', async () => {
    const double = await aDouble();
    double.next({ status: 400, body: { message: `cannot read '${ANSWER}' of documents for '${QUESTION}'` } });
    const model = await aCohereModel(double.base);
    const printed = inspect(await model.rerank(QUESTION, [ANSWER]).catch((error) => error), { depth: 9 });
    expect(printed).not.toMatch(/card|co-test/);
    await model.close();
  });
});
