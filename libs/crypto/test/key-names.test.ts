// Names are stable, unlike each other, and say nothing of what they name.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyNames, keyNamesFrom } from '#crypto';
import { Secret } from '#ports';

const names = new KeyNames(new Uint8Array(32).fill(7));

test('names, tags and digests have their forms, and stay the same over versions', () => {
  expect(names.name('v1|opening hours')).toBe('Ij0SoNdKxWZSLmDNs9Ixbo_LZCOj1m_9Fw-5QfiTMZQ');
  expect(names.tenantTag('north')).toBe('DvYQngffUOVFLO2W');
  expect(names.digest('opening hours')).toBe('IWFiNVdNMsQX');
});

test('a text has one name a use, which stays the same over versions', () => {
  expect(names.keyed('nonce', 'a')).toBe(names.keyed('nonce', 'a'));
  expect(names.keyed('nonce', 'a')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  const others = [names.keyed('subject', 'a'), names.keyed('name', 'a'), names.name('a'), names.keyed('nonce', 'b')];
  expect(new Set([names.keyed('nonce', 'a'), ...others]).size).toBe(5);
});

test('a text and its UTF-8 bytes have one name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(names.name(text)).toBe(names.name(Buffer.from(text)));
    }),
  );
});

test('no name shows or repeats what it names, whatever the use', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8 }), (text) => {
      const given = [names.name(text), names.tenantTag(text), names.digest(text)];
      for (const one of given) {
        expect(one).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(one).not.toContain(text);
      }
      expect(given.map((one) => one.length)).toEqual([43, 16, 12]);
      expect(new Set(given.map((one) => one.slice(0, 12))).size).toBe(3);
    }),
  );
});

test('another secret gives other names', () => {
  const others = new KeyNames(new Uint8Array(32).fill(8));
  expect(others.name('a')).not.toBe(names.name('a'));
  expect(others.tenantTag('a')).not.toBe(names.tenantTag('a'));
  expect(others.digest('a')).not.toBe(names.digest('a'));
});

test('a tenant keeps its tag after a flood of others has pushed it out of memory', () => {
  const before = names.tenantTag('north');
  for (let count = 0; count < 10_050; count++) names.tenantTag(`tenant-${count}`);
  expect(names.tenantTag('north')).toBe(before);
});

test('KEY_NAME_SECRET goes before the secret of tokens, which never is the secret of names itself', () => {
  const own = new Secret('o'.repeat(32));
  const tokens = new Secret('t'.repeat(32));
  const name = (made: KeyNames) => made.name('a');
  expect(name(keyNamesFrom({ keyNameSecret: own }, tokens))).toBe(name(keyNamesFrom({ keyNameSecret: own })));
  expect(name(keyNamesFrom({ keyNameSecret: undefined }, tokens))).not.toBe(name(keyNamesFrom({ keyNameSecret: own })));
  expect(name(keyNamesFrom({ keyNameSecret: undefined }, tokens))).not.toBe(
    name(new KeyNames(Buffer.from(tokens.reveal()))),
  );
});

test('without any secret, no names are made', () => {
  expect(() => keyNamesFrom({ keyNameSecret: undefined })).toThrow(
    expect.objectContaining({ code: 'crypto.name_secret_missing' }),
  );
});
