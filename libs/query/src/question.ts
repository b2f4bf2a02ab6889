// A question as every door asks it, and the answer with its provenance.
import type { Filter, JsonObject, JsonValue, Latencies, Tier } from '#ports';
import type { Refinement } from '#retrieval';

/** How the vector store is to be asked. What is left out comes from the configuration. */
export interface Retrieval extends Refinement {
  /** Matches at most, 1 to 1,000. */
  k?: number | undefined;
  /** Smallest score, 0..1. */
  threshold?: number | undefined;
  filter?: Filter | undefined;
  collection?: string | undefined;
}

/** What names an answer: the same text under another language, model or params is another question. */
export interface QuestionName {
  query: string;
  language?: string | undefined;
  model?: string | undefined;
  params?: JsonObject | undefined;
}

export interface Question extends QuestionName {
  /** Chooses among deterministic variants. Where absent: the seed kept with the answer, else the caller's subject. */
  seed?: string | undefined;
  /** Seconds for which an answer that is retrieved now is kept. */
  ttl?: number | undefined;
  /** Do not look into the cache; retrieve, and keep what is found. */
  forceRefresh?: boolean | undefined;
  vector?: Retrieval | undefined;
  /** What the answer is for: documents with purposes answer only for one of theirs. Another purpose is another question. */
  purpose?: string | undefined;
  embedding?: { model?: string | undefined } | undefined;
}

/** On whose behalf a question is asked. A `Caller` is one; so is a library's own. */
export interface Asker {
  readonly tenant: string;
  readonly subject: string;
}

export interface Answer {
  /** The result as JSON text, ready for the wire; `null` where nothing is near enough. */
  resultJson: string;
  hit: boolean;
  status: 'hit' | 'stale' | 'semantic' | 'miss';
  source: 'cache' | 'vectordb' | 'none';
  tier: Tier | null;
  /** Of this question and the one whose answer it got, 0..1; with status `semantic` only. */
  similarity?: number;
  variant?: { index: number; id?: string };
  /** Name of the entry; no prompt can be read from it. */
  key: string;
  /** Whole seconds since the answer was kept. */
  age: number;
  /** ISO 8601 UTC; `null` where nothing was kept. */
  expiresAt: string | null;
  /** Seconds for which the answer is still fresh; negative once it is stale, `null` where nothing was kept. */
  freshFor: number | null;
  /** JSON text; absent where there is no answer. */
  provenanceJson?: string | undefined;
  latencies: Latencies;
}

export type VariantStrategy = 'random' | 'weighted' | 'deterministic' | 'round-robin';

/** An answer written by hand. */
export interface WrittenAnswer extends QuestionName {
  response: JsonValue;
  /** Seconds. */
  ttl?: number | undefined;
  /** Seconds after the TTL in which the answer may still be served as stale. */
  staleTtl?: number | undefined;
  tags?: readonly string[] | undefined;
  /** The person whom it is about. */
  subject?: string | undefined;
  /** Where it comes from, e.g. the name of a document or a URL. */
  source?: string | undefined;
  variantStrategy?: VariantStrategy | undefined;
  weights?: readonly number[] | undefined;
  seed?: string | undefined;
}
