// The configured store is opened, guarded and closed, with Nest and without.
import { Test } from '@nestjs/testing';
import { expect, test } from 'vitest';
import { environmentSources, readConfig, runtimeSection } from '#config';
import { ConfigModule } from '#config/module';
import { type CallOptions, listen, Secret, type VectorPoint, VectorStore } from '#ports';
import { Bus, LocalBus, MemoryRecords, Records } from '#records';
import { bounded, openVectorStore, PayloadSealer, vectorStoreSection } from '#vector-stores';
import { VectorStoresModule } from '#vector-stores/module';
import { plainSealer } from './support/sealers.js';
import { aFolder, aStore, filled, HERE } from './support/stores.js';

const BOUNDS = { timeoutMs: 50, retries: 0, backoffMs: 0, maxBackoffMs: 0, concurrency: 4, queue: 4 };

function configOf(env: Record<string, string>) {
  return readConfig([runtimeSection, vectorStoreSection], environmentSources({ env, envFile: false }));
}

test('no store is opened where none is configured', async () => {
  const { vectorStore } = configOf({ VECTORDB_TYPE: 'none' });
  expect(
    await openVectorStore(vectorStore, { dataDir: await aFolder(), plugins: [], sealer: plainSealer }),
  ).toBeUndefined();
});

test('an unknown store, and an unknown option of the embedded one, stop the boot by name', async () => {
  const context = { dataDir: await aFolder(), plugins: [], sealer: plainSealer };
  const unknown = openVectorStore(configOf({ VECTORDB_TYPE: 'nowhere' }).vectorStore, context);
  await expect(unknown).rejects.toMatchObject({
    code: 'provider.unknown',
    facts: { known: expect.stringContaining('embedded') },
  });
  const option = openVectorStore(configOf({ VECTORDB_OPTIONS: '{"ef":3}' }).vectorStore, context);
  await expect(option).rejects.toMatchObject({ code: 'provider.options' });
});

test('a store of a stranger is found in the packages listed, and given its own options', async () => {
  const folder = await aFolder();
  const { writeFile } = await import('node:fs/promises');
  await writeFile(
    `${folder}/stranger.mjs`,
    `export default { family: 'vector-store', name: 'stranger', portsVersion: 1,
       options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
       open: async (options) => ({ provider: 'stranger', capabilities: { maxBatch: options.size }, close: async () => {} }) };`,
  );
  const { vectorStore } = configOf({ VECTORDB_TYPE: 'stranger', VECTORDB_OPTIONS: '{"size":7}' });
  const store = await openVectorStore(vectorStore, {
    dataDir: folder,
    plugins: [`${folder}/stranger.mjs`],
    sealer: plainSealer,
  });
  expect(store).toMatchObject({ provider: 'stranger', capabilities: { maxBatch: 7 } });
});

test('a bounded store ends calls at their limit, and announces each', async () => {
  const heard: string[] = [];
  const stop = listen('provider.call', ({ family, operation, outcome }) =>
    heard.push(`${family} ${operation} ${outcome}`),
  );
  const inner = await aStore();
  const hanging = Object.assign(Object.create(inner) as VectorStore, {
    query: (_ref: unknown, _query: unknown, { signal }: CallOptions) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
  });
  const store = bounded(hanging, BOUNDS);
  await expect(store.query(HERE, { vector: new Float32Array([1]), k: 1 })).rejects.toMatchObject({
    code: 'call.timeout',
  });
  await store.health();
  stop();
  expect(heard).toEqual(['vector-store query call.timeout', 'vector-store health ok']);
});

test('a bounded store cuts batches to what the store takes', async () => {
  const inner = await aStore();
  const sizes: number[] = [];
  const counting = Object.assign(Object.create(inner) as VectorStore, {
    upsert: (ref: typeof HERE, points: VectorPoint[]) => {
      sizes.push(points.length);
      return inner.upsert(ref, points);
    },
  });
  const store = bounded(counting, { ...BOUNDS, timeoutMs: 10_000 });
  await filled(inner, [{ id: 'first', vector: new Float32Array([1]) }]);
  const many = Array.from({ length: 1200 }, (_, i) => ({ id: `${i}`, vector: new Float32Array([1]) }));
  expect(await store.upsert(HERE, many)).toBe(1200);
  expect(sizes).toEqual([512, 512, 176]);
});

test.each(['embedded', 'none'])('Nest gives %s under the token VectorStore, and closes it at the end', async (type) => {
  const values = configOf({ VECTORDB_TYPE: type, DATA_DIR: await aFolder() });
  const provided = [
    { provide: PayloadSealer, useValue: plainSealer },
    { provide: Records, useValue: new MemoryRecords() },
    { provide: Bus, useValue: new LocalBus() },
  ];
  const around = { module: class Around {}, providers: provided, exports: provided.map((one) => one.provide) };
  const app = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot([runtimeSection, vectorStoreSection], values),
      VectorStoresModule.forRoot({
        sealer: PayloadSealer,
        imports: [around],
      }),
    ],
  }).compile();
  const store = app.get<VectorStore | null>(VectorStore);
  if (type === 'none') expect(store).toBeNull();
  else await store?.health();
  await app.close();
  if (store) await expect(store.health()).rejects.toThrow();
});

test('address and keys are settings of their own, and reach the provider among its options', async () => {
  const folder = await aFolder();
  const { writeFile } = await import('node:fs/promises');
  await writeFile(
    `${folder}/told.mjs`,
    `export default { family: 'vector-store', name: 'told', portsVersion: 1,
       options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
       open: async (options) => ({ provider: 'told', capabilities: options, close: async () => {} }) };`,
  );
  const optionsOf = async (env: Record<string, string>) => {
    const context = { dataDir: folder, plugins: [`${folder}/told.mjs`], sealer: plainSealer };
    const store = await openVectorStore(
      configOf({ VECTORDB_OPTIONS: '{"url":"http://a","size":7}', ...env }).vectorStore,
      context,
    );
    return store!.capabilities as unknown as Record<string, unknown>;
  };
  const vendors = { PINECONE_API_KEY: 'theirs', PINECONE_INDEX_HOST: 'host' };
  expect(await optionsOf({ VECTORDB_TYPE: 'told', ...vendors })).toEqual({ url: 'http://a', size: 7 });
  const told = await optionsOf({
    VECTORDB_TYPE: 'told',
    VECTORDB_URL: 'http://b',
    VECTORDB_API_KEY: 'ours',
    ...vendors,
  });
  expect(told).toEqual({ url: 'http://b', size: 7, apiKey: expect.any(Secret) });
  expect((told.apiKey as Secret).reveal()).toBe('ours');
});
