// The whole way of a sealed entry whose data key is wrapped by a key service elsewhere, chosen by the configuration.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig, type Sources } from '#config';
import { cryptoSection, openCrypto, openSealer, type Sealer } from '#crypto';
import { LocalBus, MemoryRecords } from '#records';
import { VaultDouble } from '../../../test/doubles/vault.js';
import { aPlace, text } from './crypto-builders.js';

const ENTRY = Buffer.from('an answer');

let vault: VaultDouble;

beforeAll(async () => {
  vault = await VaultDouble.start();
});

afterAll(() => vault.stop());

function configured(keyService: string, options: unknown) {
  const variables: Record<string, string> = { KEY_SERVICE: keyService, KEY_SERVICE_OPTIONS: JSON.stringify(options) };
  const sources: Sources = {
    lookUp: (name) => (variables[name] === undefined ? undefined : { text: variables[name], source: 'environment' }),
  };
  return readConfig([cryptoSection], sources).crypto;
}

/** An instance over these records, with a key of its own in Vault unless one is named. */
function anInstance(key: string, records = new MemoryRecords()): Promise<Sealer> {
  return openSealer(configuredFor(key), { records, bus: new LocalBus() });
}

function configuredFor(key: string) {
  const auth = { kind: 'token', token: vault.issueToken() };
  return configured('vault', { address: vault.url, key, auth, retries: 0 });
}

describe('entries whose data key is wrapped by Vault', () => {
  it('are opened by another instance, which asks Vault once for all of a tenant', async () => {
    const [key, records] = [vault.makeKey(), new MemoryRecords()];
    const [one, other] = [await anInstance(key, records), await anInstance(key, records)];
    const sealed = await Promise.all([1, 2, 3].map((n) => one.seal(ENTRY, aPlace({ name: `entry-${n}` }))));
    vault.requests.length = 0;
    const opened = await Promise.all(sealed.map((bytes, n) => other.open(bytes, aPlace({ name: `entry-${n + 1}` }))));
    expect(opened.map(text)).toEqual(Array(3).fill('an answer'));
    expect(vault.requests.filter(({ target }) => target.includes('/decrypt/'))).toHaveLength(1);
    await Promise.all([one.close(), other.close()]);
  });

  it('are opened while Vault is down, by an instance that holds the key, and refused by one that does not', async () => {
    const [key, records] = [vault.makeKey(), new MemoryRecords()];
    const [one, other] = [await anInstance(key, records), await anInstance(key, records)];
    const sealed = await one.seal(ENTRY, aPlace());
    vault.always(vault.error(503, 'Vault is sealed'));
    expect(text(await one.open(sealed, aPlace()))).toBe('an answer');
    await expect(other.open(sealed, aPlace())).rejects.toMatchObject({ code: 'crypto.key_service_unavailable' });
    vault.always();
    expect(text(await other.open(sealed, aPlace()))).toBe('an answer');
    await Promise.all([one.close(), other.close()]);
  });

  it('are still opened after the master key was rotated in Vault', async () => {
    const [key, records] = [vault.makeKey(), new MemoryRecords()];
    const one = await anInstance(key, records);
    const sealed = await one.seal(ENTRY, aPlace());
    vault.rotate(key);
    const other = await anInstance(key, records);
    expect(text(await other.open(sealed, aPlace()))).toBe('an answer');
    await Promise.all([one.close(), other.close()]);
  });

  it('are opened after all data keys were wrapped under a new version and the older one was taken away', async () => {
    const [key, records] = [vault.makeKey(), new MemoryRecords()];
    const { sealer, admin } = await openCrypto(configuredFor(key), { records, bus: new LocalBus() });
    const sealed = await sealer.seal(ENTRY, aPlace());
    vault.rotate(key);
    expect(await admin.promote(`${key}:v2`)).toEqual({ rewrapped: 1, left: 0 });
    vault.configure(key, { min_decryption_version: 2, min_encryption_version: 2 });
    const other = await anInstance(key, records);
    expect(text(await other.open(sealed, aPlace()))).toBe('an answer');
    expect((await admin.masters()).map(({ state, dataKeys }) => [state, dataKeys])).toEqual([
      ['disabled', 0],
      ['current', 1],
    ]);
    await Promise.all([sealer.close(), other.close()]);
  });

  it('leave nothing of the tenant’s data key in the records but what Vault wrapped', async () => {
    const [key, records] = [vault.makeKey(), new MemoryRecords()];
    const one = await anInstance(key, records);
    await one.seal(ENTRY, aPlace());
    const sent = JSON.parse(vault.requests.findLast(({ target }) => target.includes('/encrypt/'))!.body) as {
      plaintext: string;
    };
    const page = await records.list('keys/', { limit: 100 });
    const kept = page.records.map(({ value }) => value).join();
    expect(kept).toContain('vault:v1:');
    for (const form of ['base64', 'base64url', 'latin1', 'hex'] as const) {
      expect(kept).not.toContain(Buffer.from(sent.plaintext, 'base64').toString(form));
    }
    await one.close();
  });
});

it('options that the provider does not know stop the boot, by the name of the variable’s provider', async () => {
  const wrong = configured('gcp-kms', { key: 'projects/x' });
  const opening = openSealer(wrong, { records: new MemoryRecords(), bus: new LocalBus() });
  await expect(opening).rejects.toMatchObject({
    code: 'provider.options',
    message: expect.stringContaining('gcp-kms'),
  });
});

it('a key service that is not there stops the boot, and says that it may pass', async () => {
  const absent = await VaultDouble.start();
  const options = { address: absent.url, key: 'cache', auth: { kind: 'token', token: 'hvs.any' }, retries: 0 };
  await absent.stop();
  const opening = openSealer(configured('vault', options), { records: new MemoryRecords(), bus: new LocalBus() });
  await expect(opening).rejects.toMatchObject({
    code: 'crypto.key_service_unavailable',
    facts: { reason: 'ECONNREFUSED' },
  });
});
