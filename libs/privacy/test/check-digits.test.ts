// Check digits against examples that others have published, and single errors that they must catch.
import { expect, test } from 'vitest';
import { openTextGuard } from '#privacy';
import { passesLuhn, passesMod11And10, passesMod97, passesVerhoeff } from '../src/check-digits.js';
import { entropy } from '../src/detectors/secrets.js';

const CONFIG = { detectors: ['finance', 'identity'], options: {}, personal: 'store', secret: 'skip' } as const;
const guard = await openTextGuard(CONFIG, { plugins: [] });
const kindsIn = async (text: string) => (await guard.inspect(text)).map(({ kind }) => kind);

/** From the documents of those who give the numbers out, or their standards; each is an example, and nobody's. */
const PUBLISHED: Array<[kind: string, example: string, source: string]> = [
  ['iban', 'GB29 NWBK 6016 1331 9268 19', 'SWIFT IBAN Registry'],
  ['iban', 'DE89 3704 0044 0532 0130 00', 'SWIFT IBAN Registry'],
  ['iban', 'FR14 2004 1010 0505 0001 3M02 606', 'SWIFT IBAN Registry'],
  ['iban', 'MT84MALT011000012345MTLCAST001S', 'SWIFT IBAN Registry'],
  ['card', '4111 1111 1111 1111', 'test numbers of payment services'],
  ['card', '378282246310005', 'test numbers of payment services'],
  ['card', '5555-5555-5555-4444', 'test numbers of payment services'],
  ['us-ssn', '078-05-1120', 'Social Security Administration, the Woolworth card'],
  ['fr-nir', '2 55 08 14 168 025 38', 'INSEE example'],
  ['es-dni', '12345678Z', 'Ministerio del Interior example'],
  ['es-dni', 'X1234567L', 'Ministerio del Interior example'],
  ['it-codice-fiscale', 'RSSMRA85T10A562S', 'Agenzia delle Entrate example'],
  ['nl-bsn', 'BSN 111222333', 'RvIG test number'],
  ['pl-pesel', '44051401359', 'example in the law on registers'],
  ['uk-nino', 'QQ123456C'.replace('QQ', 'JR'), 'HMRC form'],
  ['de-steuer-id', '86095742719', 'Bundeszentralamt für Steuern test number'],
  ['br-cpf', '529.982.247-25', 'Receita Federal example'],
  ['in-aadhaar', '2341 2341 2346', 'UIDAI example'],
];

test.each(PUBLISHED)('%s: %s', async (kind, example) => {
  expect(await kindsIn(`value ${example}, please`)).toEqual([kind]);
});

test.each(PUBLISHED.filter(([kind]) => kind !== 'us-ssn' && kind !== 'uk-nino'))(
  '%s: %s with any one digit wrong is none',
  async (kind, example) => {
    for (let at = kind === 'nl-bsn' ? 4 : 2; at < example.length; at++) {
      const digit = Number(example[at]);
      if (example[at] === ' ' || Number.isNaN(digit)) continue;
      const wrong = `${example.slice(0, at)}${(digit + 1) % 10}${example.slice(at + 1)}`;
      expect(await kindsIn(wrong), wrong).not.toContain(kind);
    }
  },
);

test('what follows a card or an account is no part of it', async () => {
  const text = 'card 4111 1111 1111 1111 123, IBAN DE89 3704 0044 0532 0130 00 AND more';
  const found = (await guard.inspect(text)).map(({ start, end }) => text.slice(start, end));
  expect(found).toEqual(['4111 1111 1111 1111', 'DE89 3704 0044 0532 0130 00']);
});

test('numbers that check but cannot be given out are none', async () => {
  for (const text of ['000-12-3456', '666-12-3456', '900-12-3456', '123-00-4567', '123-45-0000', '111.111.111-11'])
    expect(await kindsIn(text), text).toEqual([]);
  for (const text of ['BG123456A', 'QQ123456C', 'BSN 000000000', 'XX89 3704 0044 0532 0130 00'])
    expect(await kindsIn(text), text).toEqual([]);
});

test('numbers of which many check by chance need the word before them', async () => {
  expect(await kindsIn('111222333')).toEqual([]);
  expect(await kindsIn('burgerservicenummer is 111222333')).toEqual(['nl-bsn']);
  expect(await kindsIn('52998224725')).toEqual([]);
  expect(await kindsIn('CPF: 52998224725')).toEqual(['br-cpf']);
  expect(await kindsIn('order 219 09 9999')).toEqual([]);
  expect(await kindsIn('SSN 219 09 9999')).toEqual(['us-ssn']);
  expect(await kindsIn('order 234123412346')).toEqual([]);
  expect(await kindsIn('Aadhaar 234123412346')).toEqual(['in-aadhaar']);
});

test('the sums themselves, on published examples', () => {
  expect([passesLuhn('79927398713'), passesLuhn('79927398710')]).toEqual([true, false]);
  expect([passesMod97('GB82WEST12345698765432'), passesMod97('GB82WEST12345698765433')]).toEqual([true, false]);
  expect([passesVerhoeff('2363'), passesVerhoeff('2364'), passesVerhoeff('3263')]).toEqual([true, false, false]);
  expect([passesMod11And10('07945'), passesMod11And10('07946')]).toEqual([true, false]);
  expect([entropy('aaaa'), entropy('abab'), entropy('abcd')]).toEqual([0, 1, 2]);
});
