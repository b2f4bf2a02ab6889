// A server whose data keys are wrapped elsewhere: it seals what it keeps, starts again, and says what stops it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AwsKmsDouble } from '../doubles/aws-kms.js';
import { GcpKmsDouble } from '../doubles/gcp-kms.js';
import type { LoopbackVendor } from '../doubles/loopback-vendor.js';
import { VaultDouble } from '../doubles/vault.js';
import { isReadableIn } from '../support/on-disk.js';
import { startTestServer } from '../support/server.js';

interface Vendor {
  double: LoopbackVendor;
  options: object;
  disable(): void;
}

const VENDORS: [string, () => Promise<Vendor>][] = [
  [
    'aws-kms',
    async () => {
      const double = await AwsKmsDouble.start();
      vi.stubEnv('AWS_ACCESS_KEY_ID', double.credentials.accessKeyId);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', double.credentials.secretAccessKey);
      const keyId = double.makeKey();
      const options = { keyId, region: double.region, endpoint: double.url };
      return { double, options, disable: () => double.setState(keyId, 'Disabled') };
    },
  ],
  [
    'gcp-kms',
    async () => {
      const double = await GcpKmsDouble.start();
      const key = double.makeKey();
      const options = { key, endpoint: double.url, auth: { kind: 'metadata', url: double.url } };
      return { double, options, disable: () => double.setState(`${key}/cryptoKeyVersions/1`, 'DISABLED') };
    },
  ],
  [
    'vault',
    async () => {
      const double = await VaultDouble.start();
      const key = double.makeKey();
      const options = { address: double.url, key, auth: { kind: 'token', token: double.issueToken() } };
      return {
        double,
        options,
        disable: () => double.configure(key, { min_decryption_version: 2, min_encryption_version: 2 }),
      };
    },
  ],
];

let folder: string;
let vendor: Vendor;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resk-keys-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await vendor.double.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each(VENDORS)('a server with KEY_SERVICE=%s', (name, start) => {
  const starting = () =>
    startTestServer({ DATA_DIR: folder, KEY_SERVICE: name, KEY_SERVICE_OPTIONS: JSON.stringify(vendor.options) });

  beforeEach(async () => {
    vendor = await start();
  });

  it('keeps answers sealed, serves them after a restart, and does not start while the key is disabled', async () => {
    const first = await starting();
    const entry = { query: 'hello', response: 'the-answer-of-all-answers', ttl: 3600 };
    expect((await first.send('POST', '/api/cache', { body: entry })).status).toBe(200);
    await first.stop();
    expect(await isReadableIn(folder, 'the-answer-of-all-answers')).toBe(false);

    const second = await starting();
    const { json } = await second.send('POST', '/api/cache/query', { body: { query: 'hello' } });
    expect(json).toMatchObject({ hit: true });
    await second.stop();

    vendor.disable();
    await expect(starting()).rejects.toMatchObject({ code: 'crypto.key_disabled' });
  });

  it('goes on answering while the key service is down', async () => {
    const server = await starting();
    const entry = (query: string) => ({ query, response: 'an answer', ttl: 3600 });
    expect((await server.send('POST', '/api/cache', { body: entry('before') })).status).toBe(200);
    vendor.double.always('drop');
    expect((await server.send('POST', '/api/cache', { body: entry('while') })).status).toBe(200);
    for (const query of ['before', 'while']) {
      expect((await server.send('POST', '/api/cache/query', { body: { query } })).json).toMatchObject({ hit: true });
    }
    await server.stop();
  });
});
