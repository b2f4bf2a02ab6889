// Maximal marginal relevance: the best matches that are not all the same (Carbonell and Goldstein 1998).

export interface Candidate {
  /** How well it answers, 0..1. */
  score: number;
  vector: Float32Array;
}

/**
 * `k` of the candidates, in the order in which they were chosen: each time the one with the largest
 * λ · score − (1 − λ) · (similarity to the nearest chosen one), where similarity is (1 + cosine) / 2, so that both parts are
 * of one scale. Of equals the earlier one. λ = 1 keeps the order of the scores. O(k · candidates · dimension).
 */
export function diversified<T extends Candidate>(candidates: readonly T[], k: number, lambda: number): T[] {
  const open = candidates.map((candidate) => ({ candidate, unit: unitOf(candidate.vector), nearest: 0 }));
  const chosen: T[] = [];
  while (chosen.length < k && open.length > 0) {
    const at = largest(open, ({ candidate, nearest }) => lambda * candidate.score - (1 - lambda) * nearest);
    const [taken] = open.splice(at, 1);
    chosen.push(taken!.candidate);
    for (const one of open) one.nearest = Math.max(one.nearest, (1 + dot(one.unit, taken!.unit)) / 2);
  }
  return chosen;
}

function largest<T>(items: readonly T[], worth: (item: T) => number): number {
  let best = 0;
  let bestValue = Number.NEGATIVE_INFINITY;
  for (const [at, item] of items.entries()) {
    const value = worth(item);
    if (value > bestValue) {
      best = at;
      bestValue = value;
    }
  }
  return best;
}

/** A vector without direction stays as it is: it is like no other. */
function unitOf(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((one) => one / length);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
