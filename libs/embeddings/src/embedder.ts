// Turns any number of texts into vectors: each text once, in batches, some at a time, in order, and checked.
import { setImmediate } from 'node:timers/promises';
import {
  announce,
  type EmbeddingModel,
  type Embeddings,
  type EmbedOptions,
  failure,
  isFailure,
  type Meter,
  type ModelTag,
  SERVICE_ACCOUNT,
} from '#ports';
import { isPassing, Protection } from '#resilience';
import { estimatedTokens, metered } from './metered.js';

export interface EmbedderOptions {
  /** Texts in one call, at most; the model's own limit counts too. */
  batchSize: number;
  /** Calls at a time, in the whole process. */
  parallel: number;
  /** What the operator expects; a model that gives another number is refused. */
  dimensions?: number | undefined;
  /** Limit of one attempt, in milliseconds, and further attempts. For remote models only. */
  timeoutMs: number;
  retries: number;
}

export interface EmbedCall extends Omit<EmbedOptions, 'callId'> {
  /** Whose account bears what the call costs. Without one, the service's own. */
  tenant?: string | undefined;
}

const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;
const BREAKER = { failures: 5, cooldownMs: 10_000 };
/** Calls that may wait for their turn before further ones are refused. */
const QUEUE = 256;

export class Embedder {
  private readonly protection: Protection | undefined;
  private readonly batchSize: number;
  private readonly parallel: number;

  constructor(
    private readonly embeddingModel: EmbeddingModel,
    private readonly options: EmbedderOptions,
    /** Keeps account of each attempt to call a remote model; a local one costs nothing. */
    private readonly meter?: Meter,
  ) {
    const { provider, remote, maxBatch } = embeddingModel;
    this.batchSize = Math.min(options.batchSize, maxBatch);
    this.parallel = remote ? options.parallel : 1;
    if (remote) this.protection = protectionOf(provider, options);
  }

  get model(): string {
    return this.embeddingModel.model;
  }

  get provider(): string {
    return this.embeddingModel.provider;
  }

  /** Whether calls leave this process, and so cost money. */
  get billed(): boolean {
    return this.embeddingModel.remote;
  }

  /** Version of what the model computes. Vectors of different versions are never compared. */
  get version(): string {
    return this.embeddingModel.version;
  }

  /** Names what computes the vectors: only those of the same tag are compared. */
  get tag(): ModelTag {
    const { provider, model, version } = this;
    return { provider, model, version };
  }

  /** Whether vectors have unit length; `undefined` where nobody says. */
  get normalised(): boolean | undefined {
    return this.embeddingModel.normalised;
  }

  /** Numbers in a vector; `undefined` until the first reply where the vendor alone knows it. */
  get dimensions(): number | undefined {
    return this.options.dimensions ?? this.embeddingModel.dimensions;
  }

  /**
   * Embeds texts, each different one once: equal texts get the same vector object. Tokens are those of all calls made.
   * @throws Failure `embedding.*` (a position counts in `texts`), `call.timeout`, `call.open_circuit`, `call.crowded`,
   * `quota.exceeded`, `usage.unavailable`; or the reason of the signal. When one batch fails the others are given up.
   */
  async embed(texts: readonly string[], o: EmbedCall = {}): Promise<Embeddings> {
    const blank = texts.findIndex((text) => text.trim() === '');
    if (blank >= 0) throw this.refused(blank);
    const distinct = [...new Set(texts)];
    const replies = await this.inBatches(distinct, o).catch((error: unknown) => {
      throw error instanceof RefusedText ? this.refused(texts.indexOf(error.text), error.cause) : error;
    });
    const vectorOf = new Map(replies.flatMap((reply) => reply.vectors).map((vector, at) => [distinct[at]!, vector]));
    return {
      vectors: texts.map((text) => vectorOf.get(text)!),
      tokens: replies.reduce((sum, reply) => sum + reply.tokens, 0),
    };
  }

  /**
   * Asks a remote model for one vector. What would fail for ever fails here: a refused key, an unknown model, another
   * dimension. What may pass (the vendor is down, or the records of usage) does not: a restart must not depend on it.
   */
  async prove(signal?: AbortSignal): Promise<void> {
    if (!this.protection) return;
    try {
      await this.call(['dimension'], { ...(signal && { signal }) }, 0);
    } catch (error) {
      if (!isPassing(error) && !isFailure(error, 'usage.unavailable')) throw error;
    }
  }

  /** Releases the model. May be called twice. */
  async close(): Promise<void> {
    this.protection?.close();
    await this.embeddingModel.close();
  }

