// Which questions share a name, and that names stay what they are.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyNames } from '#crypto';
import type { JsonObject } from '#ports';
import { canonicalKey, KEY_PROFILES, type KeyParts, type KeyProfile, normalise } from '../src/index.js';
import { NAMES } from './support/a-cache.js';

/** Texts of all kinds: any code units, lone surrogates too, and what the profiles care about. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 30 }),
  fc.string({ unit: fc.constantFrom(...'aAß İıςΣ.,!?…;:5 \t\n\u00a0\u0307\u0327éeﬁ²２Å¨'), maxLength: 12 }),
);
const profile = fc.constantFrom(...KEY_PROFILES);
const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 }) as fc.Arbitrary<JsonObject>;
const optional = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const parts: fc.Arbitrary<KeyParts> = fc.record({
  tenant: text,
  query: text,
  language: optional(fc.constantFrom('', 'en', 'de-AT')),
  model: optional(text),
  params: optional(json),
  retrieval: optional(json),
});

const EXAMPLES: Array<[KeyProfile, string, string, boolean]> = [
  ['exact', ' Opening hours ', 'Opening hours', true],
  ['exact', 'Opening hours', 'opening hours', false],
  ['exact', 'Cafe\u0301', 'Café', true],
  ['exact', 'Opening hours', 'Opening hours?', false],
  ['standard', 'Opening  hours?', 'opening hours', true],
  ['standard', '\tOpening\nhours !?… ', 'opening hours', true],
  ['standard', 'Cafe\u0301', 'CAFÉ', true],
  ['standard', 'ΟΔΟΣ', 'οδος', true],
  ['standard', 'x²', 'x2', false],
  ['standard', 'Maße', 'Masse', false],
  ['standard', 'sınır', 'sinir', false],
  ['standard', 'What is 5!', 'What is 5?', false],
  ['standard', 'What is 5!?', 'what is 5!', true],
  ['standard', '?', '!', false],
  ['standard', 'C#', 'C', false],
  ['standard', '.net', 'net', false],
  ['loose', 'x²', 'x2', true],
  ['loose', 'ﬁne', 'Fine', true],
  ['loose', 'ＡＢＣ１２？', 'abc12', true],
  ['loose', 'Opening hours', 'closing hours', false],
];

describe('normalisation', () => {
  test.each(EXAMPLES)('%s: %j and %j are one: %s', (profile, one, other, same) => {
    expect(normalise(one, profile) === normalise(other, profile)).toBe(same);
  });

  test('is idempotent', () => {
    fc.assert(
      fc.property(text, profile, (given, by) => {
        const once = normalise(given, by);
        expect(normalise(once, by)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  test('keeps ASCII texts as a slower way would', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (given) => {
        // A character beyond ASCII, cut off again, forces the other way.
        expect(normalise(given, 'standard')).toBe(normalise(`é ${given}`, 'standard').slice(1).trim() || given.trim());
      }),
    );
  });

  test('takes time linear in the text, whatever it holds', () => {
    for (const hostile of [
      '!'.repeat(200_000),
      `${'! '.repeat(100_000)}a`,
      ' '.repeat(200_000),
      '5!'.repeat(100_000),
    ]) {
      expect(normalise(hostile, 'standard').length).toBeLessThanOrEqual(hostile.length);
    }
  });
});

describe('the canonical key', () => {
  test('has 43 characters of base64url and shows nothing of the question', () => {
    const key = canonicalKey({ tenant: 'north', query: 'opening hours' }, NAMES);
    expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(canonicalKey({ tenant: 'north', query: 'opening hours' }, new KeyNames(Buffer.alloc(32, 8)))).not.toBe(key);
  });

  test('is the same for the same parts after normalisation, and for no others', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(parts, profile, (one, by) => {
        const key = canonicalKey(one, NAMES, by);
        const meaning = meaningOf(one, by);
        expect(seen.get(key) ?? meaning).toBe(meaning);
        seen.set(key, meaning);
        expect(canonicalKey({ ...one, query: normalise(one.query, by) }, NAMES, by)).toBe(key);
      }),
      { numRuns: 3000 },
    );
    expect(new Set(seen.values()).size).toBe(seen.size);
  });

  test('differs when text moves from one part to the next', () => {
    fc.assert(
      fc.property(text, fc.nat(), (whole, at) => {
        const cut = whole.length === 0 ? 0 : at % (whole.length + 1);
        const split = canonicalKey(
          { tenant: whole.slice(0, cut), query: 'q', model: whole.slice(cut) },
          NAMES,
          'exact',
        );
        const joined = canonicalKey({ tenant: whole, query: 'q', model: '' }, NAMES, 'exact');
        expect(split === joined).toBe(cut === whole.length);
      }),
    );
  });

  test('does not depend on the order of parameters, nor on the case of the language', () => {
    const at = { tenant: 'north', query: 'q' };
    expect(canonicalKey({ ...at, params: { b: 1, a: [{ d: 1, c: 2 }] } }, NAMES)).toBe(
      canonicalKey({ ...at, params: { a: [{ c: 2, d: 1 }], b: 1.0 } }, NAMES),
    );
    expect(canonicalKey({ ...at, language: 'de-AT' }, NAMES)).toBe(canonicalKey({ ...at, language: 'DE-at' }, NAMES));
  });

  test('tells lone surrogates apart', () => {
    const keys = ['\ud800', '\ud801', '\udc00', '\ufffd'].map((query) => canonicalKey({ tenant: 'n', query }, NAMES));
    expect(new Set(keys).size).toBe(4);
  });

  test('is the one that earlier versions gave: a change here loses every cache', () => {
    const vectors = JSON.parse(readFileSync(new URL('canonical-key.vectors.json', import.meta.url), 'utf8'));
    const names = new KeyNames(Buffer.from(vectors.secret, 'base64'));
    for (const { profile, parts, key } of vectors.vectors) expect(canonicalKey(parts, names, profile)).toBe(key);
  });
});

/** What the parts mean, written in another way than the code under test writes it. */
function meaningOf({ query, language, ...rest }: KeyParts, by: KeyProfile): string {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : value && typeof value === 'object'
        ? Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, one]) => ['member', name, sorted(one)])
        : value === undefined
          ? ['absent']
          : ['value', value];
  return JSON.stringify([
    by,
    normalise(query, by),
    sorted(language?.toLowerCase()),
    ...Object.values({ tenant: rest.tenant, model: rest.model, params: rest.params, retrieval: rest.retrieval }).map(
      sorted,
    ),
  ]);
}
