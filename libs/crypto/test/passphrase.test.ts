// A passphrase is a master key wherever the same records are, and another one elsewhere.
import { argon2Sync } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { readConfig } from '#config';
import { cryptoSection, masterKey, openCrypto } from '#crypto';
import { Secret } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { keyFromPassphrase } from '../src/passphrase.js';
import { aKeyText, aPlace, text } from './crypto-builders.js';

const PASSPHRASE = 'correct horse battery staple';

function configured(variables: Record<string, string>) {
  const lookUp = (name: string) =>
    variables[name] === undefined ? undefined : { text: variables[name], source: 'environment' };
  return readConfig([cryptoSection], { lookUp }).crypto;
}

const opened = (variables: Record<string, string>, records = new MemoryRecords()) =>
  openCrypto(configured(variables), { records, bus: new LocalBus() });

test('the key is Argon2id by the second recommendation of RFC 9106, over a salt in the records', async () => {
  const records = new MemoryRecords();
  await records.put('keys/passphrase-salt', Buffer.alloc(16, 7).toString('base64'));
  const key = await keyFromPassphrase(new Secret(PASSPHRASE), records);
  const cost = { parallelism: 4, memory: 64 * 1024, passes: 3, tagLength: 32 };
  const nonce = Buffer.alloc(16, 7);
  expect(key.reveal()).toBe(argon2Sync('argon2id', { ...cost, message: PASSPHRASE, nonce }).toString('base64'));
});

test('other records make another key, and one form of a letter is as good as another', async () => {
  const [here, there] = [new MemoryRecords(), new MemoryRecords()];
  const key = async (passphrase: string, records: MemoryRecords) =>
    (await keyFromPassphrase(new Secret(passphrase), records)).reveal();
  const one = await key('caf\u00e9 au lait, please', here);
  expect(await key('cafe\u0301 au lait, please', here)).toBe(one);
  expect(await key('caf\u00e9 au lait, please', there)).not.toBe(one);
});

describe('a server with a passphrase', () => {
  test('opens what it sealed before, and keeps only its salt', async () => {
    const records = new MemoryRecords();
    const before = await opened({ CACHE_ENCRYPTION_PASSPHRASE: PASSPHRASE }, records);
    const sealed = await before.sealer.seal(Buffer.from('hello'), aPlace());
    const after = await opened({ CACHE_ENCRYPTION_PASSPHRASE: PASSPHRASE }, records);
    expect(text(await after.sealer.open(sealed, aPlace()))).toBe('hello');
    expect(JSON.stringify(await records.list('', { limit: 100 }))).not.toContain(PASSPHRASE);
    for (const { sealer } of [before, after]) await sealer.close();
  });

  test('may move on to a key: the passphrase then only opens', async () => {
    const records = new MemoryRecords();
    const before = await opened({ CACHE_ENCRYPTION_PASSPHRASE: PASSPHRASE }, records);
    const sealed = await before.sealer.seal(Buffer.from('hello'), aPlace());
    const both = { CACHE_ENCRYPTION_PASSPHRASE: PASSPHRASE, CACHE_ENCRYPTION_KEY: aKeyText(5) };
    const { sealer, admin } = await opened(both, records);
    expect(text(await sealer.open(sealed, aPlace()))).toBe('hello');
    const current = masterKey(new Secret(aKeyText(5)), 'KEY').id;
    expect((await admin.masters()).map(({ masterKeyId, state }) => [state, masterKeyId === current])).toEqual([
      ['former', false],
      ['current', true],
    ]);
    for (const one of [before.sealer, sealer]) await one.close();
  });

  test('does not start with one that is short, or on a Node.js without Argon2id', async () => {
    expect(() => configured({ CACHE_ENCRYPTION_PASSPHRASE: 'too short' })).toThrow(/CACHE_ENCRYPTION_PASSPHRASE/);
    vi.resetModules();
    vi.doMock('node:crypto', async (original) => ({ ...(await original<object>()), argon2: undefined }));
    const { keyFromPassphrase: onOlderNode } = await import('../src/passphrase.js');
    await expect(onOlderNode(new Secret(PASSPHRASE), new MemoryRecords())).rejects.toMatchObject({
      code: 'crypto.passphrase_unsupported',
    });
    vi.doUnmock('node:crypto');
  });
});
