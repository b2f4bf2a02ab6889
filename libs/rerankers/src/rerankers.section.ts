// Which model reads question and text together, and how it is called.
import { type ConfigOf, section, setting } from '#config';

const COHERE = 'cohere';

export const rerankersSection = section(
  'rerankers',
  {
    title: 'Reranking',
    doc: 'Which model judges how well a text found answers the question. It reads both together: slower than comparing vectors, and better. Only queries that ask for it are reranked.',
    rule: ({ provider, apiKey, url, model }) => [
      ...(provider === COHERE && !apiKey && !url
        ? [
            {
              setting: 'apiKey' as const,
              message: 'must be set for api.cohere.com; another endpoint is named by RERANK_URL',
            },
          ]
        : []),
      ...(provider === 'tei' && !url
        ? [{ setting: 'url' as const, message: 'must say where the server of Text Embeddings Inference is' }]
        : []),
      ...(provider === 'onnx' && !model
        ? [{ setting: 'model' as const, message: 'must name the folder of the model' }]
        : []),
    ],
  },
  {
    provider: setting('RERANK_PROVIDER', {
      doc: '`none`; `tei` is a server of Text Embeddings Inference; `cohere` is any endpoint that speaks the Cohere rerank API (Cohere, Jina, Voyage, vLLM, LiteLLM); `onnx` runs a model from a local folder in this process; or the name of a provider from PLUGINS.',
    })
      .text({ pattern: /^[a-z][a-z0-9-]{0,31}$/, says: 'the name of a provider: small letters, digits and hyphens' })
      .default('none'),
    model: setting('RERANK_MODEL', {
      doc: 'Model of the provider; of onnx, its folder. Unset, the provider takes its own default (cohere: rerank-v3.5; tei: whatever the server has loaded).',
      example: 'rerank-v3.5',
    })
      .text()
      .optional(),
    url: setting('RERANK_URL', {
      doc: 'Where the provider is called, with the version in the path where it has one. Unset, cohere calls api.cohere.com.',
      example: 'https://api.jina.ai/v1',
    })
      .url(['https:', 'http:'])
      .optional(),
    apiKey: setting('RERANK_API_KEY', { doc: 'API key of the provider.' }).secret().optional(),
    timeoutMs: setting('RERANK_TIMEOUT', { doc: 'Limit of one attempt.' }).duration({ min: 1 }).default('10s'),
    options: setting('RERANK_OPTIONS', {
      doc: 'Further options of the provider, checked by its own schema. cohere knows scores, maxBatch, tokensPerSearch and body; tei knows maxBatch, truncate and rawScores; onnx knows maxTokens, threads and file.',
      example: '{"maxBatch":50}',
    })
      .json()
      .default('{}'),
  },
);

export type RerankersConfig = ConfigOf<typeof rerankersSection>;
