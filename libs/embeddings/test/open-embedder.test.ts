// The configuration chooses the embedder, and what cannot work stops the boot.
import { Test } from '@nestjs/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configToken, environmentSources, readConfig, runtimeSection } from '#config';
import { ConfigModule } from '#config/module';
import { Embedder, embeddingSection, openEmbedder } from '#embeddings';
import { EmbeddingsModule } from '#embeddings/module';
import { azureDoor } from '../../../test/doubles/azure-openai.js';
import { behaving, OpenAiDouble } from '../../../test/doubles/openai.js';
import { TeiEmbeddingsDouble } from '../../../test/doubles/tei-embeddings.js';
import { aConfig } from './builders.js';

let double: OpenAiDouble;
beforeAll(async () => {
  double = await OpenAiDouble.start({ apiKey: 'sk-test' });
});
afterEach(() => double.reset());
afterAll(() => double.stop());

const remote = (more: Record<string, string> = {}) =>
  aConfig({
    EMBEDDING_PROVIDER: 'openai',
    EMBEDDING_BASE_URL: double.url,
    EMBEDDING_API_KEY: 'sk-test',
    EMBEDDING_MODEL: 'acme',
    EMBEDDING_RETRIES: '0',
    ...more,
  });

const opened = (config: ReturnType<typeof aConfig>, plugins: string[] = []) => openEmbedder(config, { plugins });

describe('the local model', () => {
  test('is what an empty configuration gives', async () => {
    const embedder = await opened(aConfig());
    expect(embedder).toMatchObject({ provider: 'local', model: 'ngram-hashing', dimensions: 384 });
    expect((await embedder.embed(['hello'])).vectors[0]).toHaveLength(384);
  });

  test('takes other dimensions, and no key that was meant for another provider', async () => {
    const embedder = await opened(aConfig({ EMBEDDING_DIMENSIONS: '512', OPENAI_API_KEY: 'sk-other' }));
    expect(embedder.dimensions).toBe(512);
  });

  test.each([
    [{ EMBEDDING_BASE_URL: 'http://x.example' }, /EMBEDDING_BASE_URL is not for EMBEDDING_PROVIDER=local/],
    [{ EMBEDDING_MODEL: 'text-embedding-3-small' }, /EMBEDDING_MODEL: /],
    [{ EMBEDDING_OPTIONS: '{"weight":2}' }, /weight/],
  ])('refuses what it cannot follow: %j', async (env, says) => {
    await expect(opened(aConfig(env))).rejects.toMatchObject({
      code: 'provider.options',
      message: expect.stringMatching(says),
    });
  });
});

describe('a remote model', () => {
  test('is asked once at boot, and so knows its dimensions', async () => {
    const embedder = await opened(remote());
    expect(double.requests).toHaveLength(1);
    expect(embedder.dimensions).toBe(8);
    await embedder.close();
  });

  test('takes the key that other tools use', async () => {
    const { EMBEDDING_API_KEY: _, ...env } = { EMBEDDING_API_KEY: '', OPENAI_API_KEY: 'sk-test' };
    const embedder = await opened(remote({ EMBEDDING_API_KEY: ' ', ...env }));
    expect(double.requests).toHaveLength(1);
    await embedder.close();
  });

  test.each([
    ['refused key', behaving.unauthorised(), 'embedding.provider_unauthorised'],
    ['unknown model', behaving.unknownModel(), 'embedding.provider_failed'],
    ['empty account', behaving.outOfQuota(), 'embedding.quota_exhausted'],
  ])('stops the boot by what would fail for ever: %s', async (_, behaviour, code) => {
    double.next(behaviour);
    await expect(opened(remote())).rejects.toMatchObject({ code });
  });

  test('stops the boot by another dimension than the operator expects', async () => {
    double.next(behaving.withDimensions(5));
    await expect(opened(remote({ EMBEDDING_DIMENSIONS: '4' }))).rejects.toMatchObject({
      code: 'embedding.dimension_mismatch',
      facts: { expected: 4, received: 5 },
    });
  });

  test.each([
    ['errors', behaving.serverError()],
    ['limits', behaving.rateLimited('30')],
    ['silence', behaving.hanging()],
  ])('does not stop the boot by what may pass: %s', async (_, behaviour) => {
    double.next(behaviour);
    const embedder = await opened(remote({ EMBEDDING_TIMEOUT: '50ms' }));
    await expect(embedder.embed(['a'])).resolves.toMatchObject({ tokens: 1 });
    await embedder.close();
  });

  test('ends the boot for a signal that is aborted', async () => {
    double.always(behaving.hanging());
    const boot = new AbortController();
    const opening = openEmbedder(remote(), { plugins: [], signal: boot.signal });
    await expect.poll(() => double.requests.length).toBe(1);
    boot.abort(new Error('stopping'));
    await expect(opening).rejects.toThrow('stopping');
  });

  test('refuses a base URL with credentials in it', async () => {
    await expect(opened(remote({ EMBEDDING_BASE_URL: 'http://me:pw@x.example/v1' }))).rejects.toMatchObject({
      code: 'provider.options',
    });
  });
});

