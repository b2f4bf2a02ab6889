// What an embedding model is: texts in, one vector a text out, in the same order.
import type { CallOptions } from './call-options.js';

/** Whether a text is a question or a document. Some models want a different prefix for each. */
export type EmbeddingPurpose = 'query' | 'document';

export interface EmbedOptions extends CallOptions {
  purpose?: EmbeddingPurpose;
  /** Names this one call. A vendor that takes a name for a request is sent it, so that an invoice can be reconciled. */
  callId?: string;
}

export interface Embeddings {
  /** One vector a text, in the order of the texts; each has exactly `dimensions` numbers. */
  vectors: Float32Array[];
  /** Tokens that the vendor counted (and bills); 0 where the model counts none. */
  tokens: number;
}

/**
 * One vendor's embedding call, without batching, retries or caching: those are the Embedder's.
 *
 * Fails with `embedding.input_refused` (position = index in `texts`), `embedding.provider_failed`,
 * `embedding.provider_unauthorised` or `embedding.reply_invalid`; the vendor's error is the `cause`.
 */
export abstract class EmbeddingModel {
  /** Name of the provider, e.g. `openai`; from a closed set, fit for a metric label. */
  abstract readonly provider: string;
  /** Name of the model, e.g. `text-embedding-3-small`. */
  abstract readonly model: string;
  /** Version of what the model computes. Vectors of different versions are never compared. */
  abstract readonly version: string;
  /** Numbers in a vector, or `undefined` until the first reply where the vendor alone knows it. */
  abstract readonly dimensions: number | undefined;
  /** How many texts one call takes. */
  abstract readonly maxBatch: number;
  /** How many tokens of one text the model reads, where it says so. Longer texts are cut by the vendor or refused. */
  abstract readonly maxInputTokens: number | undefined;
  /** How many tokens one call takes over all of its texts, where the vendor says so. */
  readonly maxBatchTokens?: number;
  /** How many calls at a time the vendor takes, where it says so. */
  readonly maxParallel?: number;
  /** Whether its vectors have unit length. Absent: not known. */
  readonly normalised?: boolean;
  /** What is put before a text of each purpose, by whoever calls; e.g. `query: ` and `passage: ` for E5. Absent: nothing. */
  readonly prefixes?: Readonly<Record<EmbeddingPurpose, string>>;
  /** Whether texts longer than `maxInputTokens` are cut rather than refused. Absent: not known. */
  readonly truncates?: boolean;
  /** Whether a call leaves this process. Local models are never retried or broken. */
  abstract readonly remote: boolean;

  /** Embeds 1 to `maxBatch` texts. */
  abstract embed(texts: readonly string[], options?: EmbedOptions): Promise<Embeddings>;

  /** Releases what the model holds. May be called twice. */
  abstract close(): Promise<void>;
}
