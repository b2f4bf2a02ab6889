// The double is faithful: the vendor's own SDK works against it, and its replies are of the vendor's specification.
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { behaving, OpenAiDouble, vectorOf } from '../../../test/doubles/openai.js';
import { describeWithShared } from '../../../test/support/shared-folder.js';

let double: OpenAiDouble;
let sdk: OpenAI;
beforeAll(async () => {
  double = await OpenAiDouble.start({ apiKey: 'sk-test' });
  sdk = new OpenAI({ baseURL: double.url, apiKey: 'sk-test', maxRetries: 0 });
});
afterEach(() => {
  expect(double.complaints).toEqual([]);
  double.reset();
});
afterAll(() => double.stop());

const ask = (input: string | string[], more = {}) =>
  sdk.embeddings.create({ model: 'text-embedding-3-small', input, ...more });

test('answers the official SDK, which asks for base64 of itself', async () => {
  const reply = await ask(['one', 'two']);
  expect(double.requests[0]?.body.encoding_format).toBe('base64');
  expect(reply.data.map((one) => one.embedding)).toEqual([vectorOf('one', 8), vectorOf('two', 8)]);
  expect(reply.usage.prompt_tokens).toBe(2);
});

test('answers numbers, and as many as are asked for', async () => {
  const reply = await ask('one', { encoding_format: 'float', dimensions: 3 });
  expect(reply.data[0]?.embedding).toEqual(vectorOf('one', 3));
});

test('answers the SDK with numbers where it asked for base64, as some servers do', async () => {
  double.next(behaving.asNumbers());
  await expect(sdk.embeddings.create({ model: 'm', input: 'one', encoding_format: 'base64' })).resolves.toMatchObject({
    data: [{ embedding: vectorOf('one', 8) }],
  });
});

test.each([
  ['rate limit', behaving.rateLimited('1'), OpenAI.RateLimitError],
  ['quota', behaving.outOfQuota(), OpenAI.RateLimitError],
  ['server error', behaving.serverError(), OpenAI.InternalServerError],
  ['refused key', behaving.unauthorised(), OpenAI.AuthenticationError],
  ['unknown model', behaving.unknownModel(), OpenAI.NotFoundError],
  ['refused input', behaving.refusingText('one', { named: true }), OpenAI.BadRequestError],
  ['dropped connection', behaving.dropping(), OpenAI.APIConnectionError],
])('is understood by the SDK: %s', async (_, behaviour, error) => {
  double.next(behaviour);
  await expect(ask('one')).rejects.toBeInstanceOf(error);
});

test('is given up by the SDK where it hangs', async () => {
  double.next(behaving.hanging());
  const impatient = sdk.withOptions({ timeout: 100 });
  await expect(impatient.embeddings.create({ model: 'm', input: 'one' })).rejects.toBeInstanceOf(
    OpenAI.APIConnectionTimeoutError,
  );
});

test('is waited for by the SDK as it asks', async () => {
  double.next(behaving.rateLimited('0.01'));
  await expect(sdk.embeddings.create({ model: 'm', input: 'one' }, { maxRetries: 1 })).resolves.toBeDefined();
  expect(double.requests).toHaveLength(2);
});

test.each([behaving.truncated(), behaving.halved(), behaving.saying('<html>')])(
  'can break its replies: %#',
  async (behaviour) => {
    double.next(behaviour);
    await expect(ask('one')).rejects.toThrow();
  },
);

test('refuses another key and another path', async () => {
  const stranger = new OpenAI({ baseURL: double.url, apiKey: 'sk-other', maxRetries: 0 });
  await expect(stranger.embeddings.create({ model: 'm', input: 'one' })).rejects.toBeInstanceOf(
    OpenAI.AuthenticationError,
  );
  await expect(sdk.models.list()).rejects.toBeInstanceOf(OpenAI.NotFoundError);
});

describeWithShared('specs/openai/openapi.yaml')('beside the specification', () => {
  test('checks what it is sent', async () => {
    expect(double.checked).toBe(true);
    await expect(sdk.post('/embeddings', { body: { model: 'm', input: [], nonsense: 1 } })).rejects.toBeInstanceOf(
      OpenAI.BadRequestError,
    );
    expect(double.complaints.join()).toMatch(/CreateEmbeddingRequest must NOT have additional properties/);
    double.complaints.length = 0;
  });

  test('checks what it sends', async () => {
    double.next(({ response, honest, double: self }) =>
      self.send(response, 200, 'CreateEmbeddingResponse', { ...honest, object: 'odd' }),
    );
    await ask('one', { encoding_format: 'float' });
    expect(double.complaints.join()).toMatch(/CreateEmbeddingResponse\/object/);
    double.complaints.length = 0;
  });
});
