// The embedded store keeps every promise of the port, searched at once and by threads, sealed and not, bounded and bare.
import { randomBytes } from 'node:crypto';
import { describe, test } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { vectorStoreContract } from '#ports';
import { bounded, openVectorStore, vectorStoreSection } from '#vector-stores';
import { plainSealer, sealerOf } from './support/sealers.js';
import { aFolder, aStore } from './support/stores.js';

describe('embedded', () => {
  for (const { name, run } of vectorStoreContract(() => aStore())) test(name, run);
});

describe('embedded, scanned by threads', () => {
  for (const { name, run } of vectorStoreContract(() => aStore({ inlineBytes: 0 }))) test(name, run);
});

describe('embedded, sealed and fully synchronous', () => {
  const open = () => aStore({ sealer: sealerOf(randomBytes(32)), synchronous: 'full' });
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});

describe('bounded', () => {
  const open = async () =>
    bounded(await aStore(), { timeoutMs: 5000, retries: 0, backoffMs: 0, maxBackoffMs: 0, concurrency: 8, queue: 8 });
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});

describe('as configured by default', () => {
  const env = { VECTORDB_MEMORY_MAX: '64MiB' };
  const { vectorStore: config } = readConfig([vectorStoreSection], environmentSources({ env, envFile: false }));
  const open = async () =>
    (await openVectorStore(config, { dataDir: await aFolder(), plugins: [], sealer: plainSealer }))!;
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});
