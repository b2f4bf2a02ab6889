// Every answer and every failure of an OpenAI-compatible endpoint has one stated outcome.
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { embeddingModelContract } from '#ports';
import { behaving, OpenAiDouble, vectorOf } from '../../../test/doubles/openai.js';
import { anEmbedder, anOpenAiModel } from './builders.js';

let double: OpenAiDouble;
beforeAll(async () => {
  double = await OpenAiDouble.start({ apiKey: 'sk-test' });
});
afterEach(() => {
  expect(double.complaints).toEqual([]);
  double.reset();
});
afterAll(() => double.stop());

const numbers = (vectors: Float32Array[]) => vectors.map((vector) => [...vector]);

/** The outcome of embedding these texts once, without retries. */
async function outcomeOf(texts: string[], options: Record<string, unknown> = {}) {
  const model = await anOpenAiModel(double.url, options);
  try {
    return await model.embed(texts).catch((error) => error);
  } finally {
    await model.close();
  }
}

describe('keeps the contract', () => {
  for (const { name, run } of embeddingModelContract(() => anOpenAiModel(double.url, { model: 'acme' })))
    test(name, run);
});

describe('a request', () => {
  test('carries the key, the model, the texts and the format, and dimensions only when set', async () => {
    await outcomeOf(['a']);
    await outcomeOf(['a'], { dimensions: 4, model: 'acme', encoding: 'float' });
    expect(double.requests[0]?.headers.authorization).toBe('Bearer sk-test');
    expect(double.requests.map((one) => one.body)).toEqual([
      { model: 'text-embedding-3-small', input: ['a'], encoding_format: 'base64' },
      { model: 'acme', input: ['a'], encoding_format: 'float', dimensions: 4 },
    ]);
  });

  test('is read the same in both formats, exactly', async () => {
    const expected = [vectorOf('a', 8), vectorOf('b', 8)];
    for (const encoding of ['base64', 'float']) {
      const { vectors, tokens } = await outcomeOf(['a', 'b'], { encoding, model: 'acme' });
      expect(numbers(vectors)).toEqual(expected);
      expect(tokens).toBe(2);
    }
  });

  test('is read where the server ignores the format', async () => {
    double.next(behaving.asNumbers());
    expect(numbers((await outcomeOf(['a'])).vectors)).toEqual([vectorOf('a', 8)]);
  });

  test('is read by index, not by order', async () => {
    double.next(behaving.backwards());
    expect(numbers((await outcomeOf(['a', 'b', 'c'])).vectors)).toEqual(
      ['a', 'b', 'c'].map((text) => vectorOf(text, 8)),
    );
  });

  test('needs no key where the server wants none, and no usage in the reply', async () => {
    const open = await OpenAiDouble.start();
    open.next(behaving.saying('{"data":[{"index":0,"embedding":[1,0]}]}'));
    const model = await anOpenAiModel(open.url, { apiKey: undefined });
    expect(await model.embed(['a'])).toEqual({ vectors: [Float32Array.of(1, 0)], tokens: 0 });
    expect(open.requests[0]?.headers).not.toHaveProperty('authorization');
    await model.close();
    await open.stop();
  });
});

describe('knows of itself', () => {
  test.each([
    [{}, { dimensions: 1536, version: 'text-embedding-3-small', maxInputTokens: 8192 }],
    [{ dimensions: 256 }, { dimensions: 256, version: 'text-embedding-3-small/256' }],
    [{ model: 'acme' }, { dimensions: undefined, version: 'acme', maxInputTokens: undefined }],
  ])('%j', async (options, expected) => {
    const model = await anOpenAiModel(double.url, options);
    expect(model).toMatchObject({ provider: 'openai', remote: true, maxBatch: 2048, ...expected });
    await model.close();
  });
});

