// What a reranker is: a question and texts in, how well each text answers it out.
import type { CallOptions } from './call-options.js';

export interface RerankOptions extends CallOptions {
  /** Names this one call. A vendor that takes a name for a request is sent it, so that an invoice can be reconciled. */
  callId?: string;
}

export interface Reranking {
  /** One score a text, in the order of the texts: 0..1, larger answers better. */
  scores: number[];
  /** Tokens that the vendor counted (and bills); 0 where it counts none. */
  tokens: number;
}

/**
 * One call of a cross-encoder, which reads question and text together: slower than comparing vectors, and better.
 * Batching, retries and accounts are the caller's.
 *
 * Fails with `rerank.input_refused` (position = index in `texts`, -1 for the question), `rerank.provider_failed`,
 * `rerank.provider_unauthorised` or `rerank.reply_invalid`; the vendor's error is the `cause`.
 */
export abstract class Reranker {
  /** Name of the provider, e.g. `tei`; from a closed set, fit for a metric label. */
  abstract readonly provider: string;
  abstract readonly model: string;
  /** How many texts one call takes. */
  abstract readonly maxBatch: number;
  /** Whether a call leaves this process. Local models are never retried or broken. */
  abstract readonly remote: boolean;

  /** Scores 1 to `maxBatch` texts. */
  abstract rerank(query: string, texts: readonly string[], options?: RerankOptions): Promise<Reranking>;

  /** Releases what the model holds. May be called twice. */
  abstract close(): Promise<void>;
}
