// Hugging Face's service: Inference Providers (hf-inference), or an Inference Endpoint of one's own.
import { z } from 'zod';
import { defineProvider, type EmbeddingModel, type Embeddings, type EmbedOptions, failure, Secret } from '#ports';
import { HttpClient } from '#resilience';
import { huggingFaceMeaning } from './huggingface-failures.js';
import { knownModel } from './known-models.js';
import { bearer, httpUrl, promptFor, promptNames } from './provider-options.js';
import { countedTokens, Rows, vectorsOf } from './tei-reply.js';
import { translated } from './vendor-failures.js';

const PROVIDER = 'huggingface';
const SERVICE = 'https://router.huggingface.co/hf-inference';

const Options = z.strictObject({
  /** As the Hub names it. */
  model: z
    .string()
    .regex(/^\w[\w.-]*(\/\w[\w.-]*)?$/, 'is the name of a model on the Hub')
    .default('BAAI/bge-small-en-v1.5'),
  /** Address of an Inference Endpoint; unset, the service. */
  baseUrl: httpUrl().optional(),
  apiKey: z.instanceof(Secret).optional(),
  /** What the model is known to give. It is checked, not asked for. */
  dimensions: z.int().min(1).optional(),
  normalize: z.boolean().default(true),
  /** Whether texts longer than the model reads are cut, or refused. Unset: as the model is served. */
  truncate: z.boolean().optional(),
  prompts: promptNames,
  /** Organisation that is billed. */
  billTo: z.string().min(1).optional(),
  /** Texts in one call. */
  maxBatch: z.int().min(1).max(4096).default(32),
});

/** Vectors of the tokens of each text: what a model without pooling gives. */
const RowsOfTokens = z.array(z.array(z.array(z.number()))).nonempty();

class HuggingFaceEmbeddings implements EmbeddingModel {
  readonly provider = PROVIDER;
  readonly remote = true;
  readonly maxInputTokens = undefined;
  readonly model: string;
  readonly version: string;
  readonly maxBatch: number;
  readonly normalised: boolean;
  readonly truncates?: boolean;
  readonly prefixes?: NonNullable<EmbeddingModel['prefixes']>;
  dimensions: number | undefined;
  private readonly http: HttpClient;
  private readonly path: string;

  constructor(private readonly options: z.output<typeof Options>) {
    const { model, baseUrl, apiKey, dimensions, maxBatch, normalize, truncate, prompts, billTo } = options;
    this.model = model;
    this.version = prompts ? `${model}/${JSON.stringify(prompts)}` : model;
    this.maxBatch = maxBatch;
    this.normalised = normalize;
    if (truncate !== undefined) this.truncates = truncate;
    this.dimensions = dimensions;
    const { prefixes } = knownModel(model);
    if (prefixes && !prompts) this.prefixes = prefixes;
    // https://huggingface.co/docs/inference-providers/tasks/feature-extraction; an endpoint answers at its very address.
    this.path = baseUrl === undefined ? `/models/${model}/pipeline/feature-extraction` : endOf(baseUrl);
    const headers = { ...bearer(apiKey), ...(billTo !== undefined && { 'x-hf-bill-to': billTo }) };
    this.http = new HttpClient({
      target: PROVIDER,
      baseUrl: baseUrl ?? SERVICE,
      headers,
      maxReplyBytes: 128 * 1024 ** 2,
    });
  }

  async embed(texts: readonly string[], { signal, purpose }: EmbedOptions = {}): Promise<Embeddings> {
    const { normalize, truncate, prompts } = this.options;
    const json = { inputs: texts, normalize, truncate, ...promptFor(prompts, purpose) };
    const { body, headers } = await this.http
      .request({ method: 'POST', path: this.path, json, signal })
      .catch((error: unknown) => {
        throw translated(error, PROVIDER, texts.length, huggingFaceMeaning);
      });
    const rows = Rows.safeParse(body);
    if (!rows.success) throw oddly(body);
    const vectors = vectorsOf(rows.data);
    this.dimensions ??= vectors[0]?.length;
    return { vectors, tokens: countedTokens(headers) };
  }

  async close(): Promise<void> {
    await this.http.close();
  }
}

function endOf(baseUrl: string): string {
  return new URL(baseUrl).pathname === '/' ? '/' : '';
}

function oddly(body: unknown) {
  const reason = RowsOfTokens.safeParse(body).success
    ? 'vectors of tokens, not of texts: the model has no pooling; choose one of sentence-transformers'
    : 'not one list of numbers a text';
  return failure('embedding.reply_invalid', { provider: PROVIDER, reason });
}

export const huggingFaceProvider = defineProvider({
  family: 'embedding-model',
  name: PROVIDER,
  options: Options,
  // Nothing is called here: the embedder proves a remote model once it is guarded by limits.
  open: async (options: z.output<typeof Options>): Promise<EmbeddingModel> => new HuggingFaceEmbeddings(options),
});
