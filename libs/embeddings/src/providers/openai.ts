// Any endpoint that speaks OpenAI's embeddings API (OpenAI, Azure, Ollama, vLLM, TEI, LiteLLM, …).
import { z } from 'zod';
import { defineProvider, type EmbeddingModel, type Embeddings, type EmbedOptions, failure, Secret } from '#ports';
import { HttpClient } from '#resilience';
import { translated } from './openai-failures.js';

const PROVIDER = 'openai';

// https://platform.openai.com/docs/guides/embeddings: native dimensions, and tokens of one input.
const KNOWN: Record<string, { dimensions: number; maxInputTokens: number } | undefined> = {
  'text-embedding-3-small': { dimensions: 1536, maxInputTokens: 8192 },
  'text-embedding-3-large': { dimensions: 3072, maxInputTokens: 8192 },
  'text-embedding-ada-002': { dimensions: 1536, maxInputTokens: 8192 },
};

const Options = z.strictObject({
  model: z.string().min(1).default('text-embedding-3-small'),
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).username === '', 'holds a user name; give the key as EMBEDDING_API_KEY')
    .default('https://api.openai.com/v1'),
  apiKey: z.instanceof(Secret).optional(),
  dimensions: z.int().min(1).optional(),
  /**
   * base64 of 32-bit floats, as OpenAI's own SDKs ask for: a quarter of the bytes of decimal numbers, decoded without
   * parsing, and exact. Numbers are understood in the reply either way; `float` is for servers that refuse the word.
   */
  encoding: z.enum(['base64', 'float']).default('base64'),
});

/** The fields of a reply that are used. */
const Reply = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.union([z.string(), z.array(z.number())]) })),
  usage: z.object({ prompt_tokens: z.int().min(0) }).optional(),
});

class OpenAiModel implements EmbeddingModel {
  readonly provider = PROVIDER;
  readonly model: string;
  readonly version: string;
  readonly maxBatch = 2048;
  readonly maxInputTokens: number | undefined;
  readonly remote = true;
  dimensions: number | undefined;
  private readonly http: HttpClient;

  constructor(private readonly options: z.output<typeof Options>) {
    const { model, baseUrl, apiKey, dimensions } = options;
    this.model = model;
    this.version = dimensions === undefined ? model : `${model}/${dimensions}`;
    this.dimensions = dimensions ?? KNOWN[model]?.dimensions;
    this.maxInputTokens = KNOWN[model]?.maxInputTokens;
    const headers = apiKey && { authorization: new Secret(`Bearer ${apiKey.reveal()}`) };
    this.http = new HttpClient({
      target: PROVIDER,
      baseUrl,
      ...(headers && { headers }),
      maxReplyBytes: 128 * 1024 ** 2,
    });
  }

  async embed(texts: readonly string[], { signal, callId }: EmbedOptions = {}): Promise<Embeddings> {
    const { model, dimensions, encoding } = this.options;
    const json = { model, input: texts, encoding_format: encoding, ...(dimensions !== undefined && { dimensions }) };
    // https://platform.openai.com/docs/api-reference/debugging-requests: a request is found again by the name it was sent with.
    const named = callId !== undefined && { headers: { 'x-client-request-id': callId } };
    const { body } = await this.http
      .request({ method: 'POST', path: '/embeddings', json, ...named, signal, reply: Reply })
      .catch((error: unknown) => {
        throw translated(error, PROVIDER, texts.length);
      });
    const vectors = inOrder(body.data, texts.length);
    this.dimensions ??= vectors[0]?.length;
    return { vectors, tokens: body.usage?.prompt_tokens ?? 0 };
  }

  async close(): Promise<void> {
    await this.http.close();
  }
}

function inOrder(data: z.output<typeof Reply>['data'], count: number): Float32Array[] {
  const vectors: Float32Array[] = [];
  for (const { index, embedding } of data) {
    if (index >= count || vectors[index]) throw oddly('a vector for no text');
    vectors[index] = typeof embedding === 'string' ? decoded(embedding) : Float32Array.from(embedding);
  }
  if (data.length !== count) throw oddly(`${data.length} vectors for ${count} texts`);
  return vectors;
}

function decoded(base64: string): Float32Array {
  // Copied, so that the floats are aligned and do not keep Node's shared buffer pool alive.
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  if (bytes.length === 0 || bytes.length % 4 !== 0) throw oddly('a vector that is not base64 of 32-bit floats');
  return new Float32Array(bytes.buffer);
}

function oddly(reason: string) {
  return failure('embedding.reply_invalid', { provider: PROVIDER, reason });
}

export const openAiProvider = defineProvider({
  family: 'embedding-model',
  name: PROVIDER,
  options: Options,
  // Nothing is called here: the embedder proves a remote model once it is guarded by limits.
  open: async (options: z.output<typeof Options>) => new OpenAiModel(options),
});
