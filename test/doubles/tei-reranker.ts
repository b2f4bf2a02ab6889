// A loopback server that reranks as Text Embeddings Inference does, checked against its specification.
import { sharedFile } from '../support/shared-folder.js';
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { OpenApiForms } from './openapi-forms.js';
import { logitOf, probabilityOf, tokensIn } from './rerank-words.js';

const SPECIFICATION = 'specs/tei/openapi.json';

export interface TeiRerankerOptions {
  /** Refuses other keys with 401, as `--api-key` does. */
  apiKey?: string;
  /** `--max-client-batch-size`. Default 32. */
  maxClientBatchSize?: number;
  modelId?: string;
  /** What is served. Default a reranker; another sort refuses /rerank. */
  sort?: 'reranker' | 'classifier' | 'embedding';
  /** Characters that one text may have where it is not truncated. Default 2,000. */
  maxCharacters?: number;
}

interface RerankRequest {
  query: string;
  texts: string[];
  raw_scores?: boolean;
  return_text?: boolean;
  truncate?: boolean | null;
}

/** https://github.com/huggingface/text-embeddings-inference, router/src/http/server.rs: the status of each sort of error. */
const STATUS = { Backend: 424, Overloaded: 429, Validation: 413, Tokenizer: 422, Empty: 400 } as const;

export class TeiRerankerDouble extends LoopbackVendor {
  /** Departures from the specification, in requests and in this double's own replies. A good test ends with none. */
  readonly complaints: string[] = [];
  private readonly forms: OpenApiForms | undefined;

  private constructor(private readonly options: TeiRerankerOptions) {
    super();
    const file = sharedFile(SPECIFICATION);
    this.forms = file === undefined ? undefined : OpenApiForms.of(file);
    if (!this.forms) console.warn(`NOT CHECKED: the double of TEI runs without ../shared/${SPECIFICATION}.`);
  }

  static async start(options: TeiRerankerOptions = {}): Promise<TeiRerankerDouble> {
    return new TeiRerankerDouble(options).listen();
  }

  /** Whether requests and replies are checked: only where the specification lies beside the repository. */
  get checked(): boolean {
    return this.forms !== undefined;
  }

  /** Bodies of the rerank requests, in order. */
  get asked(): RerankRequest[] {
    return this.requests.filter((one) => one.target === '/rerank').map((one) => JSON.parse(one.body) as RerankRequest);
  }

  protected answer({ method, target, headers, body }: VendorRequest): VendorReply {
    const { apiKey } = this.options;
    // A refused key has no body: a layer in front of the routes answers.
    if (apiKey !== undefined && headers.authorization !== `Bearer ${apiKey}`) return { status: 401 };
    if (method === 'GET' && target === '/info') return this.sent('Info', this.info());
    if (method !== 'POST' || target !== '/rerank') return { status: 404 };
    const request = JSON.parse(body) as RerankRequest;
    // What does not parse is refused by the framework, in words and not in JSON.
    if (!this.check('RerankRequest', request)) return { status: 422, body: 'Failed to deserialize the JSON body' };
    return this.refusalOf(request) ?? this.ranks(request);
  }

  private ranks({ query, texts, raw_scores: raw, return_text: given }: RerankRequest): VendorReply {
    const ranks = texts
      .map((text, index) => ({
        index,
        score: Math.fround((raw ? logitOf : probabilityOf)(query, text)),
        ...(given && { text }),
      }))
      .sort((a, b) => b.score - a.score);
    const tokens = texts.reduce((sum, text) => sum + tokensIn(query) + tokensIn(text), 0);
    return { ...this.sent('RerankResponse', ranks), headers: { 'x-compute-tokens': String(tokens) } };
  }

  private refusalOf({ texts, truncate }: RerankRequest): VendorReply | undefined {
    const { maxClientBatchSize: most = 32, sort = 'reranker', maxCharacters = 2000 } = this.options;
    if (texts.length === 0) return this.refusal('Empty', '`texts` cannot be empty');
    if (sort !== 'reranker') return this.refusal('Backend', 'Inference error: model is not a re-ranker model');
    if (texts.length > most)
      return this.refusal('Validation', `batch size ${texts.length} > maximum allowed batch size ${most}`);
    const long = texts.find((text) => text.length > maxCharacters);
    if (long === undefined || truncate) return undefined;
    return this.refusal(
      'Validation',
      `Input validation error: \`inputs\` must have less than 512 tokens. Given: ${tokensIn(long)}`,
    );
  }

  private info(): object {
    const { modelId = 'BAAI/bge-reranker-base', maxClientBatchSize = 32, sort = 'reranker' } = this.options;
    const labels = { id2label: { 0: 'LABEL_0' }, label2id: { LABEL_0: 0 } };
    return {
      model_id: modelId,
      model_sha: null,
      model_dtype: 'float16',
      served_model_name: modelId,
      model_type: sort === 'embedding' ? { embedding: { pooling: 'cls' } } : { [sort]: labels },
      max_concurrent_requests: 512,
      max_input_length: 512,
      max_batch_tokens: 16384,
      max_batch_requests: null,
      max_client_batch_size: maxClientBatchSize,
      auto_truncate: false,
      tokenization_workers: 4,
      version: '1.9.3',
      sha: null,
      docker_label: null,
    };
  }

  private refusal(sort: keyof typeof STATUS, error: string): VendorReply {
    return { ...this.sent('ErrorResponse', { error, error_type: sort }), status: STATUS[sort] };
  }

  private sent(schema: string, body: unknown): VendorReply {
    this.check(schema, body);
    return { status: 200, body };
  }

  private check(schema: string, body: unknown): boolean {
    // The specification writes `nullable`, a word of OpenAPI 3.0 that JSON Schema does not know.
    const problems = this.forms?.problemsOf(schema, withoutNulls(body)) ?? [];
    this.complaints.push(...problems);
    return problems.length === 0;
  }
}

function withoutNulls(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null));
}
