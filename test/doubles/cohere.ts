// A loopback server that speaks Cohere's rerank API, and those of Jina and Voyage, which were modelled on it.
import { LoopbackVendor, type VendorReply, type VendorRequest } from './loopback-vendor.js';
import { probabilityOf, tokensIn } from './rerank-words.js';

export type RerankDialect = 'cohere' | 'jina' | 'voyage';

export interface CohereDoubleOptions {
  /** Refuses other keys with 401. Default: takes any. */
  apiKey?: string;
  /** Default `cohere`. */
  dialect?: RerankDialect;
  /** Documents that one request takes. Default 1,000. */
  maxDocuments?: number;
  /** Refuses a request with this document. */
  refusedDocument?: string;
}

interface RerankRequest {
  model: string;
  query: string;
  documents: string[];
  top_n?: number;
  top_k?: number;
}

/** Under each, the path of its version 2 (Cohere) or 1. */
const PATHS: Record<RerankDialect, string> = { cohere: '/v2/rerank', jina: '/v1/rerank', voyage: '/v1/rerank' };

/** The models that it has; another one is not found. */
const MODELS = ['rerank-v3.5', 'rerank-english-v3.0', 'jina-reranker-v2-base-multilingual', 'rerank-2.5'];

export class CohereDouble extends LoopbackVendor {
  constructor(private readonly options: CohereDoubleOptions = {}) {
    super();
  }

  static async start(options: CohereDoubleOptions = {}): Promise<CohereDouble> {
    return new CohereDouble(options).listen();
  }

  /** What a client is given as the base URL. */
  get base(): string {
    return this.url + PATHS[this.dialect].replace('/rerank', '');
  }

  /** Bodies of the requests, in order. */
  get asked(): RerankRequest[] {
    return this.requests.map((one) => JSON.parse(one.body) as RerankRequest);
  }

  private get dialect(): RerankDialect {
    return this.options.dialect ?? 'cohere';
  }

  protected answer(request: VendorRequest): VendorReply {
    const { apiKey } = this.options;
    if (request.method !== 'POST' || request.target !== PATHS[this.dialect]) return this.refusal(404, 'page not found');
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`)
      return this.refusal(401, 'invalid api token');
    const body = JSON.parse(request.body) as RerankRequest;
    const problem = this.problemOf(body);
    if (problem) return problem;
    return { status: 200, body: this.reply(body) };
  }

  private problemOf({ model, query, documents, top_n, top_k }: RerankRequest): VendorReply | undefined {
    const { maxDocuments = 1000, refusedDocument } = this.options;
    if (typeof model !== 'string' || !MODELS.includes(model))
      return this.refusal(404, `model '${model}' not found, make sure the correct model ID was used`);
    if (typeof query !== 'string' || query === '') return this.refusal(400, 'invalid request: query must not be empty');
    if (!Array.isArray(documents) || documents.length === 0)
      return this.refusal(400, 'invalid request: list of documents must not be empty');
    if (documents.length > maxDocuments)
      return this.refusal(400, `invalid request: too many documents: maximum is ${maxDocuments}`);
    if (refusedDocument !== undefined && documents.includes(refusedDocument))
      return this.refusal(400, 'invalid request: one of the documents is too long');
    if (top_n !== undefined && this.dialect === 'voyage') return this.refusal(400, "Argument 'top_n' is not supported");
    return top_k !== undefined && this.dialect !== 'voyage' ? this.refusal(422, 'unknown field: top_k') : undefined;
  }

  private reply({ model, query, documents, top_n, top_k }: RerankRequest): unknown {
    const ranked = documents
      .map((text, index) => ({ index, relevance_score: probabilityOf(query, text) }))
      .sort((a, b) => b.relevance_score - a.relevance_score)
      .slice(0, top_n ?? top_k);
    const tokens = documents.reduce((sum, text) => sum + tokensIn(text), 0) + documents.length * tokensIn(query);
    if (this.dialect === 'jina') return { model, usage: { total_tokens: tokens }, results: ranked };
    if (this.dialect === 'voyage') return { object: 'list', data: ranked, model, usage: { total_tokens: tokens } };
    return {
      id: '07734bd2-2473-4f07-94e1-0d9f0e6843cf',
      results: ranked,
      meta: { api_version: { version: '2' }, billed_units: { search_units: Math.ceil(documents.length / 100) } },
    };
  }

  private refusal(status: number, message: string): VendorReply {
    return { status, body: this.dialect === 'cohere' ? { id: 'f1', message } : { detail: message } };
  }
}
