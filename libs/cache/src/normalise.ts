// Decides which spellings of a question are one question: three profiles, described with examples in docs/KEYS.md.

export const KEY_PROFILES = ['exact', 'standard', 'loose'] as const;
export type KeyProfile = (typeof KEY_PROFILES)[number];

/** Printable ASCII: such a text is in every normal form already. */
const PLAIN = /^[\x20-\x7e]*$/;
const FINAL_SIGMA = /ς/g;
const WHITE_SPACE = /\s+/g;
const NOISE = new Set(codesOf('.,!?…;: '));
const DIGITS = new Set(codesOf('0123456789'));
const [EXCLAMATION] = codesOf('!');

/**
 * - `exact`: Unicode NFC, white space at both ends cut.
 * - `standard`: also lower case, white space collapsed, white space and sentence punctuation (`. , ! ? … ; :`) cut at
 *   the end. `x²` and `x2` stay different, and so do `5!` and `5`.
 * - `loose`: also NFKC, so that `x²` and `x2`, `ﬁ` and `fi`, full and half width become one.
 *
 * Idempotent: a normalised text normalises to itself. Takes time linear in the text.
 */
export function normalise(text: string, profile: KeyProfile): string {
  const plain = PLAIN.test(text);
  if (profile === 'exact') return (plain ? text : text.normalize('NFC')).trim();
  const folded = plain ? text.toLowerCase() : foldedIn(profile === 'loose' ? 'NFKC' : 'NFC', text);
  const spaced = plain && !folded.includes('  ') ? folded : folded.replace(WHITE_SPACE, ' ');
  return withoutNoise(spaced.trim());
}

// Lower-casing can undo a normal form (İ becomes i with a dot above), so the form is made again after it.
function foldedIn(form: 'NFC' | 'NFKC', text: string): string {
  return text.normalize(form).toLowerCase().replace(FINAL_SIGMA, 'σ').normalize(form);
}

/** Cuts noise at the end. A text of nothing but noise stays, and so does the `!` of a factorial. */
function withoutNoise(text: string): string {
  let end = text.length;
  while (end > 0 && NOISE.has(text.charCodeAt(end - 1))) end--;
  if (end === 0) return text;
  if (text.charCodeAt(end) === EXCLAMATION && DIGITS.has(text.charCodeAt(end - 1))) end++;
  return text.slice(0, end);
}

function codesOf(characters: string): number[] {
  return [...characters].map((one) => one.charCodeAt(0));
}
