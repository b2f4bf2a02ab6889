// The configuration chooses between sealing, plain and a stranger's key service.
import { describe, expect, test } from 'vitest';
import { readConfig, type Sources } from '#config';
import { cryptoSection, LocalKeyService, masterKey, type OpenSealerOptions, openCrypto, openSealer } from '#crypto';
import { defineProvider, keyServiceContract, Secret } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { MovedKeyService } from '../src/moved-key-service.js';
import { aKeyText, aMasterKey, aPlace, text } from './crypto-builders.js';

function configured(variables: Record<string, string>) {
  const sources: Sources = {
    lookUp: (name) => (variables[name] === undefined ? undefined : { text: variables[name], source: 'environment' }),
  };
  return readConfig([cryptoSection], sources).crypto;
}

describe('the key service `local`', () => {
  const open = async () => new LocalKeyService(aMasterKey(0), [aMasterKey(1), aMasterKey(2)]);
  for (const promise of keyServiceContract(open)) test(promise.name, () => promise.run());

  test('holds a key once that is both current and former, as current', async () => {
    expect(await new LocalKeyService(aMasterKey(), [aMasterKey()]).keys()).toEqual([
      { masterKeyId: aMasterKey().id, state: 'current' },
    ]);
  });

  test('gives wrapped keys and key ids that stay the same over versions', async () => {
    const random = (bytes: number) => new Uint8Array(bytes).fill(0xa5);
    const service = new LocalKeyService(aMasterKey(), [], random);
    const key = Uint8Array.from({ length: 32 }, (_, index) => 32 + index);
    // Computed apart, with Python's cryptography.
    expect(await service.wrap(key, { tenant: 'north', dataKeyId: 'dk-000000001' })).toEqual({
      masterKeyId: 'vzbn2yw3',
      wrapped: 'v1.paWlpaWlpaWlpaWlynJYNP3i8msGVh0DidcKs9jNsFOLgiQ48MUPK60RSINipQXT-7NTz2sO0dXs6iJJ',
    });
  });

  test('holds no key after it was closed', async () => {
    const master = aMasterKey();
    const service = new LocalKeyService(master);
    await service.close();
    expect(master.bytes.every((byte) => byte === 0)).toBe(true);
    await expect(service.wrap(new Uint8Array(32), { tenant: 'north', dataKeyId: 'one' })).rejects.toMatchObject({
      code: 'crypto.key_unknown',
    });
  });
});

describe('a master key', () => {
  test('is read from standard and url-safe base64, padded or not, as one key', () => {
    const standard = Buffer.alloc(32, 0xfb).toString('base64');
    const forms = [standard, standard.replace('=', ''), Buffer.alloc(32, 0xfb).toString('base64url'), `${standard}\n`];
    expect(new Set(forms.map((form) => masterKey(new Secret(form), 'KEY').id)).size).toBe(1);
  });

  test.each([
    ['31 bytes', Buffer.alloc(31).toString('base64')],
    ['33 bytes', Buffer.alloc(33).toString('base64')],
    ['48 bytes', Buffer.alloc(32).toString('hex')],
    ['nothing (it is not base64)', 'not base64!'],
    ['nothing (it is not base64)', `${'+/-_'.repeat(10)}abc=`],
  ])('of %s is refused without being shown', (received, wrong) => {
    expect(() => masterKey(new Secret(wrong), 'CACHE_ENCRYPTION_KEY')).toThrow(
      expect.objectContaining({ code: 'crypto.key_length', facts: { name: 'CACHE_ENCRYPTION_KEY', received } }),
    );
    expect(() => masterKey(new Secret(wrong), 'CACHE_ENCRYPTION_KEY')).not.toThrow(wrong);
  });
});

describe('the configuration', () => {
  test('names every wrong key at once, and shows none', () => {
    const wrong = { CACHE_ENCRYPTION_KEY: 'c2hvcnQ=', CACHE_FORMER_ENCRYPTION_KEYS: `${aKeyText()},bG9uZw==` };
    try {
      configured({ ...wrong, KEY_NAME_SECRET: 'short' });
      expect.unreachable();
    } catch (error) {
      const { problems, message } = error as { problems: Array<{ path: string; message: string }>; message: string };
      const names = ['KEY_NAME_SECRET', 'CACHE_ENCRYPTION_KEY', 'CACHE_FORMER_ENCRYPTION_KEYS'];
      expect(problems.map(({ path }) => path)).toEqual(names);
      expect(problems[1]?.message).toContain('must be base64 of exactly 32 bytes; it decodes to 5 bytes');
      expect(problems[2]?.message).toContain('4 bytes (key 2 of 2)');
      expect(message).not.toMatch(/c2hvcnQ|bG9uZw|short/);
    }
  });

  test('refuses former keys without a current one, for then nothing would be sealed', () => {
    expect(() => configured({ CACHE_FORMER_ENCRYPTION_KEYS: aKeyText() })).toThrow(
      /CACHE_ENCRYPTION_KEY .*must be set/,
    );
  });
});

