// Chroma's own SDK reads what the adapter wrote, and what it wrote itself stays apart.
import { ChromaClient } from 'chromadb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChromaServer, startChroma } from '../../../../test/support/chroma.js';
import { aChroma } from './support.js';

const REF = { tenant: 'north', collection: 'documents' };

let server: ChromaServer;
beforeAll(async () => {
  server = await startChroma();
});
afterAll(() => server.stop());

function sdkOf(database: string): ChromaClient {
  return new ChromaClient({ host: '127.0.0.1', port: server.port, ssl: false, database });
}

test('the SDK reads texts, vectors and metadata under the names of their fields', async () => {
  const store = await aChroma(server.url);
  await store.openCollection(REF, { dimension: 2, metric: 'dot', index: { M: 8, efConstruction: 64 } });
  const metadata = { lang: 'en', year: 2020, tags: ['x'], nested: { deep: true } };
  const vector = new Float32Array([1, 0.5]);
  await store.upsert(REF, [{ id: 'a', vector, text: 'first', metadata }]);
  const collection = await sdkOf('resk_north').getCollection({ name: 'resk.north.documents.v1' });
  const { documents, metadatas, embeddings } = await collection.get({
    ids: ['a'],
    where: { year: { $gte: 2020 } },
    include: ['documents', 'metadatas', 'embeddings'],
  });
  expect(documents).toEqual(['first']);
  expect(metadatas[0]).toMatchObject({ lang: 'en', year: 2020 });
  expect(embeddings[0]).toEqual([...vector]);
  expect((await store.describeCollection(REF))?.index).toMatchObject({ M: 8, efConstruction: 64 });
  await store.close();
});

test('what others keep in the same database is neither listed nor found, and a record of others in ours is passed over', async () => {
  const database = 'default_database';
  const store = await aChroma(server.url, { database });
  const sdk = sdkOf(database);
  await sdk.createCollection({ name: 'theirs', embeddingFunction: null });
  await store.openCollection(REF, { dimension: 2, metric: 'cosine' });
  expect((await store.listCollections('north')).map(({ name }) => name)).toEqual(['documents']);
  const ours = await sdk.getCollection({ name: 'resk.north.documents.v1' });
  const foreign = { embeddings: [[1, 0]], metadatas: [{ resk_for_all: true, resk_expires_at: 8e15, resk_order: 7 }] };
  await ours.upsert({ ids: ['foreign'], ...foreign });
  expect(await store.query(REF, { vector: new Float32Array([1, 0]), k: 5 })).toEqual([]);
  expect((await store.list(REF, { limit: 10 })).points).toEqual([]);
  await store.close();
});
