// Phone numbers: international ones by their country's code, national ones by their form or by the word before them.
import { afterWord, digitsOf, follows } from '../context.js';
import type { Rule } from '../rule.js';

/** ITU-T E.164: 15 digits at most. Shorter than 9 with the country's code are none that people have. */
const MIN_DIGITS = 9;
const MAX_DIGITS = 15;

/** Country codes by their first digits: ITU-T E.164 (11/2011), list of assigned codes. */
const COUNTRY_CODE =
  /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|2[1-689]\d|3[578]\d|42\d|5[09]\d|6[789]\d|8[058]\d|9[679]\d)/;

const WORDS = [
  'phone',
  'telephone',
  'tel',
  'mobile',
  'cell',
  'fax',
  'whatsapp',
  'sms',
  'call (?:me|us|him|her|them)',
  'reach (?:me|us|him|her|them)',
  'telefon(?:nummer)?',
  'handy(?:nummer)?',
  'rufnummer',
  'anrufen',
  'mobil',
  't[ée]l(?:[ée]phone)?',
  'portable',
  'appel(?:ez|er)',
  'tel[ée]fono',
  'm[óo]vil',
  'llam(?:ar|e|a)',
  'cellulare',
  'chiam(?:i|are|a)',
  'telefone',
  'celular',
  'fone',
  'lig(?:ue|ar)',
  'telefoon(?:nummer)?',
  'mobiel',
  'bellen',
  'numer telefonu',
  'kom[óo]rk(?:a|i|ę)',
  'telefonu',
  'téléphoner',
  'फ़ोन',
  '电话',
  '電話',
];
const AFTER_PHONE = afterWord(WORDS, 16);

/** Blanks of all widths, hyphens and the short dash, and what else people put between groups of digits. */
const GAP = String.raw`[ .\-/()\u00a0\u2009\u202f\u2010-\u2013]`;

const BLANK = String.raw`[ \u00a0\u2009\u202f]`;

/** A date and perhaps a time, which has as many digits as a number of a phone. */
const DATE =
  /^(?:(?:0?[1-9]|[12]\d|3[01])([./-])(?:0?[1-9]|1[0-2])\1(?:\d{4}|\d{2})|\d{4}([./-])\d{2}\2\d{2})(?!\d|[./-]\d)/;

/** Grouped like this it is a Social Security number or a ZIP code of the United States, also where it begins with 0. */
const OTHER_NUMBER = /^(?:\d{3}-\d{2}|\d{5})-\d{4}$/;

/** `+49 30 123456`, `+1 (415) 555-2671`, `+44 (0)20 7946 0958`. */
const INTERNATIONAL: Rule = {
  kind: 'phone',
  sort: 'personal',
  needs: /\+\(?\d/,
  pattern: new RegExp(String.raw`(?<![\w+])\+\(?[1-9](?:${GAP}{0,2}\d){7,14}(?!\d)`, 'g'),
  accept: ({ 0: number }) => isInternational(number.slice(1)),
};

/** `0049 30 123456`: the same behind 00, told from other numbers by its grouping or by the word before it. */
const DIALLED_ABROAD: Rule = {
  kind: 'phone',
  sort: 'personal',
  needs: /00[1-9]/,
  pattern: new RegExp(String.raw`(?<![\w.,+/-]|\d${BLANK}{1,2})00[1-9](?:${GAP}{0,2}\d){7,14}(?!\w)`, 'g'),
  accept: (match) => isInternational(match[0].slice(2)) && (/\D/.test(match[0]) || follows(match, AFTER_PHONE)),
};

/** `030 1234567`, `(020) 7946 0958`, `01 23 45 67 89`, `0171/2345678`: behind the 0 of the trunk. */
const NATIONAL: Rule = {
  kind: 'phone',
  sort: 'personal',
  needs: /0[1-9]/,
  // Groups of digits before or behind it make it a part of a longer number.
  pattern: new RegExp(
    String.raw`(?<![\w.,+\-/:]|\d${BLANK}{1,2})\(?0[1-9]\d{0,4}\)?(?:${GAP}{1,2}\d{2,8}){1,5}(?![\w:]|${BLANK}\d)`,
    'g',
  ),
  accept: ({ 0: number }) => {
    const { length } = digitsOf(number);
    return length >= MIN_DIGITS && length <= 12 && !DATE.test(number) && !OTHER_NUMBER.test(number);
  },
};

/** North America: area and exchange begin with 2 to 9. */
const NORTH_AMERICAN: Rule = {
  kind: 'phone',
  sort: 'personal',
  needs: /\d[-. ]\d{4}/,
  pattern: /(?<![\w.\-/+])(?:1[ .-])?(?:\([2-9]\d{2}\) ?[2-9]\d{2}[-. ]|[2-9]\d{2}([-.])[2-9]\d{2}\1)\d{4}(?![\w-])/g,
};

/** Brazil: `(11) 91234-5678`. */
const BRAZILIAN: Rule = {
  kind: 'phone',
  sort: 'personal',
  needs: /\(\d\d\)/,
  pattern: new RegExp(String.raw`(?<!\w)\([1-9]\d\)${BLANK}?9?\d{4}-\d{4}(?![\w-])`, 'g'),
};

/** Any number behind a word for phones: nothing else of its length stands there. */
const NAMED: Rule = {
  kind: 'phone',
  sort: 'personal',
  needs: /\d/,
  pattern: new RegExp(String.raw`(?<![\w.,+\-/])\(?\d(?:${GAP}{0,2}\d){6,12}(?!\w)`, 'g'),
  accept: (match) => !DATE.test(match[0]) && follows(match, AFTER_PHONE),
};

export const PHONE_RULES: readonly Rule[] = [INTERNATIONAL, DIALLED_ABROAD, NATIONAL, NORTH_AMERICAN, BRAZILIAN, NAMED];

function isInternational(number: string): boolean {
  const digits = digitsOf(number.replace('(0)', ''));
  const code = COUNTRY_CODE.exec(digits)?.[0];
  if (code === undefined || digits.length < MIN_DIGITS || digits.length > MAX_DIGITS) return false;
  const national = digits.slice(code.length);
  if (code === '1') return /^[2-9]\d{2}[2-9]\d{6}$/.test(national);
  // Italy keeps the 0 of its trunk.
  return code === '39' || !national.startsWith('0');
}
