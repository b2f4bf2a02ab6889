// How the key is sent to Chroma, and what its refusals become, whichever request of a call they answer.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { type FailureCode, Secret, type VectorStore } from '#ports';
import { openVectorStore, vectorStoreSection } from '#vector-stores';
import type { VendorReply } from '../../../../test/doubles/loopback-vendor.js';
import { chromaProvider } from '../../src/providers/chroma/chroma.provider.js';
import { refused } from '../support/refused.js';
import { plainSealer } from '../support/sealers.js';
import { COLLECTION, Greeting } from './greeting.js';
import { aChroma } from './support.js';

const REF = { tenant: 'north', collection: 'documents' };
const vector = new Float32Array([1, 0.5]);
const ABSENT: VendorReply = { status: 404, body: { error: 'NotFoundError', message: 'Collection does not exist' } };

let double: Greeting;
let store: VectorStore;
beforeAll(async () => {
  double = await new Greeting().listen();
});
beforeEach(async () => {
  store = await aChroma(double.url);
  double.requests.length = 0;
});
afterEach(() => store.close());
afterAll(() => double.stop());

test('the key goes in the header of choice, and the tenant is the one that it belongs to', async () => {
  const env = { VECTORDB_TYPE: 'chroma', VECTORDB_URL: double.url, VECTORDB_API_KEY: 'ck-key' };
  const { vectorStore } = readConfig([vectorStoreSection], environmentSources({ env, envFile: false }));
  const configured = (await openVectorStore(vectorStore, { dataDir: '/nowhere', plugins: [], sealer: plainSealer }))!;
  expect(configured.capabilities.maxBatch).toBe(100);
  await configured.health();
  await configured.describeCollection(REF);
  expect(double.requests.every(({ headers }) => headers['x-chroma-token'] === 'ck-key')).toBe(true);
  expect(double.requests.some(({ target }) => target.startsWith('/api/v2/tenants/theirs/databases/resk_north/'))).toBe(
    true,
  );
  await configured.close();
  double.requests.length = 0;
  const options = { apiKey: new Secret('key'), keyHeader: 'authorization', tenant: 'ours', database: 'one' };
  const other = await aChroma(double.url, options);
  await other.listCollections('north');
  expect(double.requests[0]?.headers).toMatchObject({ authorization: 'Bearer key' });
  expect(double.requests.at(-1)?.target).toContain('/tenants/ours/databases/one/');
  await other.close();
});

test('vectors go as numbers to a server that reads no base64', async () => {
  await store.upsert(REF, [{ id: 'a', vector }]);
  const sent = double.requests.find(({ target }) => target.endsWith('/upsert'))!;
  expect(JSON.parse(sent.body)).toMatchObject({ embeddings: [[1, 0.5]] });
});

test.each<[number, unknown, FailureCode]>([
  [422, { error: 'ChromaError', message: 'Quota exceeded: number of records' }, 'vector.quota_exhausted'],
  [422, { error: 'ChromaError', message: 'Billing limit exceeded' }, 'vector.quota_exhausted'],
  [422, { error: 'ChromaError', message: 'Failed to deserialize' }, 'vector.input_refused'],
  [400, { error: 'InvalidArgumentError', message: 'Invalid where clause' }, 'vector.input_refused'],
  [401, { error: 'AuthError', message: 'Unauthorized' }, 'vector.store_unauthorised'],
  [404, 'no such page', 'vector.store_unavailable'],
  [429, null, 'vector.store_unavailable'],
])('%i with %j is %s', async (status, body, code) => {
  await store.describeCollection(REF);
  double.next({ status, body });
  await refused(code, store.query(REF, { vector, k: 1 }));
});

