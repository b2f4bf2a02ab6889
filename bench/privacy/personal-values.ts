// Values of personal kinds, made by lot: right by their check digits, which are computed here apart from the detectors.
import type { Lot } from './lot.js';

type Make = (lot: Lot) => string;

const NAMES = [
  'jane.doe',
  'a.novak',
  'li-wei',
  'marta_k',
  'jürgen.weiß',
  "sean.o'neil",
  'p.dupont+news',
  'R2D2',
  'x',
  'info',
];
const HOSTS = [
  'example.com',
  'example.org',
  'mail.example.co.uk',
  'firma-beispiel.example.de',
  'müller-bau.example.net',
];
const IBANS: Array<[string, string]> = [
  ['DE', '##################'],
  ['FR', '##########@#########@##'],
  ['GB', '@@@@##############'],
  ['NL', '@@@@##########'],
  ['ES', '####################'],
  ['IT', '@######################'],
  ['PL', '########################'],
  ['BE', '############'],
  ['CH', '#################'],
  ['NO', '###########'],
  ['AT', '################'],
  ['PT', '#####################'],
];
/** The first digits of cards and how many follow, with the check digit. */
const CARDS: Array<[string, number]> = [
  ['4000', 16],
  ['5105', 16],
  ['2223', 16],
  ['3714', 15],
  ['6011', 16],
  ['3530', 16],
  ['3056', 14],
  ['6200', 16],
];

/** Numbers kept for stories where a country keeps some (Ofcom, Arcep, BNetzA, NANP 555-01xx); else by lot. */
const PHONES = [
  '+1 (415) 555-01##',
  '+1-212-555-01##',
  '+14155550###',
  '+44 20 7946 0###',
  '+44 (0)7700 900###',
  '+33 1 99 00 ## ##',
  '+33639980###',
  '+49 30 23125###',
  '+49 (0)171 39200##',
  '+34 612 34 5# ##',
  '+39 06 5555 ####',
  '+31 6 1234 ####',
  '+48 601 23# ###',
  '+55 11 95555-####',
  '+91 98765 4####',
  '+81 3-5555-####',
  '+61 2 5550 ####',
  '+420 601 234 5##',
  '+351 912 34# ###',
  '0049 30 23125###',
  '0033 1 99 00 ## ##',
  '(415) 555-01##',
  '212-555-01##',
  '312.555.01##',
  '020 7946 0###',
  '(020) 7946 0###',
  '07700 900###',
  '01 99 00 ## ##',
  '06.39.98.0#.##',
  '06-1234####',
  '030 23125###',
  '0171/39200##',
  '(11) 95555-####',
];
/** Without a form that tells: only the words around say what they are. */
const BARE_PHONES = [
  '612 34# ###',
  '601 23# ###',
  '98765 4####',
  '347 555 ####',
  '0199004###',
  '4155550###',
  '912345###',
];

export const PERSONAL: Record<string, Make> = {
  email: (lot) => {
    if (lot.next() < 0.12)
      return lot.pick([
        'jane.doe (at) example (dot) org',
        'm.rossi [at] example.org',
        'info(at)example.de',
        'jane at example dot org',
      ]);
    const address = `${lot.pick(NAMES)}${lot.pick(['', '', '1', '.77'])}@${lot.pick(HOSTS)}`;
    return lot.next() < 0.15 ? address.toUpperCase() : address;
  },
  phone: (lot) => printed(lot, lot.form(lot.pick(PHONES))),
  'phone-by-word': (lot) => lot.form(lot.pick(BARE_PHONES)),
  iban: (lot) => {
    const [country, form] = lot.pick(IBANS);
    const account = lot.form(form);
    const number = [...`${account}${country}00`].map((one) => Number.parseInt(one, 36)).join('');
    const iban = `${country}${String(98n - (BigInt(number) % 97n)).padStart(2, '0')}${account}`;
    return lot.pick([
      iban,
      printed(lot, grouped(iban, 4, ' ')),
      printed(lot, grouped(iban, 4, ' ')),
      iban.toLowerCase(),
    ]);
  },
  card: (lot) => {
    const [begins, length] = lot.pick(CARDS);
    const body = lot.form(begins + '#'.repeat(length - 1 - begins.length));
    const card = body + luhnDigit(body);
    return lot.pick([card, printed(lot, grouped(card, 4, ' ')), grouped(card, 4, '-'), grouped(card, 4, '.')]);
  },
  'us-ssn': (lot) =>
    lot.form(`${lot.pick(['0', '1', '2', '3', '4', '5'])}${lot.whole(10, 99)}-${lot.whole(10, 99)}-N###`),
  'us-ssn-by-word': (lot) =>
    `${lot.pick(['SSN ', 'Social Security number: ', ''])}${lot.form('2##')} ${lot.whole(10, 99)} ${lot.form('N###')}`,
  'fr-nir': (lot) => {
    const month = String(lot.whole(1, 12)).padStart(2, '0');
    const body = lot.form(`${lot.pick([1, 2])}##${month}${lot.pick(['75', '13', '69', '2A', '2B', '33'])}######`);
    const number = Number(body.replace('2A', '19').replace('2B', '18'));
    const key = String(97 - (number % 97)).padStart(2, '0');
    return lot.next() < 0.5 ? body + key : `${body.replace(/^(.)(..)(..)(..)(...)(...)$/, '$1 $2 $3 $4 $5 $6')} ${key}`;
  },
  'es-dni': (lot) => {
    const foreign = lot.next() < 0.4;
    const lead = foreign ? lot.whole(0, 2) : lot.whole(1, 9);
    const rest = lot.form('#######');
    const letter = 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(`${lead}${rest}`) % 23]!;
    return `${foreign ? 'XYZ'[lead] : lead}${rest}${lot.pick(['', '', '-'])}${lot.next() < 0.1 ? letter.toLowerCase() : letter}`;
  },
  'it-codice-fiscale': (lot) => {
    const body = `${lot.chars('BCDFGLMNPRSTV', 6)}${lot.form('##')}${lot.chars('ABCDEHLMPRST', 1)}${lot.whole(10, 28)}${lot.form('@###')}`;
    return body + codiceLetter(body);
  },
  'nl-bsn': (lot) => {
    const bsn = elevenTested(lot);
    return lot.pick([
      `BSN ${bsn}`,
      `burgerservicenummer: ${bsn}`,
      `${bsn.slice(0, 4)}.${bsn.slice(4, 6)}.${bsn.slice(6)}`,
    ]);
  },
  'pl-pesel': (lot) => {
    const month = String(lot.whole(1, 12) + lot.pick([0, 20])).padStart(2, '0');
    const body = lot.form(`##${month}${lot.whole(10, 28)}####`);
    const sum = [...body].reduce((all, digit, at) => all + Number(digit) * [1, 3, 7, 9][at % 4]!, 0);
    return body + ((10 - (sum % 10)) % 10);
  },
  'uk-nino': (lot) => {
    const letters = lot.pick(['AB', 'CE', 'JR', 'PW', 'SX', 'YL']);
    const nino = `${letters}${lot.form('######')}${lot.pick(['A', 'B', 'C', 'D'])}`;
    return lot.next() < 0.5 ? nino : grouped(nino, 2, ' ');
  },
  'de-steuer-id': (lot) => {
    const id = steuerId(lot);
    return lot.next() < 0.6 ? id : `${id.slice(0, 2)} ${id.slice(2, 5)} ${id.slice(5, 8)} ${id.slice(8)}`;
  },
  'br-cpf': (lot) => {
    const body = lot.form('N########');
    const first = cpfDigit(body);
    const cpf = body + first + cpfDigit(body + first);
    const dotted = `${cpf.slice(0, 3)}.${cpf.slice(3, 6)}.${cpf.slice(6, 9)}-${cpf.slice(9)}`;
    return lot.next() < 0.7 ? dotted : `CPF ${cpf}`;
  },
  'in-aadhaar': (lot) => {
    const body = lot.form('N##########');
    const aadhaar = body + verhoeffDigit(body);
    return lot.next() < 0.7 ? grouped(aadhaar, 4, ' ') : `Aadhaar: ${aadhaar}`;
  },
};

