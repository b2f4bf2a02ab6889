// How good a ranking is, where each document is right or wrong (Manning et al. 2008, chapter 8).

export interface Quality {
  /** Share of questions whose first match is right. */
  precisionAt1: number;
  /** Share of questions with a right match among the first five. */
  recallAt5: number;
  /** Normalised discounted cumulative gain of the first ten: right ones before wrong ones. */
  ndcgAt10: number;
}

/** `right`: whether the match at each place is. `relevant`: how many right ones there are in all. */
export function qualityOf(right: readonly boolean[], relevant: number): Quality {
  return {
    precisionAt1: right[0] ? 1 : 0,
    recallAt5: right.slice(0, 5).some(Boolean) ? 1 : 0,
    ndcgAt10: relevant === 0 ? 0 : gain(right.slice(0, 10)) / gain(Array(Math.min(10, relevant)).fill(true)),
  };
}

function gain(right: readonly boolean[]): number {
  return right.reduce((sum, one, at) => sum + (one ? 1 / Math.log2(at + 2) : 0), 0);
}

export function meanOf(all: readonly Quality[]): Quality {
  const mean = (name: keyof Quality) => all.reduce((sum, one) => sum + one[name], 0) / Math.max(1, all.length);
  return { precisionAt1: mean('precisionAt1'), recallAt5: mean('recallAt5'), ndcgAt10: mean('ndcgAt10') };
}
