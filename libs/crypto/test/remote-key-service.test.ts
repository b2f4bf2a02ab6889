// The whole way of a sealed entry whose data key is wrapped by a key service elsewhere, chosen by the configuration.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig, type Sources } from '#config';
import { cryptoSection, openSealer, type Sealer } from '#crypto';
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
  const options = { address: vault.url, key, auth: { kind: 'token', token: vault.issueToken() }, retries: 0 };
  return openSealer(configured('vault', options), { records, bus: new LocalBus() });
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
