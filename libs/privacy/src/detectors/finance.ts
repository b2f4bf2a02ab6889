// Bank accounts and payment cards.
import { passesLuhn, passesMod97 } from '../check-digits.js';
import { digitsOf } from '../context.js';
import type { Rule, Span } from '../rule.js';

/** Lengths of IBANs by country: SWIFT, IBAN Registry, release 98. */
const IBAN_LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 ' +
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 ' +
    'LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 ' +
    'RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const IBAN: Rule = {
  kind: 'iban',
  sort: 'personal',
  needs: /\d\d/,
  pattern: /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ \u00a0\u202f\n-]{0,2}[A-Za-z0-9]){11,30}/g,
  accept: (match) => ibanIn(match),
};

/** The country says how long it is; what follows is another word. */
function ibanIn({ 0: text, index, input }: RegExpExecArray): Span | false {
  const length = IBAN_LENGTHS.get(text.slice(0, 2).toUpperCase());
  if (length === undefined) return false;
  let [iban, to] = ['', 0];
  for (; to < text.length && iban.length < length; to++) if (/\w/.test(text[to]!)) iban += text[to]!;
  const ends = !/[A-Za-z0-9]/.test(input[index + to] ?? '');
  return iban.length === length && ends && passesMod97(iban.toUpperCase()) && { from: 0, to };
}

/** Ranges of issuers with the lengths of their numbers, as the schemes publish them. */
const ISSUERS: ReadonlyArray<[begins: RegExp, lengths: readonly number[]]> = [
  [/^4/, [16, 19]],
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(?:6011|64[4-9]|65)/, [16, 19]],
  [/^35(?:2[89]|[3-8])/, [16]],
  [/^3(?:0[0-5]|[689])/, [14]],
  [/^62/, [16, 17, 18, 19]],
  [/^(?:5018|5020|5038|5893|6304|6759|676[1-3])/, [12, 13, 14, 15, 16, 17, 18, 19]],
];

const CARD: Rule = {
  kind: 'card',
  sort: 'personal',
  needs: /\d{4}/,
  pattern: /(?<![\w.,-])[2-6]\d{3}(?:[ .\u00a0\u202f\n-]{0,2}\d){8,15}(?!\w)/g,
  accept: (match) => cardIn(match[0]),
};

/** What follows in groups of its own (a check value, a year) is no part of the card: shorter ones are tried too. */
function cardIn(text: string): Span | false {
  for (let to = text.length; to >= 12; to = endBefore(text, to)) {
    const digits = digitsOf(text.slice(0, to));
    const known = ISSUERS.some(([begins, lengths]) => begins.test(digits) && lengths.includes(digits.length));
    if (known && passesLuhn(digits)) return { from: 0, to };
  }
  return false;
}

/** Where the group before the last one ends; 0 where there is none. */
function endBefore(text: string, to: number): number {
  let at = to - 1;
  while (at > 0 && /\d/.test(text[at]!)) at--;
  return at;
}

export const FINANCE_RULES: readonly Rule[] = [IBAN, CARD];
