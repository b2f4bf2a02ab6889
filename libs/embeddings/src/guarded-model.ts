// One call to a model, guarded: prefixed, under account, within limits, announced, and its vectors checked.
import {
  announce,
  type EmbeddingModel,
  type EmbeddingPurpose,
  type Embeddings,
  failure,
  followed,
  isFailure,
  type Meter,
  SERVICE_ACCOUNT,
} from '#ports';
import { estimatedTokens, metered, Protection } from '#resilience';
import type { TextProblem } from './text-problem.js';

export interface GuardOptions {
  /** Calls at a time, in the whole process. */
  parallel: number;
  /** What the operator expects; a model that gives another number is refused. */
  dimensions?: number | undefined;
  /** Limit of one attempt, in milliseconds, and further attempts. For remote models only. */
  timeoutMs: number;
  retries: number;
  /** Instead of the model's own prefix for questions, and for documents. */
  queryPrefix?: string | undefined;
  documentPrefix?: string | undefined;
  /** Gives vectors unit length where the model does not. */
  normalise?: boolean | undefined;
  /** Of the pauses between attempts. */
  random?: () => number;
}

export interface GuardedCall {
  /** Whose account bears what the call costs. Without one, the service's own. */
  tenant?: string | undefined;
  purpose?: EmbeddingPurpose | undefined;
  signal?: AbortSignal | undefined;
}

export interface GuardedReply {
  /** One outcome a text, in their order: its vector, or what is wrong with the one that came. */
  outcomes: (Float32Array | TextProblem)[];
  tokens: number;
}

const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;
const BREAKER = { failures: 5, cooldownMs: 10_000 };
/** Calls that may wait for their turn before further ones are refused. */
const QUEUE = 256;

export class GuardedModel {
  private readonly protection: Protection | undefined;

  constructor(
    readonly model: EmbeddingModel,
    private readonly options: GuardOptions,
    /** Keeps account of each attempt to call a remote model; a local one costs nothing. */
    private readonly meter?: Meter,
  ) {
    if (model.remote) this.protection = protectionOf(model, options);
  }

  /** What stands before the texts of each purpose. A model that is held by a server may say so with its first reply. */
  get prefixes(): Readonly<Record<EmbeddingPurpose, string>> {
    const { query = '', document = '' } = this.model.prefixes ?? {};
    return { query: this.options.queryPrefix ?? query, document: this.options.documentPrefix ?? document };
  }

  /** Numbers in a vector; `undefined` until the first reply where the vendor alone knows it. */
  get dimensions(): number | undefined {
    return this.options.dimensions ?? this.model.dimensions;
  }

  /**
   * Asks for the vectors of 1 to `maxBatch` texts.
   * @throws Failure `embedding.*` (a position counts in `texts`), `call.*`, `quota.exceeded`, `usage.unavailable`; or the
   * reason of the signal. A reply in which only some vectors are of no use is given, with what is wrong with those.
   */
  async embed(texts: readonly string[], call: GuardedCall = {}, retries?: number): Promise<GuardedReply> {
    const prefix = call.purpose ? this.prefixes[call.purpose] : '';
    const sent = prefix === '' ? texts : texts.map((text) => prefix + text);
    let partly: GuardedReply | undefined;
    const attempt = async (signal: AbortSignal | undefined) => {
      partly = undefined;
      const reply = this.read(await this.attempt(sent, { ...call, signal }), texts.length);
      const at = reply.outcomes.findIndex((outcome) => typeof outcome === 'function');
      if (at < 0) return reply;
      partly = reply;
      throw (reply.outcomes[at] as TextProblem)(at);
    };
    try {
      return await (this.protection
        ? this.remotely(attempt, { items: texts.length, signal: call.signal, retries })
        : this.here(attempt, texts.length, call.signal));
    } catch (error) {
      if (partly?.outcomes.some((outcome) => typeof outcome !== 'function')) return partly;
      throw error;
    }
  }

  /** Releases the model. May be called twice. */
  async close(): Promise<void> {
    this.protection?.close();
    await this.model.close();
  }

