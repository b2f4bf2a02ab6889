// The embeddings call of OpenAI's API, as OpenAI, Azure and compatible servers take it.
import { z } from 'zod';
import { type EmbeddingModel, type Embeddings, type EmbedOptions, failure, type Secret } from '#ports';
import { HttpClient } from '#resilience';
import { knownModel } from './known-models.js';
import { openAiMeaning } from './openai-failures.js';
import { translated } from './vendor-failures.js';

/** The fields of a reply that are used. https://platform.openai.com/docs/api-reference/embeddings */
const Reply = z.object({
  data: z.array(z.object({ index: z.int().min(0), embedding: z.union([z.string(), z.array(z.number())]) })),
  usage: z.object({ prompt_tokens: z.int().min(0) }).optional(),
});

/** Replies of 2048 vectors of 3072 numbers, as decimals, fit. */
const MAX_REPLY_BYTES = 128 * 1024 ** 2;

export interface OpenAiEndpoint {
  provider: string;
  /** What the model is called here: part of its tag. */
  model: string;
  /** What is known of it, by OpenAI's name, where the endpoint calls it otherwise. */
  baseModel?: string | undefined;
  /** Asked for where it is set. */
  dimensions?: number | undefined;
  encoding: 'base64' | 'float';
  baseUrl: string;
  path: string;
  query?: Record<string, string>;
  /** Sent as the body's `model`; `undefined` where the path names it. */
  sent?: string | undefined;
  /** Carries the name of a call, by which the vendor finds it again. */
  callHeader: string;
  /** Asked before each call, so that a token may change. */
  headers: () => Promise<Record<string, Secret>>;
}

export class OpenAiEmbeddings implements EmbeddingModel {
  readonly provider: string;
  readonly model: string;
  readonly version: string;
  readonly maxBatch = 2048;
  readonly maxInputTokens: number | undefined;
  readonly maxBatchTokens?: number;
  readonly normalised?: boolean;
  readonly prefixes?: NonNullable<EmbeddingModel['prefixes']>;
  readonly truncates = false;
  readonly remote = true;
  dimensions: number | undefined;
  private readonly http: HttpClient;

  constructor(private readonly endpoint: OpenAiEndpoint) {
    const { provider, model, baseModel = model, dimensions, baseUrl } = endpoint;
    const known = knownModel(baseModel);
    this.provider = provider;
    this.model = model;
    this.version = dimensions === undefined ? baseModel : `${baseModel}/${dimensions}`;
    this.dimensions = dimensions ?? known.dimensions;
    this.maxInputTokens = known.maxInputTokens;
    if (known.maxBatchTokens !== undefined) this.maxBatchTokens = known.maxBatchTokens;
    if (known.normalised !== undefined) this.normalised = known.normalised;
    if (known.prefixes) this.prefixes = known.prefixes;
    this.http = new HttpClient({ target: provider, baseUrl, maxReplyBytes: MAX_REPLY_BYTES });
  }

  async embed(texts: readonly string[], { signal, callId }: EmbedOptions = {}): Promise<Embeddings> {
    const { provider, path, query = {}, sent, encoding, dimensions } = this.endpoint;
    const json = { model: sent, input: texts, encoding_format: encoding, dimensions };
    const headers: Record<string, string | Secret> = { ...(await this.endpoint.headers()) };
    if (callId !== undefined) headers[this.endpoint.callHeader] = callId;
    const { body } = await this.http
      .request({ method: 'POST', path, query, json, headers, signal, reply: Reply })
      .catch((error: unknown) => {
        throw translated(error, provider, texts.length, openAiMeaning);
      });
    const vectors = this.inOrder(body.data, texts.length);
    this.dimensions ??= vectors[0]?.length;
    return { vectors, tokens: body.usage?.prompt_tokens ?? 0 };
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private inOrder(data: z.output<typeof Reply>['data'], count: number): Float32Array[] {
    const vectors: Float32Array[] = [];
    for (const { index, embedding } of data) {
      if (index >= count || vectors[index]) throw this.oddly('a vector for no text');
      vectors[index] = typeof embedding === 'string' ? this.decoded(embedding) : Float32Array.from(embedding);
    }
    if (data.length !== count) throw this.oddly(`${data.length} vectors for ${count} texts`);
    return vectors;
  }

  private decoded(base64: string): Float32Array {
    // Copied, so that the floats are aligned and do not keep Node's shared buffer pool alive.
    const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
    if (bytes.length === 0 || bytes.length % 4 !== 0) throw this.oddly('a vector that is not base64 of 32-bit floats');
    return new Float32Array(bytes.buffer);
  }

  private oddly(reason: string) {
    return failure('embedding.reply_invalid', { provider: this.provider, reason });
  }
}
