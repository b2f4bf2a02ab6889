// Turns any number of texts into vectors: each text once, in as few calls as it takes, in order, and checked.
import { createHash } from 'node:crypto';
import {
  type EmbeddingModel,
  type Embeddings,
  type EmbedOptions,
  failure,
  isFailure,
  type Meter,
  type ModelTag,
} from '#ports';
import { isPassing } from '#resilience';
import { Gathering } from './gathering.js';
import { GuardedModel, type GuardOptions } from './guarded-model.js';
import { RefusedText } from './text-problem.js';
import type { VectorCache } from './vector-cache.js';

export interface EmbedderOptions extends GuardOptions {
  /** Texts in one call, at most; the model's own limit counts too. */
  batchSize: number;
  /** Tokens in one call over all of its texts, as estimated; the model's own limit counts too. */
  batchTokens?: number | undefined;
  /**
   * How long a call to a remote model waits for the texts of other callers of the same tenant. Milliseconds; 0, the
   * default: every caller has calls of its own.
   */
  gatherMs?: number | undefined;
}

export interface EmbedCall extends Omit<EmbedOptions, 'callId'> {
  /** Whose account bears what the call costs, and whose vectors are remembered. Without one, the service's own. */
  tenant?: string | undefined;
  /** Asks the model itself, whatever is remembered: to see whether it still gives the same. */
  fresh?: boolean | undefined;
}

export class Embedder {
  private readonly guarded: GuardedModel;
  private readonly gathering: Gathering;

  constructor(
    private readonly embeddingModel: EmbeddingModel,
    private readonly options: EmbedderOptions,
    /** Keeps account of each attempt to call a remote model; a local one costs nothing. */
    meter?: Meter,
    /** Remembers vectors. Closed with the embedder. */
    private readonly cache?: VectorCache,
  ) {
    this.guarded = new GuardedModel(embeddingModel, options, meter);
    this.gathering = new Gathering(this.guarded, () => gatheringOf(embeddingModel, options));
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

  /**
   * Version of what is computed. Vectors of different versions are never compared. Empty until the first reply, where a
   * server alone knows it and did not answer at boot.
   */
  get version(): string {
    return this.embeddingModel.version + markOf(this.guarded.prefixes);
  }

  /** Names what computes the vectors: only those of the same tag are compared. */
  get tag(): ModelTag {
    const { provider, model, version } = this;
    return { provider, model, version };
  }

  /** Whether vectors have unit length; `undefined` where nobody says. */
  get normalised(): boolean | undefined {
    return this.options.normalise || this.embeddingModel.normalised;
  }

  /** Numbers in a vector; `undefined` until the first reply where the vendor alone knows it. */
  get dimensions(): number | undefined {
    return this.guarded.dimensions;
  }

  /**
   * Embeds texts, each different one once: equal texts get the same vector object, which is not to be changed. Tokens are
   * those that were spent on these texts: none for a vector that was remembered, or that another caller had asked for.
   * @throws Failure `embedding.*` (a position counts in `texts`), `call.timeout`, `call.open_circuit`, `call.crowded`,
   * `quota.exceeded`, `usage.unavailable`; or the reason of the signal. When one batch fails the others are given up.
   */
  async embed(texts: readonly string[], o: EmbedCall = {}): Promise<Embeddings> {
    const blank = texts.findIndex((text) => text.trim() === '');
    if (blank >= 0) throw failure('embedding.input_refused', { provider: this.provider, position: blank });
    const distinct = [...new Set(texts)];
    const known = await this.remembered(distinct, o);
    const missing = distinct.filter((text) => !known.vectors.has(text));
    if (missing.length === 0) return { vectors: texts.map((text) => known.vectors.get(text)!), tokens: 0 };
    const taken = await this.gathering.embed(missing, o).catch((error: unknown) => {
      throw error instanceof RefusedText ? error.problem(texts.indexOf(error.text)) : error;
    });
    let tokens = 0;
    for (const one of taken.values()) tokens += one.tokens;
    const fresh = new Map([...taken].map(([text, { vector }]) => [text, vector]));
    await known.keep?.(fresh);
    return { vectors: texts.map((text) => fresh.get(text) ?? known.vectors.get(text)!), tokens };
  }

  /**
   * Asks a remote model for one vector. What would fail for ever fails here: a refused key, an unknown model, another
   * dimension. What may pass (the vendor is down, or the records of usage) does not: a restart must not depend on it.
   */
  async prove(signal?: AbortSignal): Promise<void> {
    if (!this.embeddingModel.remote) return;
    try {
      await this.guarded.embed(['dimension'], { signal }, 0);
    } catch (error) {
      if (!isPassing(error) && !isFailure(error, 'usage.unavailable')) throw error;
    }
  }

  /** Wipes the vectors remembered for a tenant, in all instances. @throws Failure `cache.store_unavailable`, `records.unavailable` */
  async forget(tenant: string): Promise<void> {
    await this.cache?.forget(tenant);
  }

  /** Releases the model. May be called twice. */
  async close(): Promise<void> {
    await this.guarded.close();
    await this.cache?.close();
  }

  private async remembered(texts: readonly string[], o: EmbedCall) {
    o.signal?.throwIfAborted();
    const nothing = { vectors: new Map<string, Float32Array>(), keep: undefined };
    if (!this.cache || o.fresh || texts.length === 0 || this.embeddingModel.version === '') return nothing;
    const { provider, model, version, dimensions } = this;
    const made = [provider, model, version, this.options.normalise ? 'unit' : '', o.purpose ?? ''];
    const found = await this.cache.find({ tenant: o.tenant, made, purpose: o.purpose }, texts, o);
    for (const [text, vector] of found.vectors) {
      // The operator has asked for another number of dimensions since.
      if (dimensions !== undefined && vector.length !== dimensions) found.vectors.delete(text);
    }
    return found;
  }
}

function gatheringOf(model: EmbeddingModel, options: EmbedderOptions) {
  const { remote, maxBatch, maxBatchTokens = Infinity, maxParallel, maxInputTokens, truncates } = model;
  const { batchSize, batchTokens = Infinity, parallel, gatherMs = 0 } = options;
  return {
    limits: {
      texts: Math.min(batchSize, maxBatch),
      tokens: Math.min(batchTokens, maxBatchTokens),
      tokensOfText: truncates ? maxInputTokens : undefined,
    },
    parallel: remote ? Math.min(parallel, maxParallel ?? parallel) : (maxParallel ?? 1),
    gatherMs: remote ? gatherMs : 0,
  };
}

/** Another prefix gives other vectors, so it is part of the version. */
function markOf({ query, document }: GuardedModel['prefixes']): string {
  if (query === '' && document === '') return '';
  const digest = createHash('sha256')
    .update(JSON.stringify([query, document]))
    .digest('hex');
  return `+${digest.slice(0, 8)}`;
}
