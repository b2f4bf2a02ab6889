// A loopback server that speaks the embedding part of Text Embeddings Inference, and Hugging Face's routes to it.
import { sharedFile } from '../support/shared-folder.js';
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { tokensIn, vectorOf } from './openai.js';
import { OpenApiForms } from './openapi-forms.js';

const SPECIFICATION = 'specs/tei/openapi.json';

export interface EmbedRequest {
  inputs: string | string[];
  normalize?: boolean;
  truncate?: boolean;
  prompt_name?: string;
  dimensions?: number;
}

export interface TeiDoubleOptions {
  modelId?: string;
  modelSha?: string | null;
  servedName?: string;
  /** What the model is for; only embedding models embed. */
  sort?: 'embedding' | 'reranker';
  dimensions?: number;
  apiKey?: string;
  maxBatch?: number;
  maxInputTokens?: number;
  autoTruncate?: boolean;
  /** The prompts of the model's configuration. */
  prompts?: Record<string, string>;
}

type Settled = Required<Omit<TeiDoubleOptions, 'apiKey'>> & Pick<TeiDoubleOptions, 'apiKey'>;

const DEFAULTS = {
  modelId: 'acme/small',
  modelSha: 'fca14538aa9956a46526bd1d0d11d69e19b5a101',
  servedName: 'acme/small',
  sort: 'embedding' as const,
  dimensions: 8,
  maxBatch: 32,
  maxInputTokens: 512,
  autoTruncate: false,
  prompts: {},
};

export class TeiEmbeddingsDouble extends LoopbackVendor {
  /** Departures from the specification, in requests and in this double's own replies. A good test ends with none. */
  readonly complaints: string[] = [];
  /** Whether requests and replies are checked: only where the specification lies beside the repository. */
  readonly checked: boolean;
  readonly settings: Settled;
  private readonly forms: OpenApiForms | undefined;

  private constructor(options: TeiDoubleOptions) {
    super();
    this.settings = { ...DEFAULTS, ...options };
    const file = sharedFile(SPECIFICATION);
    this.checked = file !== undefined;
    this.forms = file === undefined ? undefined : OpenApiForms.of(file);
    if (!this.checked) console.warn(`NOT CHECKED: the TEI double runs without ../shared/${SPECIFICATION}.`);
  }

  static async start(options: TeiDoubleOptions = {}): Promise<TeiEmbeddingsDouble> {
    return new TeiEmbeddingsDouble(options).listen();
  }

  /** Bodies of the embedding requests so far. */
  get asked(): EmbedRequest[] {
    return this.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body) as EmbedRequest);
  }

  reset(): void {
    this.always();
    for (const list of [this.requests, this.complaints]) list.length = 0;
  }

  protected answer(request: VendorRequest): VendorReply {
    const { apiKey, modelId } = this.settings;
    // The Hub says who serves a model: https://huggingface.co/docs/inference-providers/hub-api
    if (request.target.startsWith(`/api/models/${modelId}?`)) return { status: 200, body: served(modelId) };
    // TEI's middleware answers so, without a body.
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) return wordless(401);
    if (request.method === 'GET' && request.target === '/info') return this.formed(200, 'Info', this.info());
    const routes = ['/', '/embed', `/hf-inference/models/${modelId}/pipeline/feature-extraction`];
    if (request.method !== 'POST' || !routes.includes(request.target)) return wordless(404);
    return this.embed(JSON.parse(request.body) as EmbedRequest);
  }

  private embed(request: EmbedRequest): VendorReply {
    const { sort, maxBatch, maxInputTokens, autoTruncate, prompts } = this.settings;
    this.complaints.push(...(this.forms?.problemsOf('EmbedRequest', request) ?? []));
    if (sort !== 'embedding') return this.refusal(424, 'Backend', 'Model is not an embedding model');
    const inputs = [request.inputs].flat();
    if (inputs.length === 0) return this.refusal(400, 'Empty', '`inputs` cannot be empty');
    if (inputs.length > maxBatch)
      return this.refusal(413, 'Validation', `batch size ${inputs.length} > maximum allowed batch size ${maxBatch}`);
    const { prompt_name: name, truncate = autoTruncate } = request;
    if (name !== undefined && !(name in prompts))
      return this.refusal(422, 'Tokenizer', `prompt_name \`${name}\` not found in the prompts`);
    const texts = inputs.map((text) => (prompts[name ?? ''] ?? '') + text);
    const longest = Math.max(...texts.map(tokensIn));
    if (!truncate && longest > maxInputTokens)
      return this.refusal(
        413,
        'Validation',
        `\`inputs\` must have less than ${maxInputTokens} tokens. Given: ${longest}`,
      );
    const tokens = texts.reduce((sum, text) => sum + Math.min(tokensIn(text), maxInputTokens), 0);
    const reply = this.formed(
      200,
      'EmbedResponse',
      texts.map((text) => this.vector(text, request)),
    );
    return { ...reply, headers: { 'x-compute-tokens': String(tokens), 'x-compute-type': 'cpu' } };
  }

  private vector(text: string, { normalize = true, dimensions = this.settings.dimensions }: EmbedRequest): number[] {
    const vector = vectorOf(text, dimensions);
    return normalize ? vector : vector.map((one) => one * 2);
  }

  private info() {
    const { modelId, modelSha, servedName, sort, maxBatch, maxInputTokens, autoTruncate } = this.settings;
    return {
      model_id: modelId,
      model_sha: modelSha,
      served_model_name: servedName,
      model_dtype: 'float16',
      model_type:
        sort === 'embedding' ? { embedding: { pooling: 'cls' } } : { reranker: { id2label: {}, label2id: {} } },
      max_concurrent_requests: 512,
      max_input_length: maxInputTokens,
      max_batch_tokens: 16384,
      max_client_batch_size: maxBatch,
      auto_truncate: autoTruncate,
      tokenization_workers: 4,
      version: '1.9.3',
    };
  }

  private refusal(status: number, sort: string, error: string): VendorReply {
    return this.formed(status, 'ErrorResponse', { error, error_type: sort });
  }

  private formed(status: number, schema: string, body: unknown): VendorReply {
    this.complaints.push(...(this.forms?.problemsOf(schema, body) ?? []));
    return { status, body };
  }
}

function served(modelId: string) {
  const mapping = { status: 'live', providerId: modelId, task: 'feature-extraction' };
  return { id: modelId, inferenceProviderMapping: { 'hf-inference': mapping } };
}

function wordless(status: number): VendorReply {
  return { status, headers: { 'content-type': 'text/plain' } };
}
