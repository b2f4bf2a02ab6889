// Brings what a model gives to one meaning: the probability that a text answers the question, 0..1.

/** What a model's numbers are: already 0..1, the logit of that, or a cosine. */
export const SCORES = ['probability', 'logit', 'cosine'] as const;

export type ScoreSort = (typeof SCORES)[number];

const TO_PROBABILITY: Record<ScoreSort, (score: number) => number> = {
  probability: (score) => score,
  logit: (score) => 1 / (1 + Math.exp(-score)),
  cosine: (score) => (1 + score) / 2,
};

export function toProbability(sort: ScoreSort, score: number): number {
  return TO_PROBABILITY[sort](score);
}

/** The scores in the order of the texts, from a vendor's list in the order of the scores; `undefined` where it is not one of these texts. */
export function inOrder(ranked: readonly { index: number; score: number }[], count: number): number[] | undefined {
  const scores: number[] = [];
  for (const { index, score } of ranked) {
    if (index >= count || scores[index] !== undefined) return undefined;
    scores[index] = score;
  }
  return ranked.length === count ? scores : undefined;
}
