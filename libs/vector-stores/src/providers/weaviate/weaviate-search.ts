// How Weaviate is asked for the nearest: by the vector, by words, or by both, and what its figures are worth here.
import type { VectorQuery } from '#ports';
import { Keyword } from './graphql.js';
import { TEXT } from './weaviate-class.js';
import { additionalOf } from './weaviate-objects.js';
import type { Found } from './weaviate-requests.js';

export interface Search {
  /** The search operator of GraphQL with its arguments. */
  args: Record<string, unknown>;
  /** What is asked of each match beside its properties. */
  measured: 'distance' | 'score';
  /** What a score is multiplied with, so that it is of 0..1. Of a distance, see `similarity`. */
  scaleOf: (found: readonly Found[]) => number;
}

/** https://docs.weaviate.io/weaviate/api/graphql/search-operators */
export function searchOf({ vector, hybrid }: VectorQuery): Search {
  const numbers = [...vector];
  const { text, alpha } = hybrid ?? {};
  if (text === undefined || alpha === 1) {
    return { args: { nearVector: { vector: numbers } }, measured: 'distance', scaleOf: unscaled };
  }
  if (alpha === 0)
    return { args: { bm25: { query: text, properties: [TEXT] } }, measured: 'score', scaleOf: ofTheBest };
  const both = { query: text, vector: numbers, properties: [TEXT] };
  return alpha === undefined ? ranked(both) : weighted(both, alpha);
}

/** Each ranking gives its first 0.5 / 60, its second 0.5 / 61, and so on. */
function ranked(both: object): Search {
  const args = { hybrid: { ...both, alpha: 0.5, fusionType: new Keyword('rankedFusion') } };
  return { args, measured: 'score', scaleOf: () => 60 };
}

/**
 * Each ranking gives its first its whole share, and its last nothing: a score tells how a match stands among those that
 * were found with it.
 */
function weighted(both: object, alpha: number): Search {
  const args = { hybrid: { ...both, alpha, fusionType: new Keyword('relativeScoreFusion') } };
  return { args, measured: 'score', scaleOf: unscaled };
}

function unscaled(): number {
  return 1;
}

/** BM25 has no upper bound: the best is 1. */
function ofTheBest([best]: readonly Found[]): number {
  const score = Number(best ? additionalOf(best).score : 0);
  return score > 0 ? 1 / score : 0;
}
