// The double of Pinecone is faithful enough for Pinecone's own SDK, which also reads what the adapter wrote.
import { Pinecone } from '@pinecone-database/pinecone';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PineconeDouble } from '../../../../test/doubles/pinecone.js';
import { aPinecone } from './support.js';

let double: PineconeDouble;
let sdk: Pinecone;
beforeAll(async () => {
  double = await PineconeDouble.start();
  sdk = new Pinecone({ apiKey: 'pinecone-key', controllerHostUrl: double.url });
});
afterEach(() => expect(double.complaints.splice(0)).toEqual([]));
afterAll(() => double.stop());

test('the SDK makes an index, writes, searches, fetches, lists and deletes', async () => {
  double.slowToMake = 1;
  await sdk.createIndex({
    name: 'theirs',
    dimension: 2,
    metric: 'cosine',
    spec: { serverless: { cloud: 'aws', region: 'us-east-1' } },
  });
  const { host, status } = await sdk.describeIndex('theirs');
  expect(status.ready).toBe(true);
  const index = sdk.index({ host, namespace: 'documents' });
  const records = [
    { id: 'a', values: [1, 0], metadata: { year: 2020, tags: ['x', 'y'] } },
    { id: 'b', values: [0, 1], metadata: { year: 2021, tags: ['y'] } },
    { id: 'c', values: [1, 1], metadata: { year: 2022, tags: ['z'] } },
  ];
  await index.upsert({ records });
  const filter = { $and: [{ tags: { $in: ['y'] } }, { year: { $gte: 2020 } }] };
  const { matches } = await index.query({ vector: [1, 0.1], topK: 2, filter, includeMetadata: true });
  expect(matches.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(matches[0]?.metadata).toEqual(records[0]?.metadata);
  expect(Object.keys((await index.fetch({ ids: ['a', 'none'] })).records)).toEqual(['a']);
  const byMetadata = await index.fetchByMetadata({ filter: { year: { $lt: 2022 } }, limit: 1 });
  expect(Object.keys(byMetadata.records)).toEqual(['a']);
  expect(byMetadata.pagination?.next).toBeTruthy();
  expect((await index.listPaginated({ prefix: 'b' })).vectors?.map(({ id }) => id)).toEqual(['b']);
  await index.deleteOne({ id: 'c' });
  const stats = await index.describeIndexStats();
  expect(stats).toMatchObject({ dimension: 2, namespaces: { documents: { recordCount: 2 } } });
  await index.deleteAll();
  expect((await index.describeIndexStats()).totalRecordCount).toBe(0);
  expect((await index.listNamespaces()).namespaces?.map(({ name }) => name)).toEqual(['documents']);
  await index.deleteNamespace('documents');
  await sdk.deleteIndex('theirs');
  expect((await sdk.listIndexes()).indexes).toEqual([]);
});

test('the SDK reads what the adapter wrote, under the fields of its own', async () => {
  const store = await aPinecone({ url: double.url });
  const ref = { tenant: 'north', collection: 'documents' };
  await store.openCollection(ref, { dimension: 2, metric: 'l2' });
  const metadata = { lang: 'en', year: 2020, tags: ['x'], nested: { deep: true } };
  await store.upsert(ref, [{ id: 'a', vector: new Float32Array([1, 0.1]), text: 'first', metadata }]);
  const { host } = await sdk.describeIndex('resk-2-euclidean');
  const index = sdk.index({ host, namespace: 'resk.north.documents' });
  const { matches } = await index.query({ vector: [1, 0.1], topK: 1, filter: { year: 2020 }, includeMetadata: true });
  expect(matches[0]?.metadata).toMatchObject({ lang: 'en', year: 2020, resk_text: 'first', resk_for: ['-', 'all'] });
  await store.close();
});

test('the SDK is refused another key, and what Pinecone refuses', async () => {
  const stranger = new Pinecone({ apiKey: 'another', controllerHostUrl: double.url });
  await expect(stranger.listIndexes()).rejects.toThrow();
  const index = sdk.index({ host: double.makeIndex('small', 2, 'cosine'), namespace: 'n' });
  const upsert = (values: number[], metadata = {}) => index.upsert({ records: [{ id: 'a', values, metadata }] });
  await expect(upsert([1, 0, 0])).rejects.toThrow(/dimension/);
  await expect(upsert([0, 0])).rejects.toThrow(/non-zero/);
  await expect(upsert([1, 0], { large: 'x'.repeat(41_000) })).rejects.toThrow(/40960/);
  await expect(index.query({ vector: [1, 0], topK: 1, filter: { a: { $gt: 'b' } } })).rejects.toThrow(/number/);
});
