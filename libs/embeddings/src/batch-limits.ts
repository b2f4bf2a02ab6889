// How much goes into one call: so many texts, and so many tokens over all of them.

export interface BatchLimits {
  /** Texts in one call, at most. */
  texts: number;
  /** Tokens of all texts in one call, as estimated, at most. A text that is longer goes alone. */
  tokens: number;
  /** Tokens of one text that the model reads where it cuts off the rest: more of them do not count. */
  tokensOfText?: number | undefined;
}

/** Divides a whole number among parts by their weights, without losing one: the shares add up to the total. */
export function shared(total: number, weights: readonly number[]): number[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let [weighed, given] = [0, 0];
  return weights.map((weight) => {
    weighed += weight;
    const share = Math.round((total * weighed) / all) - given;
    given += share;
    return share;
  });
}
