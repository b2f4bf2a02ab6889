// National identity numbers: by form and check digit, and by the word before them where those leave too much room.
import { passesMod11And10, passesVerhoeff, weighedSum } from '../check-digits.js';
import { afterWord, digitsOf, follows } from '../context.js';
import type { Rule } from '../rule.js';

const NEEDS_DIGITS = /\d{2}/;

/** Social Security Administration, since 2011: no area 000, 666 or 9xx, no group 00, no serial 0000. */
const SSN = /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/;
const AFTER_SSN = afterWord(['ssn', 'social security(?: number| no)?', 'social sec'], 16);

/** France, code officiel géographique: 97 minus the rest by 97; Corsica's 2A and 2B count as 19 and 18. */
function passesNir(nir: string): boolean {
  const number = nir.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return 97n - (BigInt(number) % 97n) === BigInt(nir.slice(13));
}

/** Spain, Real Decreto 1553/2005: the letter is the rest by 23; X, Y, Z of foreigners count as 0, 1, 2. */
function passesDni(dni: string): boolean {
  const digits = dni.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(digits) % 23] === dni.at(-1);
}

/** Italy, D.M. 23 December 1976: what characters count in odd places (the first is odd), for 0 to 9 as for A to J. */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

function passesCodiceFiscale(code: string): boolean {
  const values = [...code].map((one) => (/\d/.test(one) ? Number(one) : one.charCodeAt(0) - 65));
  const sum = values.slice(0, 15).reduce((all, value, at) => all + (at % 2 === 0 ? ODD[value]! : value), 0);
  return sum % 26 === values[15];
}

/** Netherlands: the "elfproef". */
function passesElevenTest(bsn: string): boolean {
  const nine = bsn.padStart(9, '0');
  return Number(nine) > 0 && weighedSum(nine, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}
const AFTER_BSN = afterWord(['bsn', 'burgerservicenummer', 'sofi-?nummer', 'citizen service number'], 16);

/** Poland: the month carries the century; the last digit makes the weighed sum a multiple of ten. */
function passesPesel(pesel: string): boolean {
  const [month, day] = [Number(pesel.slice(2, 4)) % 20, Number(pesel.slice(4, 6))];
  const dated = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  return dated && weighedSum(pesel, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0;
}

/** Germany, § 139b AO: of the first ten digits one comes twice or three times, the others at most once. */
function passesSteuerId(id: string): boolean {
  const counts = [...'0123456789'].map((digit) => id.slice(0, 10).split(digit).length - 1);
  const repeated = counts.filter((count) => count > 1);
  return repeated.length === 1 && repeated[0]! <= 3 && passesMod11And10(id);
}

/** Brazil: two digits by modulus 11; eleven equal digits pass, and are none. */
function passesCpf(cpf: string): boolean {
  const checkAt = (length: number) => {
    const weights = Array.from({ length }, (_, at) => length + 1 - at);
    return ((weighedSum(cpf, weights) * 10) % 11) % 10 === Number(cpf[length]);
  };
  return !/^(\d)\1{10}$/.test(cpf) && checkAt(9) && checkAt(10);
}
const AFTER_CPF = afterWord(['cpf', 'cadastro de pessoas? f[íi]sicas?'], 16);
const AFTER_AADHAAR = afterWord(['aadha?ar', 'uidai', 'uid', 'आधार'], 20);

export const IDENTITY_RULES: readonly Rule[] = [
  personal('us-ssn', /(?<![\w.-])\d{3}([- ]?)\d{2}\1\d{4}(?![\w-])/g, (match) => {
    return SSN.test(digitsOf(match[0])) && (match[1] === '-' || follows(match, AFTER_SSN));
  }),
  personal(
    'fr-nir',
    /(?<![\w.-])[12378] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-4]\d|5[0-9]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)/g,
    ({ 0: text }) => passesNir(text.replaceAll(' ', '')),
  ),
  personal('es-dni', /(?<![\w.-])(?:\d{8}|[XYZ]-?\d{7})[- ]?[A-HJ-NP-TV-Z](?![\w-])/gi, ({ 0: text }) =>
    passesDni(text.replace(/[- ]/g, '').toUpperCase()),
  ),
  personal(
    'it-codice-fiscale',
    // Digits may stand as letters, where two people would have the same code ("omocodia").
    /(?<!\w)[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPR-T][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z](?!\w)/gi,
    ({ 0: text }) => passesCodiceFiscale(text.toUpperCase()),
  ),
  personal('nl-bsn', /(?<![\w.,-])(?:\d{4}\.\d{2}\.\d{3}|\d{3} ?\d{3} ?\d{3}|\d{8})(?![\w-])/g, (match) => {
    return passesElevenTest(digitsOf(match[0])) && (match[0].includes('.') || follows(match, AFTER_BSN));
  }),
  personal('pl-pesel', /(?<![\w.,+-])\d{11}(?![\w-])/g, ({ 0: text }) => passesPesel(text)),
  personal(
    'uk-nino',
    // HMRC, NIM39110: letters that are never used, and prefixes that are not given out.
    /(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)/gi,
    () => true,
  ),
  personal('de-steuer-id', /(?<![\w.,+-])[1-9]\d(?: ?\d{3}){3}(?![\w-])/g, ({ 0: text }) =>
    passesSteuerId(digitsOf(text)),
  ),
  personal('br-cpf', /(?<![\w.,-])(?:\d{3}\.\d{3}\.\d{3}-\d{2}|\d{9}-?\d{2})(?![\w-])/g, (match) => {
    return passesCpf(digitsOf(match[0])) && (match[0].includes('-') || follows(match, AFTER_CPF));
  }),
  personal('in-aadhaar', /(?<![\w.,-]|\d[ -])[2-9]\d{3}([ -]?)\d{4}\1\d{4}(?![\w-]| \d)/g, (match) => {
    return passesVerhoeff(digitsOf(match[0])) && (match[1] !== '' || follows(match, AFTER_AADHAAR));
  }),
];

function personal(kind: string, pattern: RegExp, accept: (match: RegExpExecArray) => boolean): Rule {
  return { kind, sort: 'personal', needs: NEEDS_DIGITS, pattern, accept };
}
