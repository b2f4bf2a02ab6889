// Texts that look as if they held something, and do not: broken check digits, order numbers, dates, code, placeholders.
import type { Lot } from './lot.js';
import { grouped, luhnDigit, PERSONAL } from './personal-values.js';

/** The same value with its last digit or letter wrong. */
function broken(kind: string, lot: Lot): string {
  const value = PERSONAL[kind]!(lot).replace(/^(?:BSN|burgerservicenummer:|CPF|Aadhaar:) /, '');
  const last = value.at(-1)!;
  return value.slice(0, -1) + (/\d/.test(last) ? (Number(last) + 1) % 10 : last.toUpperCase() === 'A' ? 'B' : 'A');
}

function unluckyCard(lot: Lot): string {
  const body = lot.form('9#############');
  return grouped(body + luhnDigit(body), 4, ' ');
}

/** Made anew each time. */
const MADE: ReadonlyArray<(lot: Lot) => string> = [
  (lot) => `The parcel ${broken('card', lot)} left the depot.`,
  (lot) => `Reference ${broken('iban', lot)} is not known to us.`,
  (lot) => `Article ${broken('es-dni', lot)} is sold out.`,
  (lot) => `Part ${broken('it-codice-fiscale', lot)} fits both models.`,
  (lot) => `Serial ${broken('pl-pesel', lot)} was recalled.`,
  (lot) => `Ticket ${broken('de-steuer-id', lot)} is closed.`,
  (lot) => `Sendung ${broken('fr-nir', lot)} ist unterwegs.`,
  (lot) => `Batch ${broken('br-cpf', lot)} was approved.`,
  (lot) => `Meter ${broken('in-aadhaar', lot)} was read.`,
  (lot) => `Invoice ${lot.form('#########')} of ${lot.whole(1, 28)}.0${lot.whole(1, 9)}.2024 is paid.`,
  (lot) => `Order ${lot.form('1############')} and ${lot.form('8###########')} were merged.`,
  (lot) => `The card ${unluckyCard(lot)} is a loyalty card of the library.`,
  (lot) => `IMEI ${lot.form('86#############')}, firmware ${lot.form('#.##.####')}`,
  (lot) => `EAN ${lot.form('40###########')} costs ${lot.form('##,##')} €`,
  (lot) => `ISBN 978-3-${lot.form('##-######-#')} is out of print.`,
  (lot) => `Between 20${lot.form('##')}-0${lot.whole(1, 9)}-1${lot.whole(0, 9)} 08:15 and 09:45:3${lot.whole(0, 9)}`,
  (lot) => `Timestamp ${lot.form('17##########')} in ms, ${lot.form('17########')} in s.`,
  (lot) => `La población es de ${lot.form('4# ### ###')} habitantes.`,
  (lot) => `Der Umsatz stieg auf ${lot.form('1##.###.###,##')} Euro.`,
  (lot) => `Revenue was $${lot.form('N##,###,###')} against ${lot.form('N##.#')}%.`,
  (lot) => `pi is 3.${lot.form('##################')}`,
  (lot) => `Coordinates 48.${lot.form('######')}, 2.${lot.form('######')}`,
  (lot) => `commit ${lot.chars('0123456789abcdef', 40)} fixed it`,
  (lot) => `sha256: ${lot.chars('0123456789abcdef', 64)}`,
  (lot) =>
    `uuid ${lot.chars('0123456789abcdef', 8)}-${lot.chars('0123456789abcdef', 4)}-4${lot.chars('0123456789abcdef', 3)}-a${lot.chars('0123456789abcdef', 3)}-${lot.chars('0123456789abcdef', 12)}`,
  (lot) => `integrity sha512-${lot.chars('ABCDEFGHabcdefgh0123456789+/', 86)}==`,
  (lot) => `version ${lot.form('#.##.#')}-beta.${lot.form('##')} of package@${lot.form('#.#.#')}`,
  (lot) => `room 0${lot.form('##')}, floor ${lot.form('#')}, building ${lot.form('##')}, from 10:30 to 11:45`,
  (lot) => `Flight ${lot.form('@@####')} lands at ${lot.form('1#:##')}, seat ${lot.form('##@')}.`,
  (lot) => `licence plate ${lot.form('@@-@@ ####')}, chassis ${lot.form('@@@##@##@#@######')}`,
  (lot) => `Fax-Modem mit ${lot.form('##.###')} Baud, Baujahr 199${lot.form('#')}`,
  (lot) => `matrix [${lot.form('##, ##, ##, ##, ##, ##')}] and hex 0x${lot.chars('0123456789ABCDEF', 16)}`,
  (lot) => `ssn 000-${lot.form('##-####')} is refused by the form, 9${lot.form('##-##-####')} as well`,
  (lot) => `The phrase +${lot.form('#')} means one more, +${lot.form('##')}% is growth, +${lot.form('#.###')} too`,
  (lot) => `+${lot.form('#0 000 000')} users joined; +1000000 next year`,
  (lot) => `Paragraph ${lot.form('###-##-###')}, clause ${lot.form('##.##.##')}`,
  (lot) => `commit by @user${lot.form('##')} in @scope/package, see icon@2x.png`,
  (lot) => `git clone git@github.com:example/project-${lot.form('##')}.git`,
  (lot) => `ssh://git@host-${lot.form('##')}/repository and user@localhost`,
  (lot) => `token: ${lot.form('1#####')} tokens used, max_tokens=${lot.form('4###')}`,
];

