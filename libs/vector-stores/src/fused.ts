// Makes one ranking of two: what vectors found near, and what words found fitting.

/** Something found, with what its ranking gives it: larger is better. */
export interface Scored<K> {
  key: K;
  score: number;
}

/** Cormack, Clarke, Büttcher 2009, "Reciprocal Rank Fusion outperforms Condorcet": the constant of their experiments. */
const RANK_CONSTANT = 60;

/**
 * Fuses two rankings, each best first, into one with scores in 0..1, best first.
 *
 * - With `alpha`: alpha × similarity + (1 - alpha) × BM25 / best BM25. Similarities are in 0..1 as they are; BM25 has no
 *   upper end, so it is measured by the best of this query. Neither depends on the worst that was found, so that a
 *   longer ranking gives the same scores. What one ranking lacks counts 0 in it.
 * - Without: reciprocal rank, the sum of 1 / (60 + rank) over both, divided by the most that there is (first in both).
 *   It asks for the order alone, so it needs no tuning where the two scores mean different things.
 */
export function fused<K>(vectors: readonly Scored<K>[], words: readonly Scored<K>[], alpha?: number): Scored<K>[] {
  const sums = new Map<K, number>();
  const add = (key: K, share: number) => sums.set(key, (sums.get(key) ?? 0) + share);
  if (alpha === undefined) {
    for (const ranking of [vectors, words]) ranking.forEach(({ key }, at) => void add(key, reciprocal(at)));
  } else {
    const best = words[0]?.score || 1;
    for (const { key, score } of vectors) add(key, alpha * score);
    for (const { key, score } of words) add(key, (1 - alpha) * (score / best));
  }
  return [...sums].map(([key, score]) => ({ key, score })).sort((a, b) => b.score - a.score);
}

function reciprocal(at: number): number {
  return (RANK_CONSTANT + 1) / (2 * (RANK_CONSTANT + 1 + at));
}