/** As word processors set it: with blanks that do not break, or a line that does. */
function printed(lot: Lot, text: string): string {
  const by = lot.pick([' ', ' ', ' ', ' ', ' ', ' ', '\u00a0', '\u202f', '  ', '\n']);
  return text.replaceAll(' ', by);
}

export function grouped(text: string, size: number, by: string): string {
  return text.match(new RegExp(`.{1,${size}}`, 'g'))!.join(by);
}

export function luhnDigit(body: string): number {
  const sum = [...body].reverse().reduce((all, one, at) => {
    const doubled = Number(one) * (at % 2 === 0 ? 2 : 1);
    return all + Math.floor(doubled / 10) + (doubled % 10);
  }, 0);
  return (10 - (sum % 10)) % 10;
}

/** D.M. 23 December 1976, table of odd places, written out by character. */
function codiceLetter(body: string): string {
  const odd: Record<string, number> = { 0: 1, 1: 0, 2: 5, 3: 7, 4: 9, 5: 13, 6: 15, 7: 17, 8: 19, 9: 21 };
  [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23].forEach(
    (value, at) => {
      odd[String.fromCharCode(65 + at)] = value;
    },
  );
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const one = body[i]!;
    sum += i % 2 === 0 ? odd[one]! : Number.parseInt(one, 36) - (one < 'A' ? 0 : 10);
  }
  return String.fromCharCode(65 + (sum % 26));
}

function elevenTested(lot: Lot): string {
  for (;;) {
    const bsn = lot.form('N########');
    let sum = -Number(bsn[8]);
    for (let i = 0; i < 8; i++) sum += Number(bsn[i]) * (9 - i);
    if (sum % 11 === 0) return bsn;
  }
}

/** One digit twice, one not at all, in any order; then ISO 7064 MOD 11,10. */
function steuerId(lot: Lot): string {
  const digits = [...'0123456789'];
  digits[lot.whole(0, 4)] = digits[lot.whole(5, 9)]!;
  for (let i = 9; i > 0; i--) {
    const other = lot.whole(0, i);
    [digits[i], digits[other]] = [digits[other]!, digits[i]!];
  }
  if (digits[0] === '0') return steuerId(lot);
  let product = 10;
  for (const digit of digits) product = (((Number(digit) + product) % 10 || 10) * 2) % 11;
  return digits.join('') + ((11 - product) % 10);
}

function cpfDigit(body: string): number {
  const sum = [...body].reduce((all, digit, at) => all + Number(digit) * (body.length + 1 - at), 0);
  return sum % 11 < 2 ? 0 : 11 - (sum % 11);
}

/** By the group itself: products of rotations and reflections of a pentagon, and powers of one permutation. */
export function verhoeffDigit(body: string): number {
  const product = (a: number, b: number) => {
    if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5);
    return b < 5 ? 5 + ((a - b) % 5) : (5 + a - b) % 5;
  };
  const permute = (digit: number, times: number): number =>
    times === 0 ? digit : permute([1, 5, 7, 6, 2, 8, 3, 0, 9, 4][digit]!, times - 1);
  const sum = [...body].reverse().reduce((all, digit, at) => product(all, permute(Number(digit), (at + 1) % 8)), 0);
  return [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].find((digit) => product(sum, digit) === 0)!;
}
