// Any endpoint that speaks Cohere's rerank API (Cohere, Jina, Voyage, vLLM, LiteLLM, Infinity, llama.cpp, …).
import { z } from 'zod';
import { defineProvider, failure, type Reranker, type Reranking, type RerankOptions, Secret } from '#ports';
import { HttpClient } from '#resilience';
import { translated } from './rerank-failures.js';
import { inOrder, SCORES, toProbability } from './scores.js';

const PROVIDER = 'cohere';

const Options = z.strictObject({
  model: z.string().min(1).default('rerank-v3.5'),
  /** Cohere's v2. Of v1 servers (Jina, Voyage, vLLM) the same is asked and answered. */
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).username === '', 'holds a user name; give the key as RERANK_API_KEY')
    .default('https://api.cohere.com/v2'),
  apiKey: z.instanceof(Secret).optional(),
  /** What `relevance_score` is. Cohere, Jina v2 and Voyage give 0..1; llama.cpp gives logits; jina-reranker-v3 cosines. */
  scores: z.enum(SCORES).default('probability'),
  /** Texts in one call. Cohere bills a search for each hundred begun (https://cohere.com/pricing), and takes 1,000. */
  maxBatch: z.int().min(1).max(1000).default(100),
  /**
   * What one search counts in the ledger, for vendors that bill searches and not tokens. At 1,000 the price of a million
   * tokens is the vendor's price of a thousand searches.
   */
  tokensPerSearch: z.int().min(0).default(1000),
  /** Further fields of the request, e.g. `{ "return_documents": false }` for Jina. */
  body: z.record(z.string(), z.json()).default({}),
});

const Ranked = z.array(z.object({ index: z.int().min(0), relevance_score: z.number() }));

/** The fields of a reply that are used. Cohere: https://docs.cohere.com/reference/rerank; Voyage says `data`; both bill in their own place. */
const Reply = z.object({
  results: Ranked.optional(),
  data: Ranked.optional(),
  usage: z.object({ total_tokens: z.int().min(0).optional() }).nullish(),
  meta: z.object({ billed_units: z.object({ search_units: z.number().min(0).nullish() }).nullish() }).nullish(),
});

class CohereReranker implements Reranker {
  readonly provider = PROVIDER;
  readonly model: string;
  readonly maxBatch: number;
  readonly remote = true;
  private readonly http: HttpClient;

  constructor(private readonly options: z.output<typeof Options>) {
    const { model, url, apiKey, maxBatch } = options;
    this.model = model;
    this.maxBatch = maxBatch;
    const headers = apiKey && { authorization: new Secret(`Bearer ${apiKey.reveal()}`) };
    this.http = new HttpClient({ target: PROVIDER, baseUrl: url, ...(headers && { headers }) });
  }

  async rerank(query: string, texts: readonly string[], { signal }: RerankOptions = {}): Promise<Reranking> {
    const { model, body: more, scores: sort } = this.options;
    // Without `top_n` (Voyage: `top_k`) every document is ranked.
    const json = { ...more, model, query, documents: texts };
    const { body } = await this.http
      .request({ method: 'POST', path: '/rerank', json, signal, reply: Reply })
      .catch((error: unknown) => {
        throw translated(error, PROVIDER, texts.length);
      });
    const ranked = (body.results ?? body.data ?? []).map(({ index, relevance_score: score }) => ({ index, score }));
    const scores = inOrder(ranked, texts.length);
    if (!scores) throw oddly(`not one score for each of ${texts.length} texts`);
    return { scores: scores.map((score) => toProbability(sort, score)), tokens: this.tokensOf(body) };
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  private tokensOf({ usage, meta }: z.output<typeof Reply>): number {
    return usage?.total_tokens ?? Math.ceil((meta?.billed_units?.search_units ?? 0) * this.options.tokensPerSearch);
  }
}

function oddly(reason: string) {
  return failure('rerank.reply_invalid', { provider: PROVIDER, reason });
}

export const cohereProvider = defineProvider({
  family: 'reranker',
  name: PROVIDER,
  options: Options,
  // Nothing is called here: the ranker proves a remote model once it is guarded by limits.
  open: async (options: z.output<typeof Options>): Promise<Reranker> => new CohereReranker(options),
});
