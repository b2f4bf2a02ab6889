// Any endpoint that speaks OpenAI's embeddings API (OpenAI, Ollama, vLLM, LiteLLM, infinity, …).
import { z } from 'zod';
import { defineProvider, type EmbeddingModel, Secret } from '#ports';
import { OpenAiEmbeddings } from './openai-embeddings.js';
import { bearer, httpUrl } from './provider-options.js';

const PROVIDER = 'openai';

const Options = z.strictObject({
  model: z.string().min(1).default('text-embedding-3-small'),
  baseUrl: httpUrl().default('https://api.openai.com/v1'),
  apiKey: z.instanceof(Secret).optional(),
  dimensions: z.int().min(1).optional(),
  /**
   * base64 of 32-bit floats, as OpenAI's own SDKs ask for: a quarter of the bytes of decimal numbers, decoded without
   * parsing, and exact. Numbers are understood in the reply either way; `float` is for servers that refuse the word.
   */
  encoding: z.enum(['base64', 'float']).default('base64'),
});

export const openAiProvider = defineProvider({
  family: 'embedding-model',
  name: PROVIDER,
  options: Options,
  // Nothing is called here: the embedder proves a remote model once it is guarded by limits.
  open: async ({ apiKey, ...options }: z.output<typeof Options>): Promise<EmbeddingModel> => {
    const headers = async () => bearer(apiKey);
    // https://platform.openai.com/docs/api-reference/debugging-requests
    const callHeader = 'x-client-request-id';
    const endpoint = { ...options, provider: PROVIDER, path: '/embeddings', sent: options.model };
    return new OpenAiEmbeddings({ ...endpoint, headers, callHeader });
  },
});
