// Of a published set each key verifies the one algorithm of its kind; what could be taken for another is passed over.
import { describe, expect, test } from 'vitest';
import { anEcPair, anRsaPair, published } from '../../../test/doubles/token-issuer.js';
import { PublishedKeys } from '../src/published-keys.js';

const rsa = anRsaPair();
const ec = anEcPair();
const keysOf = (...keys: unknown[]) => PublishedKeys.from({ keys });

describe('a published key', () => {
  test('verifies the algorithm of its kind, and no other', () => {
    const keys = keysOf(published(rsa, { kid: 'r', alg: 'RS256' }), published(ec, { kid: 'e', key_ops: ['verify'] }));
    expect(keys.find('RS256', 'r')?.equals(rsa.publicKey)).toBe(true);
    expect(keys.find('ES256', 'e')?.equals(ec.publicKey)).toBe(true);
    for (const id of ['r', 'e']) expect(keys.find('HS256', id)).toBeUndefined();
    expect([keys.find('ES256', 'r'), keys.find('RS256', 'e')]).toEqual([undefined, undefined]);
  });

  test.each([
    ['that says it is for another algorithm', published(rsa, { alg: 'PS256' })],
    ['of RSA that says it is for HS256', published(rsa, { alg: 'HS256' })],
    ['for encryption', published(rsa, { use: 'enc' })],
    ['that may not verify', published(ec, { key_ops: ['sign'] })],
    ['that shows its private part', { ...rsa.privateKey.export({ format: 'jwk' }) }],
    ['that is a secret', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }],
    ['of fewer than 2048 bits', published(anRsaPair(1024))],
    ['on another curve', published(anEcPair('P-384'))],
    ['that is no point of the curve', { ...published(ec), x: published(ec).y }],
    ['whose modulus is endless', { ...published(rsa), n: `${'A'.repeat(2048)}AQAB` }],
    ['whose exponent is a million bits', { ...published(rsa), e: 'A'.repeat(2049) }],
    ['whose exponent is 1', { ...published(rsa), e: 'AQ' }],
    ['that is null', null],
    ['that is a text', 'key'],
    ['without its numbers', { kty: 'RSA' }],
  ])('%s is passed over', (_, key) => {
    expect(keysOf(key).size).toBe(0);
    expect(keysOf(key, published(ec, { kid: 'good' })).size).toBe(1);
  });

  test('without an id is found where it is the only one of its algorithm', () => {
    const keys = keysOf(published(rsa), published(ec, { kid: 'e' }));
    expect(keys.find('RS256', undefined)).toBeDefined();
    expect(keys.find('ES256', undefined)).toBeDefined();
    expect(keys.find('RS256', 'r')).toBeUndefined();
    expect(keysOf(published(rsa, { kid: 'a' }), published(anRsaPair(), { kid: 'b' })).find('RS256', undefined)).toBe(
      undefined,
    );
  });

  test('whose id another key has too is not found: which is meant cannot be known', () => {
    const keys = keysOf(published(rsa, { kid: 'same' }), published(anRsaPair(), { kid: 'same' }));
    expect(keys.find('RS256', 'same')).toBeUndefined();
    // Of two algorithms it can.
    expect(keysOf(published(rsa, { kid: 'same' }), published(ec, { kid: 'same' })).find('ES256', 'same')).toBeDefined();
    // Nor is an id that is no text taken for one.
    expect(keysOf(published(rsa, { kid: '7' })).find('RS256', 7)).toBeUndefined();
  });

  test('that stood in the former set too is the same object', () => {
    const former = keysOf(published(rsa, { kid: 'r' }));
    const next = PublishedKeys.from({ keys: [published(rsa, { kid: 'r' }), published(ec, { kid: 'e' })] }, former);
    expect(next.find('RS256', 'r')).toBe(former.find('RS256', 'r'));
    expect([former.within(next), next.within(former)]).toEqual([true, false]);
  });
});
