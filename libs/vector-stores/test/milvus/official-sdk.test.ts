// Milvus's own SDK drives the double without complaint, and reads what the adapter wrote: so the double is Milvus to both.
import { HttpClient } from '@zilliz/milvus2-sdk-node';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Secret } from '#ports';
import { MilvusDouble } from '../../../../test/doubles/milvus.js';
import { milvus } from './milvus-stores.js';

const FIELDS = [
  { fieldName: 'id', dataType: 'VarChar', isPrimary: true, elementTypeParams: { max_length: 64 } },
  { fieldName: 'vector', dataType: 'FloatVector', elementTypeParams: { dim: 2 } },
  { fieldName: 'text', dataType: 'VarChar', elementTypeParams: { max_length: 64, enable_analyzer: true } },
  { fieldName: 'words', dataType: 'SparseFloatVector' },
];
const SCHEMA = {
  autoId: false,
  enableDynamicField: false,
  fields: FIELDS,
  functions: [{ name: 'bm25', type: 'BM25', inputFieldNames: ['text'], outputFieldNames: ['words'], params: {} }],
};
const INDEXES = [
  {
    fieldName: 'vector',
    indexName: 'vector',
    metricType: 'L2',
    params: { index_type: 'HNSW', M: 16, efConstruction: 64 },
  },
  { fieldName: 'words', indexName: 'words', metricType: 'BM25', params: { index_type: 'SPARSE_INVERTED_INDEX' } },
];
const ROWS = [
  { id: 'a', vector: [0, 0], text: 'red apples' },
  { id: 'b', vector: [3, 4], text: 'green pears' },
];

let double: MilvusDouble;
let sdk: HttpClient;
beforeAll(async () => {
  double = await MilvusDouble.start({ token: 'root:Milvus' });
  sdk = new HttpClient({ endpoint: double.url, username: 'root', password: 'Milvus', acceptInt64: true });
});
beforeEach(() => {
  double.complaints.length = 0;
});
afterAll(() => double.stop());

