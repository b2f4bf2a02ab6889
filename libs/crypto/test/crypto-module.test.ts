// The container gets the sealer and the names that the configuration asks for.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig, runtimeSection, type Sources } from '#config';
import { ConfigModule } from '#config/module';
import { cryptoSection, KeyAdmin, KeyNames, keyNamesFrom, Sealer, Signer } from '#crypto';
import { CryptoModule } from '#crypto/module';
import { Secret } from '#ports';
import { RecordsModule } from '#records/module';
import { aKeyText, aPlace } from './crypto-builders.js';

const sections = [cryptoSection, runtimeSection];
const sources: Sources = {
  lookUp: (name) => (name === 'CACHE_ENCRYPTION_KEY' ? { text: aKeyText(), source: 'environment' } : undefined),
};
const nameSecret = new Secret('t'.repeat(32));

async function aContainer(recordsBackend: 'memory' | 'sqlite', from: Sources = sources) {
  const dataDir = mkdtempSync(join(tmpdir(), 'crypto-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true }));
  const config = readConfig(sections, from);
  const place = { redisPrefix: 'resk', storeTimeoutMs: 250, dataDir, cacheBackend: 'memory' as const, recordsBackend };
  const records = RecordsModule.forRoot(place);
  const app = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(sections, config), records, CryptoModule.forRoot({ nameSecret })],
  }).compile();
  await app.init();
  return { app, config };
}

test('gives what the configuration asks for, and wipes the keys when the process stops', async () => {
  const { app, config } = await aContainer('sqlite');
  const sealer = app.get(Sealer);
  expect(sealer.sealing).toBe(true);
  expect(app.get(KeyAdmin).provider).toBe('local');
  expect((await app.get(Signer).sign(Buffer.from('receipt'))).signature).toHaveLength(86);
  expect(app.get(KeyNames).name('a')).toBe(keyNamesFrom(config.crypto, nameSecret).name('a'));
  await app.close();
  await expect(sealer.seal(Buffer.from('late'), aPlace())).rejects.toMatchObject({
    code: expect.stringMatching(/^(crypto.key_unknown|records.unavailable)$/),
  });
});

test('does not start sealing where the data keys would be lost with the process', async () => {
  await expect(aContainer('memory')).rejects.toMatchObject({ code: 'crypto.records_not_durable' });
});

test('starts without a key wherever the records are, and then has no keys to administrate', async () => {
  const { app } = await aContainer('memory', { lookUp: () => undefined });
  expect(app.get(Sealer).sealing).toBe(false);
  expect(app.get(KeyAdmin).sealing).toBe(false);
  await app.close();
});
