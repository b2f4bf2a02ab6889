// Which model turns texts into vectors, and how it is called.
import { type ConfigOf, section, setting } from '#config';

const AT_OPENAI = ['openai'];
const WITH_ADDRESS = ['azure-openai', 'tei'];

/** Where each provider is called: what must be set before it can be. */
function addressed({ provider, apiKey, openaiApiKey, hfToken, baseUrl }: Partial<Record<string, unknown>>) {
  const name = String(provider);
  if (AT_OPENAI.includes(name) && !apiKey && !openaiApiKey && !baseUrl)
    return problem('apiKey', 'must be set for api.openai.com; another endpoint is named by EMBEDDING_BASE_URL');
  if (name === 'huggingface' && !apiKey && !hfToken && !baseUrl)
    return problem('apiKey', 'must be set for Hugging Face; an endpoint of your own is named by EMBEDDING_BASE_URL');
  if (WITH_ADDRESS.includes(name) && !baseUrl) return problem('baseUrl', `must be set: where ${name} is called`);
  return [];
}

function problem(setting: 'apiKey' | 'baseUrl', message: string) {
  return [{ setting, message }];
}

export const embeddingSection = section(
  'embedding',
  {
    title: 'Embeddings',
    doc: 'Which model turns texts into vectors, and how it is called. Vectors of different models are never compared: after a change, documents are embedded anew (`resk reindex`).',
    rule: addressed,
  },
  {
    provider: setting('EMBEDDING_PROVIDER', {
      doc: '`local` needs nothing and compares wording, not meaning; `openai` is any endpoint that speaks the OpenAI embeddings API; `azure-openai`; `huggingface` (Inference Providers, or an endpoint of your own); `tei` (a Text Embeddings Inference server); `sentence-transformers` (such a server, or a folder on this machine); `onnx` (a model in a folder, in this process); or the name of a provider from PLUGINS.',
    })
      .text({ pattern: /^[a-z][a-z0-9-]{0,31}$/, says: 'the name of a provider: small letters, digits and hyphens' })
      .default('local'),
    model: setting('EMBEDDING_MODEL', {
      doc: 'Model of the provider (azure-openai: name of the deployment; onnx: the folder). Unset, the provider takes its own default (openai: text-embedding-3-small; tei: what the server holds).',
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
    hfToken: setting('HF_TOKEN', { doc: 'Taken by the provider huggingface where EMBEDDING_API_KEY is not set.' })
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
    batchTokens: setting('EMBEDDING_BATCH_TOKENS', {
      doc: 'Tokens in one call over all of its texts, at most, as estimated (four bytes a token). Unset: what the provider takes.',
      example: '100000',
    })
      .integer({ min: 1 })
      .optional(),
    gatherMs: setting('EMBEDDING_GATHER', {
      doc: 'How long a call to a remote model waits for the texts of other requests of the same tenant, to go together. `0ms`: every request has calls of its own.',
    })
      .duration({ max: 1000 })
      .default('3ms'),
    queryPrefix: setting('EMBEDDING_QUERY_PREFIX', {
      doc: 'Put before each question, blanks included. Unset: what the model is known to want (E5: `query: `). A change makes a new version of the model.',
      example: 'query: ',
    })
      .text()
      .optional(),
    documentPrefix: setting('EMBEDDING_DOCUMENT_PREFIX', {
      doc: 'Put before each document, blanks included. Unset: what the model is known to want (E5: `passage: `).',
      example: 'passage: ',
    })
      .text()
      .optional(),
    normalise: setting('EMBEDDING_NORMALISE', {
      doc: 'Gives vectors unit length where the model does not. Matters for the metrics dot and l2; cosine is the same either way.',
    })
      .flag()
      .default('false'),
    cache: setting('EMBEDDING_CACHE', {
      doc: 'Where vectors are remembered, so that the same text of a tenant is not paid for twice: `memory`, `records` (sealed, for all instances and over a restart), or `off`. Never the texts; nor of the provider local, which computes faster.',
    })
      .oneOf(['off', 'memory', 'records'])
      .default('memory'),
    cacheMaxBytes: setting('EMBEDDING_CACHE_MAX', { doc: 'Memory for remembered vectors, where they are in memory.' })
      .byteSize({ min: 1024 })
      .default('32MiB'),
    cacheTtlMs: setting('EMBEDDING_CACHE_TTL', { doc: 'How long a vector is remembered.' })
      .duration({ min: 1 })
      .default('24h'),
    options: setting('EMBEDDING_OPTIONS', {
      doc: 'Further options of the provider, checked by its own schema.',
      example: '{"encoding":"float"}',
    })
      .json()
      .default('{}'),
  },
);

export type EmbeddingConfig = ConfigOf<typeof embeddingSection>;