/** As people and programs write them. */
const WRITTEN = [
  'Passwords must have at least 12 characters, one digit and one sign.',
  'password = process.env.DB_PASSWORD',
  'const token: string = await getToken(user1);',
  `secret: \${SECRET_FROM_VAULT}`,
  'api_key: YOUR_API_KEY_HERE',
  'API_KEY=<your-key-1>',
  'password: ********',
  'Passwort: vergessen',
  'Forgot your password? Reset it at https://example.com/reset?step=2',
  'The token bucket refills 10 tokens a second.',
  'token = tokens[index + 1]',
  'secret_name: projects/demo/secrets/db',
  'credentials: ~/.aws/credentials',
  'client_secret: {{ .Values.secret }}',
  'postgres://user:password@localhost:5432/db is the default of the tutorial',
  'https://example.com:8443/path@version',
  'sk-learn is short for scikit-learn; sk-toolkit-for-everyone-in-the-world too',
  'pk_live_keys are publishable, sk_ prefixed ones are not',
  'AKIA is the prefix of access keys',
  'eyJ is how Base64 of {" begins',
  '-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ\n-----END CERTIFICATE-----',
  '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYI\n-----END PUBLIC KEY-----',
  'What is an IBAN and how is DE00 formed?',
  'Free Software Foundation, 51 Franklin Street, Boston, MA 02110-1301, USA',
  'Write to us by post: Hauptstraße 12, 10115 Berlin, Germany 2024',
  'Wie spät ist es um 12:30 in New York am 01.02.2024 15:30?',
  'Le train de 8 h 15 part du quai 12, voiture 7, place 45.',
  'Mi número favorito es 7 y el tuyo 1234567.',
  'Il prezzo è di 1.234.567,89 euro, IVA 22%.',
  'Art. 12 lid 3 van wet 2018/1234, nummer 45-67-89.',
  'Kurs wynosi 4,3215 zł za 1 EUR w 2024 r.',
  'A soma de 123.456.789 e 987.654.321 é grande.',
  'GB 12 34 56 C is a postcode puzzle; BG123456A is no number that is given out.',
  'The at sign (@) and meet @ noon, 5@10 each.',
  'foo@bar is no address, nor is a@b@c.',
  'The bearer of this letter, bearer bonds and Bearer authentication-as-specified',
  'password is required; the password is case-sensitive',
  'Das Passwort ist abgelaufen, le mot de passe est obligatoire',
  'Fibonacci: 1 1 2 3 5 8 13 21 34 55 89 144 233 377 610 987',
  'RGB 255.255.255 and 1.2.3.4.5 are no addresses; 10.15.2024 is a date.',
  'RFC 2119, ISO 13616-1:2020, DIN 5008:2020-03, EN 301 549 V3.2.1',
  'tel quel, le portable de 2019 pèse 1400 grammes',
  'Your mobile plan has 20 GB; call volume was 12000.',
  'SELECT * FROM t WHERE id IN (100200300, 400500600, 700800900)',
] as const;

/** So many near misses: those written once each, the rest made by lot. */
export function nearMisses(lot: Lot, count: number): string[] {
  const made = Array.from({ length: count - WRITTEN.length }, (_, at) => MADE[at % MADE.length]!(lot));
  return [...WRITTEN, ...made];
}