describe('a failure', () => {
  test.each([
    [
      '429 with retry-after',
      behaving.rateLimited('7'),
      'embedding.provider_failed',
      { reason: 'status 429, rate_limit_exceeded' },
    ],
    ['429 without quota', behaving.outOfQuota(), 'embedding.quota_exhausted', {}],
    ['500', behaving.serverError(), 'embedding.provider_failed', { reason: 'status 500' }],
    [
      '503 of a proxy',
      behaving.refusingOddly(503, '<html>busy</html>'),
      'embedding.provider_failed',
      { reason: 'status 503' },
    ],
    ['401', behaving.unauthorised(), 'embedding.provider_unauthorised', {}],
    ['403', behaving.refusing(403, {}), 'embedding.provider_unauthorised', {}],
    [
      '404 for the model',
      behaving.unknownModel(),
      'embedding.provider_failed',
      { reason: 'status 404, model_not_found' },
    ],
    [
      '400 for another field',
      behaving.refusing(400, { param: 'dimensions', message: 'no such input size' }),
      'embedding.provider_failed',
      { reason: 'status 400' },
    ],
    [
      '400 for nothing named',
      behaving.refusingOddly(400, 'null'),
      'embedding.provider_failed',
      { reason: 'status 400' },
    ],
    ['400 naming the text', behaving.refusingText('b', { named: true }), 'embedding.input_refused', { position: 1 }],
    [
      '400 naming the text by param',
      behaving.refusing(400, { param: 'input[1]' }),
      'embedding.input_refused',
      { position: 1 },
    ],
    [
      '400 naming a text that was not sent',
      behaving.refusing(400, { param: 'input[9]' }),
      'embedding.input_refused',
      { position: 'unknown' },
    ],
    [
      '400 for the length of some text',
      behaving.refusingText('b', { named: false }),
      'embedding.input_refused',
      { position: 'unknown' },
    ],
    [
      '400 by code',
      behaving.refusing(400, { code: 'context_length_exceeded' }),
      'embedding.input_refused',
      { position: 'unknown' },
    ],
    [
      '422 of a text as TEI says it',
      behaving.refusingOddly(422, '{"error":"`inputs` must have less than 512 tokens"}'),
      'embedding.input_refused',
      { position: 'unknown' },
    ],
    ['413', behaving.refusingOddly(413, ''), 'embedding.input_refused', { position: 'unknown' }],
    ['a reply cut off', behaving.truncated(), 'embedding.provider_failed', {}],
    ['a dropped connection', behaving.dropping(), 'embedding.provider_failed', {}],
    ['half a reply', behaving.halved(), 'embedding.reply_invalid', { reason: 'not JSON' }],
    [
      'a reply of another form',
      behaving.saying('{"data":[{"index":0}]}'),
      'embedding.reply_invalid',
      { reason: 'unexpected data.0.embedding' },
    ],
    ['a vector missing', behaving.withoutLast(), 'embedding.reply_invalid', { reason: '1 vectors for 2 texts' }],
    ['a vector twice', behaving.withIndex(0), 'embedding.reply_invalid', { reason: 'a vector for no text' }],
    [
      'a vector for a text not sent',
      behaving.withIndex(5),
      'embedding.reply_invalid',
      { reason: 'a vector for no text' },
    ],
    [
      'base64 of something else',
      behaving.saying('{"data":[{"index":0,"embedding":"AAAA"}]}'),
      'embedding.reply_invalid',
      { reason: 'a vector that is not base64 of 32-bit floats' },
    ],
  ])('%s', async (_, behaviour, code, facts) => {
    double.next(behaviour);
    expect(await outcomeOf(['a', 'b'])).toMatchObject({ code, facts });
  });

  test('for one text is about that text', async () => {
    double.next(behaving.refusingText('a', { named: false }));
    expect(await outcomeOf(['a'])).toMatchObject({ code: 'embedding.input_refused', facts: { position: 0 } });
  });

  test('tells how long the vendor asks to be left alone', async () => {
    double.next(behaving.rateLimited('7'));
    expect(await outcomeOf(['a'])).toMatchObject({ retryAfterMs: 7000 });
  });

  test('says that nobody is there', async () => {
    const model = await anOpenAiModel('http://127.0.0.1:1/v1');
    await expect(model.embed(['a'])).rejects.toMatchObject({
      code: 'embedding.provider_failed',
      facts: { reason: 'ECONNREFUSED' },
    });
    await model.close();
  });

  test('shows neither the text nor the key, however it is printed', async () => {
    double.next(behaving.refusing(400, { message: "input 'my private text' is invalid" }));
    const printed = inspect(await outcomeOf(['my private text']), { depth: 9 });
    expect(printed).not.toMatch(/my private text|sk-test/);
  });

  test('of other code is passed on as it is', async () => {
    const caller = new AbortController();
    double.next(behaving.hanging());
    const model = await anOpenAiModel(double.url);
    const waiting = model.embed(['a'], { signal: caller.signal });
    caller.abort(new Error('caller gone'));
    await expect(waiting).rejects.toThrow('caller gone');
    await model.close();
  });
});

