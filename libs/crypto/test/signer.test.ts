// What the service signs can be verified by anybody, for ever, and by no other key.
import { expect, test } from 'vitest';
import { PlainSealer, type Sealer, Signer, verifySignature } from '#crypto';
import { MemoryRecords } from '#records';
import { aKeyring } from './crypto-builders.js';

const MESSAGE = Buffer.from('erased: 3 entries');
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

function aSigner({ records = new MemoryRecords(), sealer = new PlainSealer() as Sealer, seed = 7 } = {}) {
  return new Signer({ records, sealer, seed: new Uint8Array(32).fill(seed) });
}

test.each([
  // RFC 8032 §7.1, tests 1, 2 and 3.
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
])('signs as RFC 8032 does, seed %s', async (seed, publicKey, message, signature) => {
  const signer = new Signer({ records: new MemoryRecords(), sealer: new PlainSealer(), seed: hex(seed) });
  const signed = await signer.sign(hex(message));
  expect(Buffer.from(signed.signature, 'base64url').toString('hex')).toBe(signature);
  const [jwk] = await signer.publicKeys();
  expect(Buffer.from(jwk!.x, 'base64url').toString('hex')).toBe(publicKey);
});

test('names its key by the thumbprint of RFC 8037, appendix A.3', async () => {
  const seed = hex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60');
  const signer = new Signer({ records: new MemoryRecords(), sealer: new PlainSealer(), seed });
  expect((await signer.sign(MESSAGE)).keyId).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
});

test('its signature verifies, and not over other bytes, under another key, or malformed', async () => {
  const signer = aSigner();
  const { keyId, signature } = await signer.sign(MESSAGE);
  const jwks = await signer.publicKeys();
  const verifies = (keys: Parameters<typeof verifySignature>[0], id = keyId, given = signature, bytes = MESSAGE) =>
    verifySignature(keys, id, given, bytes);
  expect(verifies(jwks)).toBe(true);
  expect(verifies(jwks, keyId, signature, Buffer.from('erased: 4 entries'))).toBe(false);
  const other = aSigner({ seed: 8 });
  await other.sign(MESSAGE);
  const [stranger] = await other.publicKeys();
  expect(verifies([{ ...stranger, kid: keyId }])).toBe(false);
  expect(verifies(await other.publicKeys())).toBe(false);
  for (const wrong of ['', 'AAAA', signature.slice(2), '💥']) expect(verifies(jwks, keyId, wrong)).toBe(false);
  for (const changed of [{ kty: 'RSA' }, { crv: 'X25519' }, { x: 5 }, { x: 'short' }])
    expect(verifies([{ ...jwks[0], ...changed }])).toBe(false);
  expect(verifies([])).toBe(false);
});

test('without sealing, instances with one secret sign with one key; another secret is another key', async () => {
  const records = new MemoryRecords();
  const ids = await Promise.all(
    [aSigner({ records }), aSigner({ records }), aSigner({ records, seed: 9 })].map(async (signer) => {
      return (await signer.sign(MESSAGE)).keyId;
    }),
  );
  expect(ids[0]).toBe(ids[1]);
  expect(ids[2]).not.toBe(ids[0]);
  expect((await aSigner({ records }).publicKeys()).map(({ kid }) => kid).sort()).toEqual([...new Set(ids)].sort());
});

test('with sealing, instances that start at once agree on one key, whatever their secret, and it survives restarts', async () => {
  const records = new MemoryRecords();
  const started = [1, 2, 3].map((seed) => aSigner({ records, seed, sealer: aKeyring([0], { records }) }));
  const ids = await Promise.all(started.map(async (signer) => (await signer.sign(MESSAGE)).keyId));
  expect(new Set(ids).size).toBe(1);
  const later = aSigner({ records, sealer: aKeyring([0], { records }) });
  expect((await later.sign(MESSAGE)).keyId).toBe(ids[0]);
  expect(await later.publicKeys()).toHaveLength(1);
});

test('keeps its key sealed: the records do not show it', async () => {
  const records = new MemoryRecords();
  const signer = aSigner({ records, sealer: aKeyring([0], { records }) });
  await signer.sign(MESSAGE);
  const kept = Buffer.from((await records.get('keys/signer'))!, 'base64');
  expect(kept.subarray(0, 3).toString('latin1')).toBe('RK\x02');
});

test('seals its key anew after a rotation', async () => {
  const records = new MemoryRecords();
  const ring = aKeyring([0], { records });
  const { keyId } = await aSigner({ records, sealer: ring }).sign(MESSAGE);
  const before = await records.get('keys/signer');
  await ring.keys.begin('~service', await ring.keys.currentId('~service'));
  expect((await aSigner({ records, sealer: ring }).sign(MESSAGE)).keyId).toBe(keyId);
  expect(await records.get('keys/signer')).not.toBe(before);
});

test('begins a new key where the former no longer opens, and still publishes the former', async () => {
  const records = new MemoryRecords();
  const first = aSigner({ records, sealer: aKeyring([0], { records }) });
  const before = await first.sign(MESSAGE);
  await records.put('keys/signer', Buffer.from('never sealed').toString('base64'));
  const after = aSigner({ records, sealer: aKeyring([0], { records }) });
  expect((await after.sign(MESSAGE)).keyId).not.toBe(before.keyId);
  const jwks = await after.publicKeys();
  expect(jwks).toHaveLength(2);
  expect(verifySignature(jwks, before.keyId, before.signature, MESSAGE)).toBe(true);
});

test('fails while the records fail, and signs once they are back', async () => {
  const records = new MemoryRecords();
  const claim = records.claim.bind(records);
  records.claim = () => Promise.reject(new Error('down'));
  const signer = aSigner({ records });
  await expect(signer.sign(MESSAGE)).rejects.toThrow('down');
  records.claim = claim;
  expect((await signer.sign(MESSAGE)).signature).toHaveLength(86);
});
