// The container gets the sealer and the names that the configuration asks for.
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { readConfig, runtimeSection, type Sources } from '#config';
import { ConfigModule } from '#config/module';
import { cryptoSection, KeyNames, keyNamesFrom, Sealer } from '#crypto';
import { CryptoModule } from '#crypto/module';
import { Secret } from '#ports';
import { RecordsModule } from '#records/module';
import { aKeyText, aPlace } from './crypto-builders.js';

const sections = [cryptoSection, runtimeSection];
const sources: Sources = {
  lookUp: (name) => (name === 'CACHE_ENCRYPTION_KEY' ? { text: aKeyText(), source: 'environment' } : undefined),
};

function aRecordsModule() {
  const place = { redisPrefix: 'resk', storeTimeoutMs: 250, dataDir: '' };
  return RecordsModule.forRoot({ ...place, cacheBackend: 'memory', recordsBackend: 'memory' });
}

test('gives the sealer and the names that the configuration asks for, and wipes the keys when the process stops', async () => {
  const config = readConfig(sections, sources);
  const nameSecret = new Secret('t'.repeat(32));
  const app = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(sections, config), aRecordsModule(), CryptoModule.forRoot({ nameSecret })],
  }).compile();
  await app.init();
  const sealer = app.get(Sealer);
  expect(sealer.sealing).toBe(true);
  expect(app.get(KeyNames).name('a')).toBe(keyNamesFrom(config.crypto, nameSecret).name('a'));
  await app.close();
  await expect(sealer.seal(Buffer.from('late'), aPlace())).rejects.toMatchObject({ code: 'crypto.key_unknown' });
});