describe('behind the embedder', () => {
  test('is asked again after 429, 500 and a dropped connection, until it answers', async () => {
    double.next(behaving.rateLimited('0'), behaving.serverError(), behaving.dropping());
    const embedder = anEmbedder(await anOpenAiModel(double.url, { model: 'acme' }), { retries: 3 });
    expect(numbers((await embedder.embed(['a'])).vectors)).toEqual([vectorOf('a', 8)]);
    expect(double.requests).toHaveLength(4);
    await embedder.close();
  });

  test('is asked again after a reply that was cut off', async () => {
    double.next(behaving.truncated());
    const embedder = anEmbedder(await anOpenAiModel(double.url, { model: 'acme' }), { retries: 1 });
    await expect(embedder.embed(['a'])).resolves.toMatchObject({ tokens: 1 });
    await embedder.close();
  });

  test.each([
    ['a refused key', behaving.unauthorised()],
    ['an empty account', behaving.outOfQuota()],
    ['an unknown model', behaving.unknownModel()],
    ['a refused text', behaving.refusingText('a', { named: true })],
    ['a wait longer than ours', behaving.rateLimited('60')],
    ['another dimension', behaving.withDimensions(5)],
  ])('is not asked again after %s', async (_, behaviour) => {
    double.always(behaviour);
    const embedder = anEmbedder(await anOpenAiModel(double.url), { retries: 3 });
    await expect(embedder.embed(['a'])).rejects.toThrow();
    expect(double.requests).toHaveLength(1);
    await embedder.close();
  });

  test('fails with another dimension than the model is known for', async () => {
    double.next(behaving.withDimensions(5));
    const embedder = anEmbedder(await anOpenAiModel(double.url));
    await expect(embedder.embed(['a'])).rejects.toMatchObject({
      code: 'embedding.dimension_mismatch',
      facts: { expected: 1536, received: 5 },
    });
    await embedder.close();
  });

  test.each([
    ['hangs', behaving.hanging()],
    ['drips', behaving.dripping(20, 1)],
  ])('is given up at the limit when it %s', async (_, behaviour) => {
    double.always(behaviour);
    const embedder = anEmbedder(await anOpenAiModel(double.url), { timeoutMs: 60 });
    await expect(embedder.embed(['a'])).rejects.toMatchObject({
      code: 'call.timeout',
      facts: { target: 'openai', limitMs: 60 },
    });
    await embedder.close();
  });

  test('is waited for when it drips, but is in time', async () => {
    double.next(behaving.dripping(1, 64));
    const embedder = anEmbedder(await anOpenAiModel(double.url, { model: 'acme' }));
    await expect(embedder.embed(['a'])).resolves.toMatchObject({ tokens: 1 });
    await embedder.close();
  });

  test('is left at once by a caller that goes, also in the pause before the next attempt', async () => {
    const caller = new AbortController();
    double.always(behaving.rateLimited('9'));
    const embedder = anEmbedder(await anOpenAiModel(double.url), { retries: 3, timeoutMs: 60_000 });
    const waiting = embedder.embed(['a'], { signal: caller.signal });
    await expect.poll(() => double.requests.length).toBe(1);
    caller.abort(new Error('caller gone'));
    await expect(waiting).rejects.toThrow('caller gone');
    expect(double.requests).toHaveLength(1);
    await embedder.close();
  });

  test('finds the text that it refused without naming it', async () => {
    const texts = ['a', 'b', 'c', 'bad', 'd', 'e'];
    double.always(behaving.refusingText('bad', { named: false }));
    const embedder = anEmbedder(await anOpenAiModel(double.url, { model: 'acme' }));
    await expect(embedder.embed(texts)).rejects.toMatchObject({
      code: 'embedding.input_refused',
      facts: { position: 3 },
    });
    await embedder.close();
  });
});
