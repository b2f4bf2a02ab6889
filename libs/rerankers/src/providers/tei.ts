// A cross-encoder served by Text Embeddings Inference, Hugging Face's server of models.
import { z } from 'zod';
import { defineProvider, failure, type Reranker, type Reranking, type RerankOptions, Secret } from '#ports';
import { HttpClient, refusalOf } from '#resilience';
import { translated } from './rerank-failures.js';
import { inOrder, toProbability } from './scores.js';

const PROVIDER = 'tei';

const Options = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).username === '', 'holds a user name; give the key as RERANK_API_KEY'),
  apiKey: z.instanceof(Secret).optional(),
  /** What the server is expected to have loaded (its `model_id`). Another one stops the boot. */
  model: z.string().min(1).optional(),
  /** Texts in one call; the server's own limit counts too. 32 is its default (`--max-client-batch-size`). */
  maxBatch: z.int().min(1).max(4096).default(32),
  /** Whether the server cuts what is longer than its model reads; else it refuses such a text. */
  truncate: z.boolean().default(true),
  /** Asks for logits, and takes their sigmoid here: the same scores, with more places near 0 and 1. */
  rawScores: z.boolean().default(false),
});

/** The fields of replies that are used. https://huggingface.github.io/text-embeddings-inference */
const Info = z.object({
  model_id: z.string(),
  model_type: z.record(z.string(), z.unknown()),
  max_client_batch_size: z.int().min(1),
});
const Ranks = z.array(z.object({ index: z.int().min(0), score: z.number() }));

class TeiReranker implements Reranker {
  readonly provider = PROVIDER;
  readonly remote = true;
  model: string;
  maxBatch: number;
  private readonly http: HttpClient;
  private known = false;

  constructor(private readonly options: z.output<typeof Options>) {
    const { url, apiKey, model, maxBatch } = options;
    this.model = model ?? 'served';
    this.maxBatch = maxBatch;
    const headers = apiKey && { authorization: new Secret(`Bearer ${apiKey.reveal()}`) };
    this.http = new HttpClient({ target: PROVIDER, baseUrl: url, ...(headers && { headers }) });
  }

  async rerank(query: string, texts: readonly string[], { signal }: RerankOptions = {}): Promise<Reranking> {
    const { truncate, rawScores } = this.options;
    try {
      if (!this.known) await this.learn(signal);
      const json = { query, texts, truncate, raw_scores: rawScores, return_text: false };
      const reply = await this.http.request({ method: 'POST', path: '/rerank', json, signal, reply: Ranks });
      const scores = inOrder(reply.body, texts.length);
      if (!scores) throw oddly(`not one score for each of ${texts.length} texts`);
      const sort = rawScores ? 'logit' : 'probability';
      return { scores: scores.map((score) => toProbability(sort, score)), tokens: tokensOf(reply.headers) };
    } catch (error) {
      throw translated(error, PROVIDER, texts.length);
    }
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  /** Reads what the server serves, once. A gateway that forwards /rerank alone is taken as it is. */
  private async learn(signal: AbortSignal | undefined): Promise<void> {
    const info = await this.http.request({ method: 'GET', path: '/info', signal, reply: Info }).catch((error) => {
      if ([404, 405].includes(refusalOf(error)?.status ?? 0)) return undefined;
      throw error;
    });
    if (info) this.take(info.body);
    this.known = true;
  }

  private take({ model_id: served, model_type: sort, max_client_batch_size: limit }: z.output<typeof Info>): void {
    const { model, maxBatch } = this.options;
    if (model !== undefined && model !== served) throw unfit(`model: the server serves ${served}`);
    // https://github.com/huggingface/text-embeddings-inference: a classifier of one label is a reranker, no other.
    if (!('reranker' in sort)) throw unfit(`url: the server serves ${served}, which is no reranker`);
    this.model = served;
    this.maxBatch = Math.min(maxBatch, limit);
  }
}

/** The tokens that the server counted, which it tells in a header. */
function tokensOf(headers: Record<string, unknown>): number {
  const counted = Number(headers['x-compute-tokens']);
  return Number.isSafeInteger(counted) && counted > 0 ? counted : 0;
}

function oddly(reason: string) {
  return failure('rerank.reply_invalid', { provider: PROVIDER, reason });
}

function unfit(problems: string) {
  return failure('provider.options', { name: PROVIDER, problems });
}

export const teiProvider = defineProvider({
  family: 'reranker',
  name: PROVIDER,
  options: Options,
  // Nothing is called here: the ranker proves a remote model once it is guarded by limits.
  open: async (options: z.output<typeof Options>): Promise<Reranker> => new TeiReranker(options),
});
