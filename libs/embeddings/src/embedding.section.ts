// Which model turns texts into vectors, and how it is called.
import { type ConfigOf, section, setting } from '#config';

const OPENAI = 'openai';

export const embeddingSection = section(
  'embedding',
  {
    title: 'Embeddings',
    doc: 'Which model turns texts into vectors, and how it is called. Vectors of different models cannot be compared: after a change, documents are ingested again.',
    rule: ({ provider, apiKey, openaiApiKey, baseUrl }) =>
      provider === OPENAI && !apiKey && !openaiApiKey && !baseUrl
        ? [
            {
              setting: 'apiKey',
              message: 'must be set for api.openai.com; another endpoint is named by EMBEDDING_BASE_URL',
            },
          ]
        : [],
  },
  {
    provider: setting('EMBEDDING_PROVIDER', {
      doc: '`local` needs nothing and compares wording, not meaning; `openai` is any endpoint that speaks the OpenAI embeddings API; or the name of a provider from PLUGINS.',
    })
      .text({ pattern: /^[a-z][a-z0-9-]{0,31}$/, says: 'the name of a provider: small letters, digits and hyphens' })
      .default('local'),
    model: setting('EMBEDDING_MODEL', {
      doc: 'Model of the provider. Unset, the provider takes its own default (openai: text-embedding-3-small).',
      example: 'text-embedding-3-small',
    })
      .text()
      .optional(),
    baseUrl: setting('EMBEDDING_BASE_URL', {
      doc: 'Where the provider is called, with the version in the path. Unset, openai calls api.openai.com.',
      example: 'http://127.0.0.1:11434/v1',
    })
      .url(['https:', 'http:'])
      .optional(),
    apiKey: setting('EMBEDDING_API_KEY', { doc: 'API key of the provider.' }).secret().optional(),
    openaiApiKey: setting('OPENAI_API_KEY', { doc: 'Taken by the provider openai where EMBEDDING_API_KEY is not set.' })
      .secret()
      .optional(),
    dimensions: setting('EMBEDDING_DIMENSIONS', {
      doc: 'Numbers in each vector, for models that let it be chosen (local: 384 unless set). A model that gives another number stops the boot.',
      example: '384',
    })
      .integer({ min: 1, max: 65_536 })
      .optional(),
    timeoutMs: setting('EMBEDDING_TIMEOUT', { doc: 'Limit of one attempt.' }).duration({ min: 1 }).default('10s'),
    retries: setting('EMBEDDING_RETRIES', {
      doc: 'Further attempts after a failure that may pass, with growing random pauses; retry-after is honoured.',
    })
      .integer({ max: 10 })
      .default('3'),
    parallel: setting('EMBEDDING_PARALLEL', { doc: 'Calls to the provider at a time, in the whole process.' })
      .integer({ min: 1, max: 256 })
      .default('4'),
    batchSize: setting('BATCH_SIZE', { doc: 'Texts in one call, at most; a provider that takes fewer gets fewer.' })
      .integer({ min: 1, max: 2048 })
      .default('64'),
    options: setting('EMBEDDING_OPTIONS', {
      doc: 'Further options of the provider, checked by its own schema.',
      example: '{"encoding":"float"}',
    })
      .json()
      .default('{}'),
  },
);

export type EmbeddingConfig = ConfigOf<typeof embeddingSection>;
