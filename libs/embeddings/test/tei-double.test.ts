// The double is faithful: Hugging Face's own SDK works against it, and its replies are of the server's specification.
import { InferenceClient } from '@huggingface/inference';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { vectorOf } from '../../../test/doubles/openai.js';
import { TeiEmbeddingsDouble } from '../../../test/doubles/tei-embeddings.js';
import { describeWithShared } from '../../../test/support/shared-folder.js';

let double: TeiEmbeddingsDouble;
beforeAll(async () => {
  double = await TeiEmbeddingsDouble.start({ apiKey: 'hf_test', prompts: { query: 'query: ' } });
});
afterEach(() => {
  expect(double.complaints).toEqual([]);
  double.reset();
});
afterAll(() => double.stop());

/** The SDK, with the router's and the Hub's hosts replaced by the double's. */
function sdk(token = 'hf_test') {
  const here: typeof fetch = (url, init) => {
    const { pathname, search } = new URL(String(url));
    return fetch(`${double.url}${pathname}${search}`, init);
  };
  return new InferenceClient(token, { fetch: here });
}

test('answers the official SDK as an endpoint', async () => {
  const endpoint = sdk().endpoint(`${double.url}/embed`);
  await expect(endpoint.featureExtraction({ inputs: ['one', 'two'] })).resolves.toEqual([
    vectorOf('one', 8),
    vectorOf('two', 8),
  ]);
});

test('answers the official SDK as the service does, by its own route', async () => {
  const asked = { provider: 'hf-inference' as const, model: 'acme/small', inputs: ['one'] };
  await expect(sdk().featureExtraction(asked)).resolves.toEqual([vectorOf('one', 8)]);
  expect(double.requests.map(({ target }) => target)).toContain(
    '/hf-inference/models/acme/small/pipeline/feature-extraction',
  );
});

test('answers the official SDK with a prompt of the model, and without unit length', async () => {
  const reply = await sdk()
    .endpoint(`${double.url}/embed`)
    .featureExtraction({ inputs: 'one', prompt_name: 'query', normalize: false } as { inputs: string });
  expect(reply).toEqual([vectorOf('query: one', 8).map((one) => one * 2)]);
});

test.each([
  ['another key', 'hf_other', { inputs: ['one'] }],
  ['too many texts', 'hf_test', { inputs: Array.from({ length: 33 }, String) }],
  ['a text too long', 'hf_test', { inputs: ['x'.repeat(4000)] }],
])('refuses %s, as the SDK understands', async (_, token, request) => {
  await expect(sdk(token).endpoint(`${double.url}/embed`).featureExtraction(request)).rejects.toThrow(
    'Failed to perform inference',
  );
});

describeWithShared('specs/tei/openapi.json')('beside the specification', () => {
  test('checks what it is sent', async () => {
    expect(double.checked).toBe(true);
    await sdk()
      .endpoint(`${double.url}/embed`)
      .featureExtraction({ inputs: 'one', dimensions: 'many' } as { inputs: string })
      .catch(() => {});
    expect(double.complaints.join()).toMatch(/EmbedRequest\/dimensions must be integer/);
    double.complaints.length = 0;
  });
});
