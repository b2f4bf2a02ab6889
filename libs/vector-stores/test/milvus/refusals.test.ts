// What Milvus refuses or answers oddly, and what is told of it; and how the adapter is opened by its name.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type CollectionRef, isFailure, Secret, type VectorPoint } from '#ports';
import { openVectorStore } from '#vector-stores';
import { MilvusDouble } from '../../../../test/doubles/milvus.js';
import { plainSealer } from '../support/sealers.js';
import { milvus } from './milvus-stores.js';

const SPEC = { dimension: 4, metric: 'cosine' } as const;
const AXIS = new Float32Array([1, 0, 0, 0]);
let double: MilvusDouble;
let ref: CollectionRef;
let tenants = 0;

beforeAll(async () => {
  double = await MilvusDouble.start();
});
beforeEach(() => {
  ref = { tenant: `tenant-${tenants++}`, collection: 'documents' };
});
afterAll(() => double.stop());

const store = () => milvus({ url: double.url });

async function filled(points: VectorPoint[]) {
  const opened = store();
  await opened.openCollection(ref, SPEC);
  await opened.upsert(ref, points);
  return opened;
}

function code(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'answered',
    (error: unknown) => (isFailure(error) ? error.code : String(error)),
  );
}

describe('refusals', () => {
  const OUTCOMES: Array<[number, string]> = [
    [1, 'vector.store_unavailable'],
    [8, 'vector.store_unavailable'],
    [1807, 'vector.store_unavailable'],
    [65_535, 'vector.store_unavailable'],
    [9, 'vector.quota_exhausted'],
    [100, 'vector.collection_absent'],
    [1100, 'vector.input_refused'],
    [1401, 'vector.store_unauthorised'],
  ];

  test.each(OUTCOMES)('code %i is %s, and what the server says of it is not told', async (refused, outcome) => {
    const opened = await filled([]);
    double.next({ status: 200, body: { code: refused, message: 'SELECT secret' } });
    const error = await opened.count(ref).catch((thrown: unknown) => thrown);
    expect(isFailure(error) && error.code).toBe(outcome);
    expect(JSON.stringify(error) + String(error)).not.toContain('SELECT secret');
  });

  test('a key that is refused, and the success of former versions, are understood', async () => {
    const strict = await MilvusDouble.start({ token: 'root:right' });
    expect(await code(milvus({ url: strict.url, apiKey: new Secret('root:wrong') }).health())).toBe(
      'vector.store_unauthorised',
    );
    await milvus({ url: `${strict.url}/`, apiKey: new Secret('root:right') }).health();
    strict.next({ altered: (reply) => ({ ...reply, body: { ...(reply.body as object), code: 200 } }) });
    await milvus({ url: strict.url, apiKey: new Secret('root:right') }).health();
    await strict.stop();
  });

  test('replies of other forms, metrics and states are not believed', async () => {
    const opened = await filled([{ id: 'a', vector: AXIS }]);
    double.next({ status: 200, body: { code: 0, data: [{ 'count(*)': 'many' }] } });
    expect(await code(opened.count(ref))).toBe('vector.reply_invalid');
    double.next({
      altered: (reply) => ({ ...reply, body: JSON.parse(JSON.stringify(reply.body).replaceAll('COSINE', 'JACCARD')) }),
    });
    expect(await code(opened.describeCollection(ref))).toBe('vector.reply_invalid');
  });

  test('while a collection or its database cannot be made or dropped, the reason is told or left to the next', async () => {
    const refusal = { status: 200, body: { code: 5, message: 'x' } };
    const opened = store();
    double.next({ altered: (reply) => reply }, { altered: (reply) => reply }, refusal);
    expect(await code(opened.openCollection(ref, SPEC))).toBe('vector.store_unavailable');
    const made = await filled([]);
    double.next({ altered: (reply) => reply }, refusal);
    expect(await made.dropCollection(ref)).toBe(true);
    const again = await filled([]);
    double.next({ altered: (reply) => reply }, { status: 500 });
    expect(await code(again.dropCollection(ref))).toBe('vector.store_unavailable');
  });
});

test('is opened by its name in the configuration, without a call; address, key and options are its own', async () => {
  const before = double.requests.length;
  const config = { type: 'milvus', timeoutMs: 5000, memoryMaxBytes: 1, url: double.url, apiKey: new Secret('t') };
  const context = { dataDir: '/nowhere', plugins: [], sealer: plainSealer };
  const open = (options: Record<string, unknown>) => openVectorStore({ ...config, options } as never, context);
  const opened = await open({ isolation: 'collection', database: 'default' });
  expect(double.requests.length).toBe(before);
  await opened!.health();
  expect(double.requests.at(-1)?.headers.authorization).toBe('Bearer t');
  await opened!.close();
  expect(await code(open({ unknown: 1 }))).toBe('provider.options');
  expect(await code(openVectorStore({ ...config, options: {}, url: 'http://me@host' } as never, context))).toBe(
    'provider.options',
  );
});