describe('the section', () => {
  test('wants a key for api.openai.com', () => {
    expect(() => aConfig({ EMBEDDING_PROVIDER: 'openai' })).toThrow(
      /EMBEDDING_API_KEY .*must be set for api.openai.com/,
    );
    expect(aConfig({ EMBEDDING_PROVIDER: 'openai', OPENAI_API_KEY: 'sk' }).provider).toBe('openai');
  });

  test.each([
    [{ EMBEDDING_PROVIDER: 'huggingface' }, /EMBEDDING_API_KEY .*must be set for Hugging Face/],
    [
      { EMBEDDING_PROVIDER: 'azure-openai', EMBEDDING_API_KEY: 'key' },
      /EMBEDDING_BASE_URL .*must be set: where azure-openai/,
    ],
    [{ EMBEDDING_PROVIDER: 'tei' }, /EMBEDDING_BASE_URL .*must be set: where tei/],
  ])('wants to know where a provider is called, and with what: %j', (env, says) => {
    expect(() => aConfig(env)).toThrow(says);
  });

  test('takes the token that Hugging Face’s tools use, or an endpoint without', () => {
    expect(aConfig({ EMBEDDING_PROVIDER: 'huggingface', HF_TOKEN: 'hf' }).hfToken?.reveal()).toBe('hf');
    expect(aConfig({ EMBEDDING_PROVIDER: 'huggingface', EMBEDDING_BASE_URL: 'http://tei' }).provider).toBe(
      'huggingface',
    );
  });

  test('has the documented defaults', () => {
    expect(aConfig()).toEqual({
      provider: 'local',
      model: undefined,
      baseUrl: undefined,
      apiKey: undefined,
      openaiApiKey: undefined,
      hfToken: undefined,
      dimensions: undefined,
      timeoutMs: 10_000,
      retries: 3,
      parallel: 4,
      batchSize: 64,
      batchTokens: undefined,
      gatherMs: 3,
      queryPrefix: undefined,
      documentPrefix: undefined,
      normalise: false,
      cache: 'memory',
      cacheMaxBytes: 32 * 1024 ** 2,
      cacheTtlMs: 86_400_000,
      options: {},
    });
  });
});

describe('each provider is found by its name', () => {
  let tei: TeiEmbeddingsDouble;
  let azure: OpenAiDouble;
  beforeAll(async () => {
    tei = await TeiEmbeddingsDouble.start({ apiKey: 'hf_test' });
    azure = await OpenAiDouble.start({ door: azureDoor({ deployment: 'small', apiKey: 'hf_test' }) });
  });
  afterAll(() => Promise.all([tei.stop(), azure.stop()]));

  test.each(['tei', 'sentence-transformers', 'huggingface', 'azure-openai'])('%s', async (provider) => {
    const isAzure = provider === 'azure-openai';
    const embedder = await opened(
      aConfig({
        EMBEDDING_PROVIDER: provider,
        EMBEDDING_BASE_URL: isAzure ? azure.origin : tei.url,
        ...(isAzure && { EMBEDDING_MODEL: 'small' }),
        [provider === 'huggingface' ? 'HF_TOKEN' : 'EMBEDDING_API_KEY']: 'hf_test',
      }),
    );
    expect(embedder).toMatchObject({ provider, dimensions: 8 });
    await embedder.close();
  });
});

test('a plugin is given what the operator set, and must give the dimensions that are expected', async () => {
  const plugin = new URL('./acme-plugin.ts', import.meta.url).href;
  const config = (dimensions: string) =>
    aConfig({
      EMBEDDING_PROVIDER: 'acme',
      EMBEDDING_MODEL: 'big',
      EMBEDDING_OPTIONS: '{"flavour":"plain"}',
      EMBEDDING_DIMENSIONS: dimensions,
    });
  const embedder = await opened(config('2'), [plugin]);
  expect(embedder.model).toBe('{"flavour":"plain","model":"big","dimensions":2}');
  await expect(opened(config('3'), [plugin])).rejects.toMatchObject({
    code: 'embedding.dimension_mismatch',
    facts: { expected: 3, received: 2 },
  });
});

test('the module gives one embedder, and closes it at shutdown', async () => {
  const sections = [embeddingSection, runtimeSection];
  const values = readConfig(sections, environmentSources({ env: {}, envFile: false }));
  const app = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(sections, values), EmbeddingsModule],
  }).compile();
  expect(app.get(configToken(embeddingSection))).toBe(values.embedding);
  await expect(app.get(Embedder).embed(['a'])).resolves.toMatchObject({ tokens: 0 });
  await app.close();
});