test('a collection that goes between two requests is absent; any other refusal is told', async () => {
  const honest = { altered: <T>(reply: T) => reply };
  await store.describeCollection(REF);
  double.next(ABSENT, honest, ABSENT);
  await refused('vector.collection_absent', store.query(REF, { vector, k: 1 }));
  expect(double.requests).toHaveLength(6);
  double.next(ABSENT);
  expect(await store.listCollections('nobody')).toEqual([]);
  double.next(ABSENT);
  expect(await store.dropCollection(REF)).toBe(false);
  const broken = { status: 500, body: {} };
  for (const call of [
    () => store.describeCollection(REF),
    () => store.listCollections('north'),
    () => store.dropCollection(REF),
    () => store.health(),
  ]) {
    double.next(broken);
    await refused('vector.store_unavailable', call());
  }
});

test('a database that exists is used; one that cannot be made is told', async () => {
  const spec = { dimension: 2, metric: 'cosine' } as const;
  double.next(ABSENT, { status: 409, body: { error: 'ChromaError', message: 'already exists' } });
  expect(await store.openCollection(REF, spec)).toMatchObject({ name: 'documents', index: { efSearch: 33 } });
  double.next(ABSENT, { status: 500, body: {} });
  await refused('vector.store_unavailable', store.openCollection(REF, spec));
});

test('a sweep that fails after a write does not fail the write', async () => {
  await store.describeCollection(REF);
  const honest = { altered: <T>(reply: T) => reply };
  double.next(honest, honest, { status: 500, body: {} });
  expect(await store.upsert(REF, [{ id: 'a', vector }])).toBe(1);
});

test('a collection that tells no metric or dimension is an odd reply', async () => {
  for (const odd of [
    { metadata: null },
    { configuration_json: {} },
    { configuration_json: { spann: { space: null } } },
  ]) {
    double.next({ status: 200, body: { ...COLLECTION, ...odd } });
    await refused('vector.reply_invalid', store.describeCollection(REF));
  }
  double.next({ status: 200, body: { ...COLLECTION, configuration_json: { spann: { space: 'ip' } } } });
  expect(await store.describeCollection(REF)).toMatchObject({ metric: 'dot' });
});

test('matches without vectors, where they were asked for, are an odd reply', async () => {
  await store.describeCollection(REF);
  const details = JSON.stringify({ v: 1, lineage: { ingestedAt: 1 } });
  const body = { ids: [['a']], distances: [[0]], metadatas: [[{ resk_details: details }]] };
  double.next({ status: 200, body });
  expect(await store.query(REF, { vector, k: 1 })).toMatchObject([{ id: 'a', score: 1 }]);
  double.next({ status: 200, body });
  await refused('vector.reply_invalid', store.query(REF, { vector, k: 1, withVectors: true }));
  double.next({ status: 200, body: { ...body, distances: [[null]] } });
  expect(await store.query(REF, { vector, k: 1 })).toEqual([]);
});

test('the nearest are taken without a condition where enough of them may be found, else they are asked for with one', async () => {
  await store.describeCollection(REF);
  const details = (consent: boolean) => ({
    resk_details: JSON.stringify({ v: 1, consent, lineage: { ingestedAt: 1 } }),
  });
  const reply = (...consents: boolean[]) => {
    const ids = consents.map((_, i) => `${i}`);
    return { status: 200, body: { ids: [ids], distances: [ids.map(() => 0)], metadatas: [consents.map(details)] } };
  };
  const asked = async (k: number, ...replies: VendorReply[]) => {
    double.requests.length = 0;
    double.next(...replies);
    const ids = (await store.query(REF, { vector, k })).map(({ id }) => id);
    return [ids, double.requests.map(({ body }) => 'where' in (JSON.parse(body) as object))];
  };
  expect(await asked(1, reply(false, true, true))).toEqual([['1'], [false]]);
  expect(await asked(2, reply(false, false, true))).toEqual([['2'], [false]]);
  const withheld = Array.from({ length: 9 }, () => false);
  expect(await asked(1, reply(...withheld), reply(true))).toEqual([['0'], [false, true]]);
});

test('options that are not known are refused', async () => {
  const { issues } = await chromaProvider.options['~standard'].validate({ url: 'http://a', port: 8000 });
  expect(issues).toHaveLength(1);
});
