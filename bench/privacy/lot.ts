// Draws by lot, the same for the same seed, so that the labelled set is the same everywhere.

export class Lot {
  constructor(private seed: number) {}

  /** A number in 0..1 (mulberry32). */
  next(): number {
    this.seed = (this.seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.seed ^ (this.seed >>> 15), 1 | this.seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<T>(from: readonly T[]): T {
    return from[this.whole(0, from.length - 1)]!;
  }

  chars(alphabet: string, count: number): string {
    return Array.from({ length: count }, () => alphabet[this.whole(0, alphabet.length - 1)]).join('');
  }

  /** `#` becomes a digit, `N` one of 2 to 9, `@` a capital letter; the rest stays. */
  form(pattern: string): string {
    return pattern.replace(/[#N@]/g, (sign) => {
      if (sign === '@') return this.chars('ABCDEFGHIJKLMNOPQRSTUVWXYZ', 1);
      return sign === '#' ? String(this.whole(0, 9)) : String(this.whole(2, 9));
    });
  }
}
