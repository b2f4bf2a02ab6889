// Azure's door is called by both of its APIs, with a key or a token; and the double is one that Azure's own SDK works with.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI, { AzureOpenAI } from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '#ports';
import { azureDoor } from '../../../test/doubles/azure-openai.js';
import { behaving, OpenAiDouble, vectorOf } from '../../../test/doubles/openai.js';
import { azureOpenAiProvider } from '../src/providers/azure-openai.js';
import { opened } from './builders.js';

let double: OpenAiDouble;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azure-'));
  double = await OpenAiDouble.start({ door: azureDoor({ deployment: 'small', apiKey: 'key', token: 'entra' }) });
});
afterEach(() => {
  expect(double.complaints).toEqual([]);
  double.reset();
});
afterAll(async () => {
  await double.stop();
  await rm(folder, { recursive: true });
});

const apiKey = new Secret('key');
const apiVersion = '2024-10-21';
const openAzure = (options: Record<string, unknown>) =>
  opened(azureOpenAiProvider, { baseUrl: double.origin, model: 'small', ...options });

describe('the double', () => {
  test('answers the official SDK by the API of deployments', async () => {
    const sdk = new AzureOpenAI({ endpoint: double.origin, apiKey: 'key', apiVersion, maxRetries: 0 });
    const reply = await sdk.embeddings.create({ model: 'small', input: ['one'] });
    expect(reply.data[0]?.embedding).toEqual(vectorOf('one', 8));
    expect(double.requests[0]?.target).toBe('/openai/deployments/small/embeddings?api-version=2024-10-21');
    await expect(sdk.embeddings.create({ model: 'other', input: ['one'] })).rejects.toMatchObject({
      status: 404,
      code: 'DeploymentNotFound',
    });
  });

  test('answers the official SDK by the v1 API, with a token', async () => {
    const sdk = new OpenAI({ baseURL: `${double.origin}/openai/v1/`, apiKey: 'entra', maxRetries: 0 });
    const reply = await sdk.embeddings.create({ model: 'small', input: ['one'] });
    expect(reply.data[0]?.embedding).toEqual(vectorOf('one', 8));
  });

  test('refuses another key as the SDK understands', async () => {
    const sdk = new AzureOpenAI({ endpoint: double.origin, apiKey: 'other', apiVersion, maxRetries: 0 });
    await expect(sdk.embeddings.create({ model: 'small', input: ['one'] })).rejects.toBeInstanceOf(
      OpenAI.AuthenticationError,
    );
  });
});

describe('the provider', () => {
  test('names the deployment in the path where a version of the API is set', async () => {
    const model = await openAzure({ apiKey, apiVersion });
    await model.embed(['one'], { callId: 'call-1' });
    expect(double.requests[0]).toMatchObject({
      target: '/openai/deployments/small/embeddings?api-version=2024-10-21',
      headers: { 'api-key': 'key', 'x-ms-client-request-id': 'call-1' },
      body: { input: ['one'], encoding_format: 'base64' },
    });
    expect(double.requests[0]?.headers).not.toHaveProperty('authorization');
    await model.close();
  });

  test.each(['', '/', '/openai', '/openai/', '/openai/v1', '/openai/v1/'])(
    'names the deployment in the body of the v1 API, for the address with %j at its end',
    async (end) => {
      const model = await openAzure({ apiKey, baseUrl: double.origin + end });
      await model.embed(['one']);
      expect(double.requests[0]).toMatchObject({ target: '/openai/v1/embeddings', body: { model: 'small' } });
      await model.close();
    },
  );

  test('reads the token anew for each call', async () => {
    const tokenFile = join(folder, 'token');
    const model = await openAzure({ tokenFile });
    await expect(model.embed(['one'])).rejects.toMatchObject({ code: 'embedding.provider_unauthorised' });
    await writeFile(tokenFile, 'expired\n');
    await expect(model.embed(['one'])).rejects.toMatchObject({ code: 'embedding.provider_unauthorised' });
    await writeFile(tokenFile, 'entra\n');
    await expect(model.embed(['one'])).resolves.toMatchObject({ tokens: 1 });
    await model.close();
  });

  test.each([
    [{ apiKey }, { version: 'small', dimensions: undefined, maxInputTokens: undefined }],
    [
      { apiKey, baseModel: 'text-embedding-3-large' },
      { version: 'text-embedding-3-large', dimensions: 3072, maxBatchTokens: 300_000, normalised: true },
    ],
    [
      { apiKey, baseModel: 'text-embedding-3-large', dimensions: 256 },
      { version: 'text-embedding-3-large/256', dimensions: 256 },
    ],
  ])('knows of itself: %#', async (options, expected) => {
    const model = await openAzure(options);
    expect(model).toMatchObject({ provider: 'azure-openai', model: 'small', remote: true, ...expected });
    await model.close();
  });

  test.each([
    [{}, 'one of them'],
    [{ apiKey, tokenFile: '/token' }, 'one of them'],
    [{ apiKey, model: 'a/b' }, 'the name of the deployment'],
    [{ apiKey, model: '..' }, 'the name of the deployment'],
    [{ apiKey, apiVersion: 'latest' }, 'is a date'],
  ])('refuses options that cannot be meant: %#', async (options, says) => {
    await expect(openAzure(options)).rejects.toThrow(says);
  });

  test('knows a text that the content filter refused', async () => {
    double.next(behaving.refusing(400, { code: 'content_filter', message: 'The response was filtered' }));
    const model = await openAzure({ apiKey });
    await expect(model.embed(['one'])).rejects.toMatchObject({
      code: 'embedding.input_refused',
      facts: { position: 0 },
    });
    await model.close();
  });

  test('says what deployment there is none of', async () => {
    const model = await openAzure({ apiKey, model: 'other', apiVersion });
    await expect(model.embed(['one'])).rejects.toMatchObject({
      code: 'embedding.provider_failed',
      facts: { reason: 'status 404, DeploymentNotFound' },
    });
    await model.close();
  });
});
