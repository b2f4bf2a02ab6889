// A Text Embeddings Inference server: Hugging Face's server of embedding models.
import { z } from 'zod';
import {
  defineProvider,
  type EmbeddingModel,
  type EmbeddingPurpose,
  type Embeddings,
  type EmbedOptions,
  failure,
  Secret,
} from '#ports';
import { HttpClient, isPassing, refusalOf } from '#resilience';
import { knownModel } from './known-models.js';
import { bearer, httpUrl, promptFor, promptNames } from './provider-options.js';
import { teiMeaning } from './tei-failures.js';
import { countedTokens, Rows, vectorsOf } from './tei-reply.js';
import { translated } from './vendor-failures.js';

const PROVIDER = 'tei';

export const TeiOptions = z.strictObject({
  baseUrl: httpUrl(),
  apiKey: z.instanceof(Secret).optional(),
  /** What the server is expected to hold (its model_id or served_model_name). Another one stops the boot. */
  model: z.string().min(1).optional(),
  dimensions: z.int().min(1).optional(),
  /** Whether the server gives its vectors unit length. */
  normalize: z.boolean().default(true),
  /** Whether texts longer than the model reads are cut, or refused. Unset: as the server was started (`--auto-truncate`). */
  truncate: z.boolean().optional(),
  prompts: promptNames,
});

type Options = z.output<typeof TeiOptions>;

/** The fields of /info that are used. Early versions do not have all of them. */
const Info = z.object({
  model_id: z.string(),
  served_model_name: z.string().optional(),
  model_sha: z.string().nullish(),
  model_type: z.record(z.string(), z.unknown()).optional(),
  max_concurrent_requests: z.int().min(1).optional(),
  max_input_length: z.int().min(1).optional(),
  max_client_batch_size: z.int().min(1),
  auto_truncate: z.boolean().optional(),
});

/** The server's own default (`--max-client-batch-size`), until it is asked. */
const DEFAULT_BATCH = 32;
/** How long the boot waits to hear what the server holds, before it goes on and asks again at the first call. */
const LEARNING_MS = 5_000;
/** Statuses of a route that there is none of. */
const UNTOLD: ReadonlySet<number> = new Set([404, 405]);
/** What is taken where nothing is told. */
const TOLD_NOTHING = { max_client_batch_size: DEFAULT_BATCH };
const MAX_REPLY_BYTES = 128 * 1024 ** 2;

export class TeiEmbeddings implements EmbeddingModel {
  readonly remote = true;
  readonly normalised: boolean;
  model: string;
  /** Empty until the server has said what it holds. */
  version = '';
  maxBatch = DEFAULT_BATCH;
  maxInputTokens: number | undefined;
  maxParallel?: number;
  truncates?: boolean;
  prefixes?: Readonly<Record<EmbeddingPurpose, string>>;
  dimensions: number | undefined;
  private readonly http: HttpClient;

  constructor(
    private readonly options: Options,
    readonly provider: string = PROVIDER,
  ) {
    const { baseUrl, apiKey, model, dimensions, normalize, truncate } = options;
    this.model = model ?? 'served';
    this.dimensions = dimensions;
    this.normalised = normalize;
    if (truncate !== undefined) this.truncates = truncate;
    this.http = new HttpClient({ target: provider, baseUrl, headers: bearer(apiKey), maxReplyBytes: MAX_REPLY_BYTES });
  }

  /**
   * Hears what the server holds. A server that does not answer for now is asked again at the first call.
   * @throws Failure `provider.options` where it holds another model than is expected, or none of embeddings
   */
  async open(signal?: AbortSignal): Promise<this> {
    const limit = AbortSignal.timeout(LEARNING_MS);
    try {
      await this.learn(signal ? AbortSignal.any([signal, limit]) : limit);
    } catch (error) {
      signal?.throwIfAborted();
      if (!limit.aborted && !isPassing(error)) throw error;
    }
    return this;
  }

  async embed(texts: readonly string[], { signal, purpose }: EmbedOptions = {}): Promise<Embeddings> {
    const { dimensions, normalize, truncate, prompts } = this.options;
    if (this.version === '') await this.learn(signal);
    const json = { inputs: texts, normalize, truncate, dimensions, ...promptFor(prompts, purpose) };
    const { body, headers } = await this.ask(
      this.http.request({ method: 'POST', path: '/embed', json, signal, reply: Rows }),
      texts.length,
    );
    const vectors = vectorsOf(body);
    this.dimensions ??= vectors[0]?.length;
    return { vectors, tokens: countedTokens(headers) };
  }

  async close(): Promise<void> {
    await this.http.close();
  }

  /** A gateway that forwards /embed alone tells nothing: then the operator's word is taken. */
  private async learn(signal: AbortSignal | undefined): Promise<void> {
    const { model } = this.options;
    try {
      this.take((await this.ask(this.http.request({ method: 'GET', path: '/info', signal, reply: Info }), 1)).body);
    } catch (error) {
      if (!UNTOLD.has(refusalOf(error)?.status ?? 0)) throw error;
      if (model === undefined)
        throw this.unfit('model: must be set (EMBEDDING_MODEL), for the server does not tell it');
      this.take({ ...TOLD_NOTHING, model_id: model });
    }
  }

  private take(body: z.output<typeof Info>): void {
    const { model_id: id, served_model_name: name = id, model_sha: sha, model_type: sort } = body;
    const { model, dimensions, prompts } = this.options;
    if (model !== undefined && model !== id && model !== name) throw this.unfit(`model: the server holds ${name}`);
    if (sort && !('embedding' in sort))
      throw this.unfit(`baseUrl: ${name}, which the server holds, makes no embeddings`);
    this.model = model ?? name;
    this.maxBatch = body.max_client_batch_size;
    this.maxInputTokens = body.max_input_length;
    if (body.max_concurrent_requests !== undefined) this.maxParallel = body.max_concurrent_requests;
    const truncates = this.options.truncate ?? body.auto_truncate;
    if (truncates !== undefined) this.truncates = truncates;
    const { prefixes } = knownModel(id);
    if (prefixes && !prompts) this.prefixes = prefixes;
    this.version = [sha ? `${id}@${sha}` : id, dimensions, prompts && JSON.stringify(prompts)]
      .filter((part) => part !== undefined)
      .join('/');
  }

  private ask<T>(call: Promise<T>, count: number): Promise<T> {
    return call.catch((error: unknown) => {
      throw translated(error, this.provider, count, teiMeaning);
    });
  }

  private unfit(problems: string) {
    return failure('provider.options', { name: this.provider, problems });
  }
}

export const teiProvider = defineProvider({
  family: 'embedding-model',
  name: PROVIDER,
  options: TeiOptions,
  open: async (options: Options, { signal }): Promise<EmbeddingModel> => new TeiEmbeddings(options).open(signal),
});
