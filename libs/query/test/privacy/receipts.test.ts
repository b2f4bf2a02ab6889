// A receipt proves what was erased to whoever has the public keys, and nothing else passes for one.
import { expect, it } from 'vitest';
import { PlainSealer, Signer, signReceipt } from '#crypto';
import { MemoryRecords } from '#records';
import { Receipts, receiptProblem } from '../../src/index.js';

const signer = new Signer({ records: new MemoryRecords(), sealer: new PlainSealer(), seed: Buffer.alloc(32, 5) });
const receipts = new Receipts(signer);
const issued = () =>
  receipts.issue('north', 'ann', { entries: 3, documents: 2, idempotency: 1 }, Date.UTC(2026, 10, 21));

it('says what, how many, when and by which key, and not who', async () => {
  const receipt = await issued();
  expect(receipt).toEqual({
    receiptId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    action: 'privacy.erase',
    tenant: 'north',
    subject: { salt: expect.any(String), digest: expect.stringMatching(/^[\w-]{43}$/) },
    at: '2026-11-21T00:00:00.000Z',
    erased: { entries: 3, documents: 2, idempotency: 1 },
    keyId: (await signer.publicKeys())[0]!.kid,
    signature: expect.any(String),
  });
  expect(JSON.stringify(Object.values(receipt))).not.toContain('ann');
  expect((await issued()).subject).not.toEqual(receipt.subject);
});

it('is genuine as it is, however its members are ordered, and about that person alone', async () => {
  const keys = await signer.publicKeys();
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
  ['the act', (one: { action: string }) => (one.action = 'tenant.shred')],
  ['a member more', (one: object) => Object.assign(one, { note: 'all is well' })],
  ['a member less', (one: { erased?: object }) => delete one.erased],
  ['the signature', (one: { signature: string }) => (one.signature = 'AAAA')],
])('is altered with %s', async (_, alter) => {
  const receipt = JSON.parse(JSON.stringify(await issued()));
  alter(receipt);
  expect(receiptProblem(receipt, await signer.publicKeys())).toBe('altered');
});

it('is not known by other keys, nor made of anything else', async () => {
  const receipt = await issued();
  expect(receiptProblem(receipt, [])).toBe('unknown_key');
  const { action: _, ...without } = receipt;
  for (const none of [undefined, null, 'text', {}, without, { ...receipt, keyId: 7 }]) {
    expect(receiptProblem(none, await signer.publicKeys())).toBe('malformed');
  }
});

it('of another act is about nobody', async () => {
  const body = { receiptId: 'r', action: 'tenant.shred', tenant: 'north', at: '2026-11-21T00:00:00.000Z' };
  const receipt = await signReceipt(signer, body);
  expect(receiptProblem(receipt, await signer.publicKeys())).toBeUndefined();
  expect(receiptProblem(receipt, await signer.publicKeys(), 'ann')).toBe('other_subject');
});
