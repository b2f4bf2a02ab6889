// The container's embedder remembers with the parts of the server that it is given.
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { environmentSources, readConfig, runtimeSection } from '#config';
import { ConfigModule } from '#config/module';
import { KeyNames, PlainSealer, Sealer } from '#crypto';
import { Embedder, embeddingSection } from '#embeddings';
import { EmbeddingsModule } from '#embeddings/module';
import { Bus, LocalBus, MemoryRecords, Records } from '#records';

const records = new MemoryRecords();

@Global()
@Module({
  providers: [
    { provide: Records, useValue: records },
    { provide: Bus, useValue: new LocalBus() },
    { provide: Sealer, useValue: new PlainSealer() },
    { provide: KeyNames, useValue: new KeyNames(new Uint8Array(32)) },
  ],
  exports: [Records, Bus, Sealer, KeyNames],
})
class Parts {}

test('in the records, where they, a sealer and names are at hand', async () => {
  const sections = [embeddingSection, runtimeSection];
  const env = {
    EMBEDDING_PROVIDER: 'acme',
    EMBEDDING_CACHE: 'records',
    PLUGINS: new URL('./acme-plugin.ts', import.meta.url).href,
  };
  const app = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(sections, readConfig(sections, environmentSources({ env, envFile: false }))),
      Parts,
      EmbeddingsModule.forRoot({ sealer: Sealer, names: KeyNames }),
    ],
  }).compile();
  const embedder = app.get(Embedder);
  await embedder.embed(['a'], { tenant: 'north' });
  expect((await records.list('embedding/', { limit: 10 })).records).toHaveLength(1);
  await embedder.forget('north');
  expect((await records.list('embedding/', { limit: 10 })).records).toEqual([]);
  await app.close();
});
