// The reply of POST /api/cache/query, as far as the command line uses it.
import type { JsonObject, JsonValue } from '#ports';

export interface Latencies {
  /** Milliseconds, as the server measured them. */
  total: number;
  cache: number;
  embeddings?: number;
  vectordb?: number;
}

export interface Answer {
  result: JsonValue;
  hit: boolean;
  status: string;
  source: string;
  tier: string | null;
  latencies: Latencies;
}

export interface Match {
  id: string;
  score: number;
  text?: string;
  metadata: JsonObject;
}

/** The nearest match of an answer from the vector store. */
export function nearestOf(answer: Answer): Match | undefined {
  const result = answer.result as { matches?: Match[] } | null;
  return answer.source === 'none' ? undefined : result?.matches?.[0];
}