describe('the official SDK', () => {
  test('makes, fills, searches and drops a collection in the double', async () => {
    const ref = { dbName: 'default', collectionName: 'story' };
    const create = { ...ref, schema: SCHEMA, indexParams: INDEXES, params: { consistencyLevel: 'Strong' } };
    expect(await sdk.createCollection(create as never)).toMatchObject({ code: 0 });
    expect((await sdk.hasCollection(ref)).data).toEqual({ has: true });
    const { data: described } = await sdk.describeCollection(ref);
    expect(described.fields).toMatchObject([{ name: 'id' }, { name: 'vector' }, { name: 'text' }, { name: 'words' }]);
    expect(described).toMatchObject({ load: 'LoadStateLoaded', collectionName: 'story' });
    expect(await sdk.getCollectionLoadState(ref)).toMatchObject({ data: { loadState: 'LoadStateLoaded' } });
    expect((await sdk.listIndexes(ref)).data).toEqual(['vector', 'words']);

    expect(await sdk.insert({ ...ref, data: ROWS })).toMatchObject({ data: { insertCount: 2, insertIds: ['a', 'b'] } });
    expect(await sdk.upsert({ ...ref, data: [ROWS[1]!] })).toMatchObject({ data: { upsertCount: 1 } });
    const query = { ...ref, filter: 'id == "b"', outputFields: ['text', 'vector'], limit: 5 };
    expect((await sdk.query(query)).data).toEqual([{ id: 'b', text: 'green pears', vector: [3, 4] }]);
    expect((await sdk.get({ ...ref, id: ['a'], outputFields: ['text'] })).data).toEqual([
      { id: 'a', text: 'red apples' },
    ]);
    const search = { ...ref, data: [[0, 0]], annsField: 'vector', limit: 2, outputFields: ['text'] };
    expect((await sdk.search(search as never)).data).toEqual([
      { id: 'a', text: 'red apples', distance: 0 },
      { id: 'b', text: 'green pears', distance: 25 },
    ]);
    const parts = [
      { data: [[0, 0]], annsField: 'vector', limit: 2 },
      { data: ['pears'], annsField: 'words', limit: 2 },
    ];
    const hybrid = { ...ref, search: parts, rerank: { strategy: 'rrf', params: { k: 60 } }, limit: 1 };
    expect((await sdk.hybridSearch(hybrid as never)).data).toMatchObject([{ id: 'b' }]);

    expect((await sdk.getCollectionStatistics(ref)).data).toEqual({ rowCount: 2 });
    expect(await sdk.delete({ ...ref, filter: 'id in ["a"]' })).toMatchObject({ code: 0 });
    expect((await sdk.listCollections({ dbName: 'default' })).data).toEqual(['story']);
    expect(await sdk.releaseCollection(ref)).toMatchObject({ code: 0 });
    expect(await sdk.query(query)).toMatchObject({ code: 101 });
    expect(await sdk.loadCollection(ref)).toMatchObject({ code: 0 });
    expect(await sdk.dropCollection(ref)).toMatchObject({ code: 0 });
    expect(await sdk.describeCollection(ref)).toMatchObject({ code: 100 });
    expect(double.complaints).toEqual([]);
  });

  test('is refused by the double what Milvus refuses', async () => {
    const ref = { dbName: 'default', collectionName: 'strict' };
    const bare = { ...ref, schema: SCHEMA, params: { consistencyLevel: 'Strong' } };
    expect(await sdk.createCollection(bare as never)).toMatchObject({ code: 0 });
    expect(await sdk.createCollection(bare as never)).toMatchObject({ code: 65_535 });
    expect(await sdk.loadCollection(ref)).toMatchObject({ code: 700 });
    expect(await sdk.createIndex({ ...ref, indexParams: INDEXES } as never)).toMatchObject({ code: 0 });
    expect(await sdk.loadCollection(ref)).toMatchObject({ code: 0 });
    expect(await sdk.insert({ ...ref, data: [{ ...ROWS[0]!, vector: [1] }] })).toMatchObject({ code: 1804 });
    expect(await sdk.insert({ ...ref, data: [{ ...ROWS[0]!, more: 1 }] as never })).toMatchObject({ code: 1804 });
    for (const filter of [
      'id ==',
      'other == 1',
      'not id == "a"',
      'id == "\\ud800"',
      'vector[0] == 1',
      'id == "a" id',
    ]) {
      await sdk.insert({ ...ref, data: [ROWS[0]!] });
      expect(await sdk.query({ ...ref, filter, outputFields: [] }), filter).toMatchObject({ code: 1100 });
    }
    expect(await sdk.search({ ...ref, data: [[1, 2, 3]], annsField: 'vector' } as never)).toMatchObject({ code: 1801 });
    expect(await sdk.createCollection({ ...bare, collectionName: 'no-hyphens' } as never)).toMatchObject({
      code: 1100,
    });
    expect(await sdk.createDatabase({ dbName: 'other' })).toMatchObject({ code: 0 });
    expect((await sdk.listDatabases()).data).toEqual(['default', 'other']);
    expect(await sdk.dropDatabase({ dbName: 'default' })).toMatchObject({ code: 65_535 });
    expect(await sdk.dropDatabase({ dbName: 'other' })).toMatchObject({ code: 0 });
    await sdk.dropCollection(ref);
  });

  test('reads what the adapter wrote, in a database that is named for the tenant', async () => {
    const store = milvus({ url: double.url, apiKey: new Secret('root:Milvus') });
    const ref = { tenant: 'north', collection: 'guides' };
    await store.openCollection(ref, { dimension: 2, metric: 'l2' });
    const vector = new Float32Array([1, 2]);
    await store.upsert(ref, [{ id: 'g', vector, text: 'Open at nine', metadata: { lang: 'en' }, subject: 'person-1' }]);
    const found = await sdk.query({
      dbName: 'resk_znorth',
      collectionName: 'resk_zguides',
      filter: 'resk_subject == "person-1" and array_contains(resk_tokens, "4:lang=\\"en\\"")',
      outputFields: ['id', 'vector', 'resk_text'],
    });
    expect(found.data).toEqual([{ id: 'g', vector: [1, 2], resk_text: 'Open at nine' }]);
    await store.dropCollection(ref);
    expect(double.complaints).toEqual([]);
  });
});
