// How the doubles of rerankers judge: by the words that question and text share.

/** A logit: -2 without a shared word, one more for each. */
export function logitOf(query: string, text: string): number {
  const words = new Set(wordsOf(text));
  return new Set(wordsOf(query).filter((word) => words.has(word))).size - 2;
}

export function probabilityOf(query: string, text: string): number {
  return 1 / (1 + Math.exp(-logitOf(query, text)));
}

/** A stand-in for a tokeniser: one token for about four characters. */
export function tokensIn(text: string): number {
  return Math.ceil(text.length / 4);
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}
