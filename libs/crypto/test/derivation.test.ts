// Derived keys follow RFC 5869 and never meet across tenants or purposes.
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derivedKey } from '../src/derived-key.js';
import { HmacSha256 } from '../src/hmac-sha256.js';
import { lengthPrefixed } from '../src/length-prefixed.js';
import { pooledRandom } from '../src/pooled-random.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** HKDF written out from RFC 5869 §2, to compare with. */
function hkdf(keyMaterial: Buffer, salt: Buffer, info: Buffer, length: number): string {
  const extracted = createHmac('sha256', salt).update(keyMaterial).digest();
  let block = Buffer.alloc(0);
  let output = Buffer.alloc(0);
  for (let counter = 1; output.length < length; counter++) {
    block = createHmac('sha256', extracted)
      .update(Buffer.concat([block, info, Buffer.from([counter])]))
      .digest();
    output = Buffer.concat([output, block]);
  }
  return hex(output.subarray(0, length));
}

describe('the test’s own HKDF', () => {
  test('gives the vectors of RFC 5869, appendix A.1 to A.3', () => {
    const material = Buffer.alloc(22, 0x0b);
    const salt = Buffer.from('000102030405060708090a0b0c', 'hex');
    const info = Buffer.from('f0f1f2f3f4f5f6f7f8f9', 'hex');
    expect(hkdf(material, salt, info, 42)).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    );
    const run = (first: number) => Buffer.from(Array.from({ length: 80 }, (_, at) => first + at));
    expect(hkdf(run(0), run(0x60), run(0xb0), 82)).toBe(
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    );
    expect(hkdf(material, Buffer.alloc(0), Buffer.alloc(0), 42)).toBe(
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    );
  });
});

describe('derivedKey', () => {
  test('is HKDF-SHA-256 with an empty salt, and the length-prefixed label as info', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.integer({ min: 1, max: 100 }),
        (key, label, bytes) => {
          expect(hex(derivedKey(key, label, bytes))).toBe(
            hkdf(Buffer.from(key), Buffer.alloc(0), lengthPrefixed(label), bytes),
          );
        },
      ),
    );
  });
});

describe('lengthPrefixed', () => {
  test('gives different bytes for different lists', () => {
    const lists = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\0', ':', 'é'), maxLength: 3 }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        expect(hex(lengthPrefixed(one)) === hex(lengthPrefixed(other))).toBe(
          JSON.stringify(one) === JSON.stringify(other),
        );
      }),
    );
  });

  test('counts bytes, not characters', () => {
    expect(hex(lengthPrefixed(['é', '']))).toBe('00000002c3a900000000');
  });
});

describe('HmacSha256', () => {
  test('equals createHmac for every key and text, short and long', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 2600, max: 2900 }).map((n) => '語'.repeat(n)),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), texts, texts, (key, one, other) => {
        const hmac = new HmacSha256(key);
        for (const message of [one, other, one]) {
          const expected = createHmac('sha256', key).update(message).digest('base64url');
          expect(hmac.digest(message)).toBe(expected);
          expect(hmac.digestOfBytes(Buffer.from(message))).toBe(expected);
        }
      }),
    );
  });

  test('refuses a key that is too short to be one', () => {
    expect(() => new HmacSha256(new Uint8Array(31))).toThrow(RangeError);
    expect(() => new HmacSha256(new Uint8Array(65))).toThrow(RangeError);
  });
});

describe('pooledRandom', () => {
  test('gives every byte drawn once at most, and in bytes of its own', () => {
    let drawn = 0;
    const random = pooledRandom((bytes) => Uint8Array.from({ length: bytes }, () => drawn++ % 251));
    const given = Array.from({ length: 600 }, () => random(12));
    // 341 values of 12 bytes fill a pool of 4,096; the four bytes left over are not used.
    given.forEach((value, index) => {
      const first = Math.floor(index / 341) * 4096 + (index % 341) * 12;
      expect([...value]).toEqual(Array.from({ length: 12 }, (_, at) => (first + at) % 251));
      value.fill(0);
    });
  });

  test('draws anew where a wish is larger than a pool', () => {
    const draws: number[] = [];
    const random = pooledRandom((bytes) => {
      draws.push(bytes);
      return new Uint8Array(bytes);
    });
    for (const bytes of [12, 5000, 12]) expect(random(bytes)).toHaveLength(bytes);
    expect(draws).toEqual([4096, 5000, 4096]);
  });

  test('does not repeat itself', () => {
    const random = pooledRandom();
    const given = Array.from({ length: 5000 }, () => hex(random(12)));
    expect(new Set(given).size).toBe(5000);
  });
});