  private remotely(
    attempt: (signal: AbortSignal) => Promise<GuardedReply>,
    o: { items: number; signal: AbortSignal | undefined; retries: number | undefined },
  ): Promise<GuardedReply> {
    const { retries, ...rest } = o;
    const tokensOf = (reply: GuardedReply) => reply.tokens;
    const { model } = this.model;
    const call = { ...rest, tokensOf, model, ...(retries !== undefined && { retries }) };
    return this.protection!.run('embed', attempt, call);
  }

  /** A model in this process is followed and announced as a remote one is, and not repeated. */
  private here(
    attempt: (signal: AbortSignal | undefined) => Promise<GuardedReply>,
    items: number,
    signal: AbortSignal | undefined,
  ): Promise<GuardedReply> {
    const { provider, model } = this.model;
    const work = { kind: 'call', family: 'embedding-model', provider, operation: 'embed', items, model } as const;
    return followed(work, () => this.told(attempt, items, signal));
  }

  private async told(
    attempt: (signal: AbortSignal | undefined) => Promise<GuardedReply>,
    items: number,
    signal: AbortSignal | undefined,
  ): Promise<GuardedReply> {
    const began = performance.now();
    const { provider } = this.model;
    const tell = (outcome: string, tokens = 0) => {
      const durationMs = performance.now() - began;
      const call = { family: 'embedding-model', provider, operation: 'embed' } as const;
      announce('provider.call', { ...call, outcome, durationMs, items, tokens });
    };
    try {
      const reply = await attempt(signal);
      tell('ok', reply.tokens);
      return reply;
    } catch (error) {
      tell(signal?.aborted ? 'cancelled' : isFailure(error) ? error.code : 'internal.unexpected');
      throw error;
    }
  }

  /** Each attempt is an account of its own: a vendor may bill the one that timed out, and the one that followed. */
  private attempt(texts: readonly string[], { tenant = SERVICE_ACCOUNT, signal, purpose }: GuardedCall) {
    const options = { ...(signal && { signal }), ...(purpose && { purpose }) };
    if (!this.meter || !signal || !this.protection) return this.model.embed(texts, options);
    const { provider, model } = this.model;
    const call = { tenant, provider, model, operation: 'embedding', items: texts.length } as const;
    return metered(
      this.meter,
      { ...call, estimatedTokens: estimatedTokens(texts) },
      { signal, run: (callId) => this.model.embed(texts, { ...options, callId }) },
    );
  }

  private read({ vectors, tokens }: Embeddings, count: number): GuardedReply {
    const { provider } = this.model;
    if (vectors.length !== count) {
      throw failure('embedding.reply_invalid', { provider, reason: `${vectors.length} vectors for ${count} texts` });
    }
    const expected = this.dimensions ?? vectors[0]!.length;
    return { outcomes: vectors.map((vector) => this.outcome(vector, expected)), tokens };
  }

  private outcome(vector: Float32Array, expected: number): Float32Array | TextProblem {
    const { provider } = this.model;
    if (vector.length !== expected)
      return (position) =>
        failure('embedding.dimension_mismatch', {
          provider,
          expected,
          received: vector.length,
          which: `for the text at position ${position}`,
        });
    const length = lengthOf(vector);
    if (!(length > 0 && Number.isFinite(length)))
      return (position) =>
        failure('embedding.reply_invalid', {
          provider,
          reason: `a vector without direction for the text at position ${position}`,
        });
    return this.options.normalise && !this.model.normalised ? vector.map((one) => one / length) : vector;
  }
}

function lengthOf(vector: Float32Array): number {
  let squares = 0;
  for (const one of vector) squares += one * one;
  return Math.sqrt(squares);
}

function protectionOf(
  { provider, maxParallel }: EmbeddingModel,
  { timeoutMs, retries, parallel, random }: GuardOptions,
) {
  return new Protection({
    target: provider,
    family: 'embedding-model',
    provider,
    timeoutMs,
    retries,
    backoffMs: BACKOFF_MS,
    maxBackoffMs: MAX_BACKOFF_MS,
    breaker: BREAKER,
    concurrency: Math.min(parallel, maxParallel ?? parallel),
    queue: QUEUE,
    ...(random && { random }),
  });
}
