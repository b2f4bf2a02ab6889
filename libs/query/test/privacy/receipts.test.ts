// A receipt proves what was erased to whoever has the public keys, and nothing else passes for one.
import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { Receipts, receiptProblem } from '../../src/index.js';

const pair = generateKeyPairSync('ed25519');
const keys = [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1' }] as Parameters<typeof receiptProblem>[1];
const receipts = new Receipts({
  sign: async (bytes) => ({ keyId: 'k1', signature: sign(null, bytes, pair.privateKey).toString('base64url') }),
});
const issued = () =>
  receipts.issue('north', 'ann', { entries: 3, documents: 2, idempotency: 1 }, Date.UTC(2026, 10, 21));

it('says what, how many, when and by which key, and not who', async () => {
  const receipt = await issued();
  expect(receipt).toEqual({
    version: 1,
    receiptId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    tenant: 'north',
    subject: { salt: expect.any(String), digest: expect.stringMatching(/^[\w-]{43}$/) },
    at: '2026-11-21T00:00:00.000Z',
    erased: { entries: 3, documents: 2, idempotency: 1 },
    keyId: 'k1',
    signature: expect.any(String),
  });
  expect(JSON.stringify(receipt)).not.toContain('ann');
  expect((await issued()).subject).not.toEqual(receipt.subject);
});

it('is genuine as it is, however its members are ordered, and about that person alone', async () => {
  const receipt = JSON.parse(JSON.stringify(await issued()));
  const turned = Object.fromEntries(Object.entries(receipt).reverse());
  expect(receiptProblem(receipt, keys)).toBeUndefined();
  expect(receiptProblem(turned, keys, 'ann')).toBeUndefined();
  expect(receiptProblem(receipt, keys, 'bob')).toBe('other_subject');
});

it.each([
  ['a count', (one: { erased: { entries: number } }) => one.erased.entries++],
  ['the time', (one: { at: string }) => (one.at = '2020-01-01T00:00:00.000Z')],
  ['the tenant', (one: { tenant: string }) => (one.tenant = 'south')],
  ['the person', (one: { subject: { digest: string } }) => (one.subject.digest = 'x'.repeat(43))],
  ['a member more', (one: object) => Object.assign(one, { note: 'all is well' })],
  ['the signature', (one: { signature: string }) => (one.signature = 'AAAA')],
])('is altered with %s', async (_, alter) => {
  const receipt = JSON.parse(JSON.stringify(await issued()));
  alter(receipt);
  expect(receiptProblem(receipt, keys)).toBe('altered');
});

it('is not known by other keys, nor made of anything else', async () => {
  const receipt = await issued();
  expect(receiptProblem(receipt, [])).toBe('unknown_key');
  const { subject: _, ...without } = receipt;
  for (const none of [undefined, null, 'text', {}, without, { ...receipt, version: 2 }, { ...receipt, keyId: 7 }]) {
    expect(receiptProblem(none, keys)).toBe('malformed');
  }
});

it('no signature of anything else passes for one of a receipt', async () => {
  const { signature: _, keyId, ...body } = await issued();
  const signature = sign(null, Buffer.from(JSON.stringify(body)), pair.privateKey).toString('base64url');
  expect(receiptProblem({ ...body, keyId, signature }, keys)).toBe('altered');
});
