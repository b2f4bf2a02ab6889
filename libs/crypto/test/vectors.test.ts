// The primitives beneath give the published values, and the sealed form holds at the edges of AES-GCM.
import { argon2Sync, createCipheriv } from 'node:crypto';
import { expect, test } from 'vitest';
import { unreadableReason } from '#crypto';
import { MemoryRecords } from '#records';
import { derivedKey } from '../src/derived-key.js';
import { aKeyring, aPlace } from './crypto-builders.js';

const bytes = (hex: string) => Buffer.from(hex, 'hex');

test('derivedKey without a label is HKDF-SHA-256 of RFC 5869, appendix A.3', () => {
  expect(Buffer.from(derivedKey(Buffer.alloc(22, 0x0b), [], 42)).toString('hex')).toBe(
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  );
});

// McGrew and Viega, The Galois/Counter Mode of Operation, appendix B, test cases 13 to 16 (AES-256), which NIST SP 800-38D
// refers to.
const KEY = 'feffe9928665731c6d6a8f9467308308'.repeat(2);
const IV = 'cafebabefacedbaddecaf888';
const PLAIN =
  'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255';
const CIPHERTEXT =
  '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad';

test.each([
  ['13', '00'.repeat(32), '00'.repeat(12), '', '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
  [
    '14',
    '00'.repeat(32),
    '00'.repeat(12),
    '00'.repeat(16),
    '',
    'cea7403d4d606b6e074ec5d3baf39d18',
    'd0d1c8a799996bf0265b98b5d48ab919',
  ],
  ['15', KEY, IV, PLAIN, '', CIPHERTEXT, 'b094dac5d93471bdec1a502270e3cc6c'],
  [
    '16',
    KEY,
    IV,
    PLAIN.slice(0, 120),
    'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    CIPHERTEXT.slice(0, 120),
    '76fc6ece0f4e1768cddf8853bb2d551b',
  ],
])('AES-256-GCM gives test case %s', (_, key, iv, plain, aad, ciphertext, tag) => {
  const cipher = createCipheriv('aes-256-gcm', bytes(key), bytes(iv), { authTagLength: 16 });
  cipher.setAAD(bytes(aad));
  expect(cipher.update(bytes(plain)).toString('hex') + cipher.final('hex')).toBe(ciphertext);
  expect(cipher.getAuthTag().toString('hex')).toBe(tag);
});

test('Argon2id gives the tag of RFC 9106, section 5.3', () => {
  const tag = argon2Sync('argon2id', {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    parallelism: 4,
    memory: 32,
    passes: 3,
    tagLength: 32,
  });
  expect(tag.toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
});

/** The ring of the golden vectors in keyring.test.ts: data key 0x20 to 0x3f, named dk-000000001. */
async function theRing(nonce: Uint8Array) {
  const records = new MemoryRecords();
  const stored = {
    dataKeyId: 'dk-000000001',
    createdAt: 0,
    masterKeyId: 'vzbn2yw3',
    wrapped: 'v1.paWlpaWlpaWlpaWlynJYNP3i8msGVh0DidcKs9jNsFOLgiQ48MUPK60RSINipQXT-7NTz2sO0dXs6iJJ',
  };
  await records.put(
    'keys/tenant/north',
    JSON.stringify({ v: 1, tenant: 'north', current: 'dk-000000001', keys: [stored] }),
  );
  return aKeyring([0], { records, random: () => nonce });
}

// The shapes of Wycheproof's aes_gcm tests (C2SP/wycheproof, testvectors_v1/aes_gcm_test.json): empty and odd lengths, nonces
// of zeros and ones, counters about to wrap. Values computed apart, with Python's cryptography.
test.each([
  ['nothing', Buffer.alloc(12), Buffer.alloc(0), 'c37cf7a22fb1df0ab1ad91cd01d6ddba'],
  ['one byte', Buffer.alloc(12, 0xff), Buffer.alloc(1), '6b0fd1c9c1de08dec49df242010b762e4c'],
  [
    'one block',
    bytes('000000000000000000000001'),
    Buffer.alloc(16),
    'bc28f1b7fc25036e2037cbc34d85deca48b3a25bdfb32e84005dffe966f67519',
  ],
  [
    'two blocks and one byte',
    bytes('000102030405060708090a0b'),
    Buffer.from(Array.from({ length: 33 }, (_, at) => at)),
    'a915e28177ceb1f444119b1b6e1425976541aea195d64936ffde2f5297d9c8aa77abb6cfc7dd0b44ed859ef21fa70cc46d',
  ],
])('an envelope of %s keeps its bytes, and opens', async (_, nonce, plain, sealedHex) => {
  const ring = await theRing(nonce);
  const sealed = Buffer.from(await ring.seal(plain, aPlace()));
  expect(sealed.subarray(28).toString('hex')).toBe(sealedHex);
  expect(Buffer.from(await ring.open(sealed, aPlace())).equals(plain)).toBe(true);
});

// Wycheproof's "ModifiedTag": single bits, all bits, halves, and tags of zeros and ones.
test('an envelope with a modified tag never opens', async () => {
  const ring = await theRing(Buffer.alloc(12));
  const sealed = Buffer.from(await ring.seal(Buffer.alloc(16), aPlace()));
  const tagAt = sealed.length - 16;
  const tag = sealed.subarray(tagAt);
  const tags = [
    ...Array.from({ length: 128 }, (_, bit) =>
      tag.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
    ),
    tag.map((byte) => byte ^ 0xff),
    tag.map((byte) => byte ^ 0x80),
    Buffer.alloc(16),
    Buffer.alloc(16, 0xff),
    Buffer.concat([tag.subarray(8), tag.subarray(0, 8)]),
  ];
  for (const other of tags) {
    const changed = Buffer.concat([sealed.subarray(0, tagAt), other]);
    expect(await ring.open(changed, aPlace()).then(() => 'it opened', unreadableReason)).toBe('tampered');
  }
});