  private async inBatches(texts: readonly string[], o: EmbedCall): Promise<Embeddings[]> {
    const batches: (readonly string[])[] = [];
    for (let at = 0; at < texts.length; at += this.batchSize) batches.push(texts.slice(at, at + this.batchSize));
    if (batches.length <= 1) return Promise.all(batches.map((batch) => this.batch(batch, o)));
    const failed = new AbortController();
    const signal = o.signal ? AbortSignal.any([o.signal, failed.signal]) : failed.signal;
    const replies: Embeddings[] = [];
    const waiting = batches.entries();
    const work = async () => {
      for (const [at, batch] of waiting) {
        signal.throwIfAborted();
        replies[at] = await this.batch(batch, { ...o, signal });
        // A local model computes in this thread: between batches, others have their turn.
        if (!this.protection) await setImmediate();
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(this.parallel, batches.length) }, work));
    } catch (error) {
      failed.abort(error);
      throw error;
    }
    return replies;
  }

  private async batch(texts: readonly string[], o: EmbedCall): Promise<Embeddings> {
    try {
      return await this.call(texts, o);
    } catch (error) {
      if (!isFailure(error, 'embedding.input_refused')) throw error;
      const named = texts.length === 1 ? texts[0] : texts[Number(error.facts.position)];
      if (named !== undefined) throw new RefusedText(named, error);
      // Refused without naming a text, or as too much at once: its halves fit, or lead to the text.
      return this.halves(texts, o);
    }
  }

  private async halves(texts: readonly string[], o: EmbedCall): Promise<Embeddings> {
    const half = texts.length >> 1;
    const first = await this.batch(texts.slice(0, half), o);
    const second = await this.batch(texts.slice(half), o);
    return { vectors: [...first.vectors, ...second.vectors], tokens: first.tokens + second.tokens };
  }

  private async call(texts: readonly string[], o: EmbedCall, retries?: number): Promise<Embeddings> {
    const { signal } = o;
    const items = texts.length;
    if (!this.protection) return this.callLocal(texts, o);
    return this.protection.run('embed', async (ours) => this.checked(items, await this.attempt(texts, o, ours)), {
      signal,
      items,
      tokensOf: (reply) => reply.tokens,
      ...(retries !== undefined && { retries }),
    });
  }

  /** Each attempt is an account of its own: a vendor may bill the one that timed out, and the one that followed. */
  private attempt(texts: readonly string[], o: EmbedCall, signal: AbortSignal): Promise<Embeddings> {
    const { tenant = SERVICE_ACCOUNT, signal: _, ...rest } = o;
    if (!this.meter) return this.embeddingModel.embed(texts, { ...rest, signal });
    const { provider, model } = this;
    const call = { tenant, provider, model, operation: 'embedding', items: texts.length } as const;
    return metered(
      this.meter,
      { ...call, estimatedTokens: estimatedTokens(texts) },
      { signal, run: (callId) => this.embeddingModel.embed(texts, { ...rest, signal, callId }) },
    );
  }

  private async callLocal(texts: readonly string[], { tenant: _, ...o }: EmbedCall): Promise<Embeddings> {
    const began = performance.now();
    const tell = (outcome: string, tokens = 0) => {
      const durationMs = performance.now() - began;
      const { provider } = this;
      announce('provider.call', {
        family: 'embedding-model',
        provider,
        operation: 'embed',
        outcome,
        durationMs,
        items: texts.length,
        tokens,
      });
    };
    try {
      const reply = this.checked(texts.length, await this.embeddingModel.embed(texts, o));
      tell('ok', reply.tokens);
      return reply;
    } catch (error) {
      tell(o.signal?.aborted ? 'cancelled' : isFailure(error) ? error.code : 'internal.unexpected');
      throw error;
    }
  }

  private checked(count: number, reply: Embeddings): Embeddings {
    const { provider } = this;
    const { vectors } = reply;
    if (vectors.length !== count) {
      throw failure('embedding.reply_invalid', { provider, reason: `${vectors.length} vectors for ${count} texts` });
    }
    const expected = this.dimensions ?? vectors[0]!.length;
    for (const vector of vectors) {
      if (vector.length !== expected)
        throw failure('embedding.dimension_mismatch', { provider, expected, received: vector.length });
      if (!hasDirection(vector))
        throw failure('embedding.reply_invalid', { provider, reason: 'a vector without direction' });
    }
    return reply;
  }

  private refused(position: number, cause?: unknown) {
    return failure('embedding.input_refused', { provider: this.provider, position }, { cause });
  }
}

/** Carries the refused text itself out of its batch, to be found among all texts. Never leaves this file. */
class RefusedText extends Error {
  constructor(
    readonly text: string,
    cause: unknown,
  ) {
    super('refused', { cause });
  }
}

function hasDirection(vector: Float32Array): boolean {
  let squares = 0;
  for (const one of vector) squares += one * one;
  return squares > 0 && Number.isFinite(squares);
}

function protectionOf(provider: string, { timeoutMs, retries, parallel }: EmbedderOptions): Protection {
  return new Protection({
    target: provider,
    family: 'embedding-model',
    provider,
    timeoutMs,
    retries,
    backoffMs: BACKOFF_MS,
    maxBackoffMs: MAX_BACKOFF_MS,
    breaker: BREAKER,
    concurrency: parallel,
    queue: QUEUE,
  });
}
