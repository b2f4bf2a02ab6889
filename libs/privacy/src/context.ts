// What stands around a match: some numbers are what they look like only behind the word for them.

/** How far before a match its word may stand. UTF-16 units. */
const REACH = 40;

/** Whether the text just before a match ends with the pattern, which must end with `$`. */
export function follows({ input, index }: RegExpExecArray, pattern: RegExp): boolean {
  return pattern.test(input.slice(Math.max(0, index - REACH), index));
}

/** A pattern for one of the words, not part of a longer one, and then at most `between` characters without a digit. */
export function afterWord(words: readonly string[], between: number): RegExp {
  return new RegExp(`(?<![\\p{L}\\d])(?:${words.join('|')})(?!\\p{L})[^\\d\\n]{0,${between}}$`, 'iu');
}

export function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}