describe('openSealer', () => {
  const opened = (variables: Record<string, string>, o: Partial<OpenSealerOptions> = {}) =>
    openSealer(configured(variables), { records: new MemoryRecords(), bus: new LocalBus(), ...o });

  test('seals nothing where no key is set', async () => {
    expect((await opened({})).sealing).toBe(false);
  });

  test('seals under the current key, and opens what former keys sealed', async () => {
    const records = new MemoryRecords();
    const before = await opened({ CACHE_ENCRYPTION_KEY: aKeyText(0) }, { records });
    const rotated = { CACHE_ENCRYPTION_KEY: aKeyText(1), CACHE_FORMER_ENCRYPTION_KEYS: aKeyText(0) };
    const after = await opened(rotated, { records });
    const sealed = await before.seal(Buffer.from('hello'), aPlace());
    expect(text(await after.open(sealed, aPlace()))).toBe('hello');
    const south = aPlace({ tenant: 'south' });
    await expect(before.open(await after.seal(Buffer.from('new'), south), south)).rejects.toMatchObject({
      code: 'crypto.unreadable',
    });
  });

  test('stops the boot for a key service that nobody brings', async () => {
    await expect(opened({ KEY_SERVICE: 'enigma' })).rejects.toMatchObject({
      code: 'provider.unknown',
      facts: { variable: 'KEY_SERVICE', name: 'enigma' },
    });
  });

  test('takes a key service from a listed package, with the options it asks for', async () => {
    const stranger = defineProvider({
      family: 'key-service',
      name: 'enigma',
      options: {
        '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { first: number } }) },
      },
      open: async ({ first }) => new LocalKeyService(aMasterKey(first)),
    });
    const records = new MemoryRecords();
    const importPackage = async () => ({ default: stranger });
    const sealer = await opened(
      { KEY_SERVICE: 'enigma', KEY_SERVICE_OPTIONS: '{"first":3}' },
      { records, plugins: ['@acme/enigma'], importPackage, signal: AbortSignal.timeout(1000) },
    );
    const local = await opened({ CACHE_ENCRYPTION_KEY: aKeyText(3) }, { records });
    expect(text(await local.open(await sealer.seal(Buffer.from('hello'), aPlace()), aPlace()))).toBe('hello');
  });

  test('moves from keys of the configuration to another key service: they open until all is wrapped anew', async () => {
    const records = new MemoryRecords();
    const before = await opened({ CACHE_ENCRYPTION_KEY: aKeyText(0) }, { records });
    const sealed = await before.seal(Buffer.from('hello'), aPlace());
    const remote = { KEY_SERVICE: 'enigma' };
    const plugins = { plugins: ['@acme/enigma'], importPackage: async () => ({ default: anEnigma(3) }) };
    const o = { records, bus: new LocalBus(), ...plugins };
    const moving = await openCrypto(configured({ ...remote, CACHE_ENCRYPTION_KEY: aKeyText(0) }), o);
    expect(text(await moving.sealer.open(sealed, aPlace()))).toBe('hello');
    await moving.sealer.seal(Buffer.from('new'), aPlace({ tenant: 'south' }));
    expect(await moving.admin.masters()).toEqual([
      { masterKeyId: aMasterKey(3).id, state: 'current', dataKeys: 1 },
      { masterKeyId: aMasterKey(0).id, state: 'former', dataKeys: 1 },
    ]);
    expect(await moving.admin.promote(aMasterKey(3).id)).toEqual({ rewrapped: 1, left: 0 });
    await moving.sealer.close();
    const moved = await openCrypto(configured(remote), o);
    expect(text(await moved.sealer.open(sealed, aPlace()))).toBe('hello');
  });
});

describe('a key service that took the place of another', () => {
  const open = async () =>
    new MovedKeyService(new LocalKeyService(aMasterKey(0), [aMasterKey(1)]), new LocalKeyService(aMasterKey(2)));
  for (const promise of keyServiceContract(open)) test(promise.name, () => promise.run());
});

/** A key service of a stranger, over the key that begins with this byte. */
function anEnigma(first: number) {
  return defineProvider({
    family: 'key-service',
    name: 'enigma',
    options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
    open: async () => new LocalKeyService(aMasterKey(first)),
  });
}
