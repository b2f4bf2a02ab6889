// Cuts a text into the words that it is found by: folded lightly, in any script.

/** Longer runs of letters are hardly words; their beginnings do. Code units. */
const LONGEST_WORD = 64;

const PLAIN = /^[\0-\x7f]*$/;
const PLAIN_WORDS = /[a-z0-9]+/g;
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;
/** Accents of Latin, Greek and Cyrillic; the vowel signs of other scripts are letters to their readers, and stay. */
const ACCENTS = /[\u0300-\u036f]/g;
/** Scripts that put no blanks between words. */
const UNSPACED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const HAS_UNSPACED = new RegExp(`[${UNSPACED}]`, 'u');
const RUNS = new RegExp(`[${UNSPACED}\\p{M}]+|[^${UNSPACED}]+`, 'gu');

/**
 * The words of a text in their order. Case, accents and compatible forms (ﬁ, Ａ, ²) make no difference, nor do `ß` and
 * `ss`; an apostrophe parts words, so that `l'eau` and `bank's` are found by `eau` and `bank`. Scripts without blanks
 * give pairs of neighbouring characters. Nothing is stemmed and no word is left out: BM25 makes common ones count little.
 */
export function wordsOf(text: string): string[] {
  if (PLAIN.test(text)) return (text.toLowerCase().match(PLAIN_WORDS) ?? []).map(cut);
  return (folded(text).match(WORDS) ?? []).flatMap((word) => (HAS_UNSPACED.test(word) ? parts(word) : cut(word)));
}

function folded(text: string): string {
  const plain = text.normalize('NFKD').replace(ACCENTS, '').normalize('NFC').toLowerCase();
  return plain.replaceAll('ß', 'ss').replaceAll('ς', 'σ');
}

function parts(word: string): string[] {
  return (word.match(RUNS) ?? []).flatMap((run) => (HAS_UNSPACED.test(run) ? pairs([...run]) : cut(run)));
}

function pairs(characters: readonly string[]): string[] {
  if (characters.length === 1) return [...characters];
  return characters.slice(1).map((one, at) => characters[at]! + one);
}

function cut(word: string): string {
  return word.length > LONGEST_WORD ? word.slice(0, LONGEST_WORD) : word;
}
