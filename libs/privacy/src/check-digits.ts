// The check digits of cards, accounts and identity numbers.

/** ISO/IEC 7812-1, Annex B: from the right, every second digit is doubled. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const weighed = i % 2 === 0 ? digit : digit * 2;
    sum += weighed > 9 ? weighed - 9 : weighed;
  }
  return sum % 10 === 0;
}

/** ISO 7064 MOD 97-10 as IBANs use it (ISO 13616-1): the first four characters go last, letters count from A = 10. */
export function passesMod97(iban: string): boolean {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** ISO 7064 MOD 11,10. */
export function passesMod11And10(digits: string): boolean {
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (Number(digit) + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === Number(digits.at(-1));
}

/** The sum of the digits, each by its weight. */
export function weighedSum(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0);
}

// J. Verhoeff, Error Detecting Decimal Codes (1969): products in the dihedral group of order ten, and the permutation.
const D5 = ['0123456789', '1234067895', '2340178956', '3401289567', '4012395678']
  .concat(['5987604321', '6598710432', '7659821043', '8765932104', '9876543210'])
  .map((row) => [...row].map(Number));
const PERMUTATIONS = ['0123456789', '1576283094', '5803796142', '8916043527']
  .concat(['9453126870', '4286573901', '2793806415', '7046913258'])
  .map((row) => [...row].map(Number));

export function passesVerhoeff(digits: string): boolean {
  let check = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    check = D5[check]![PERMUTATIONS[i % 8]![digit]!]!;
  }
  return check === 0;
}
