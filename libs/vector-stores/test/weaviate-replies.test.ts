// What Weaviate may answer instead of what was asked, and what an operator may set of it.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '#ports';
import type { Plan, VendorReply } from '../../../test/doubles/loopback-vendor.js';
import { WeaviateDouble } from '../../../test/doubles/weaviate.js';
import { weaviateProvider } from '../src/providers/weaviate/weaviate.provider.js';
import { aRef, EAST, WeaviateStores } from './support/weaviate-stores.js';

let double: WeaviateDouble;
let stores: WeaviateStores;
beforeAll(async () => {
  double = await WeaviateDouble.start({ mostResults: 1000 });
  stores = new WeaviateStores(double);
});
afterEach(async () => {
  await stores.close();
  expect(double.complaints).toEqual([]);
});
afterAll(() => double.stop());

const PASSES = { code: 'vector.store_unavailable', facts: { reason: 'a node does not know the collection yet' } };
const REFUSED = { code: 'vector.input_refused', facts: { provider: 'weaviate', reason: 'status 422' } };

describe('what the server says', () => {
  const quota = { errorCode: 'USAGE_LIMIT_EXCEEDED', limit: 'objects', value: 10, message: 'person@example.org' };
  test.each<[string, VendorReply, object]>([
    ['429 of pace', { status: 429, body: {} }, { code: 'vector.store_unavailable' }],
    [
      '429 of a limit',
      { status: 429, body: quota },
      { code: 'vector.quota_exhausted', facts: { provider: 'weaviate', reason: 'limit of objects' } },
    ],
    [
      '429 of an odd limit',
      { status: 429, body: { ...quota, limit: 'person@example.org' } },
      { facts: { provider: 'weaviate', reason: 'limit of usage' } },
    ],
    ['410', { status: 410, body: { error: [{ message: 'gone' }] } }, { code: 'vector.store_refused' }],
    ['403', { status: 403, body: { error: [{ message: 'rbac' }] } }, { code: 'vector.store_unauthorised' }],
    ['404 of what is there', { status: 404 }, PASSES],
    ['422', { status: 422, body: { error: [{ message: 'vector lengths do not match' }] } }, REFUSED],
    ['an error of GraphQL', said('explorer: person@example.org'), { code: 'vector.input_refused' }],
    ['of a class not known yet', said('Cannot query field "CLASS" on type "GetObjectsObj".'), PASSES],
    ['an error that passes', said('context deadline exceeded'), { code: 'vector.store_unavailable' }],
    ['an error of quota', said('usage limit reached'), { code: 'vector.quota_exhausted' }],
    ['no data', { status: 200, body: { data: {} } }, { code: 'vector.reply_invalid' }],
    ['a match without a distance', hit({ id: 'x' }), { code: 'vector.reply_invalid' }],
    ['a match without anything more', hit(null), { code: 'vector.reply_invalid' }],
  ])('%s', async (_, reply, expected) => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST }]);
    const className = 'Resk_cosine_2__documents';
    const body = JSON.parse(JSON.stringify(reply.body ?? {}).replaceAll('CLASS', className));
    double.next({ ...reply, body });
    const failed = await store.query(ref, { vector: EAST, k: 1 }).catch((error: unknown) => error);
    expect(failed).toMatchObject(expected);
    expect(JSON.stringify(failed) + String(failed)).not.toContain('person@example.org');
  });

  test('a match by words without a score is refused', async () => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST, text: 'iron' }]);
    double.next(altering((body) => JSON.parse(JSON.stringify(body).replace(/"score":"[^"]*"/g, '"score":null'))));
    const asked = store.query(ref, { vector: EAST, k: 1, hybrid: { text: 'iron', alpha: 0.5 } });
    await expect(asked).rejects.toMatchObject({ code: 'vector.reply_invalid' });
  });

  test('a count that is none is refused', async () => {
    const { store, ref } = await stores.filled([]);
    for (const found of [[], [{ meta: null }], null]) {
      double.next({ status: 200, body: { data: { Aggregate: { Resk_cosine_2__documents: found } } } });
      await expect(store.count(ref)).rejects.toMatchObject({ code: 'vector.reply_invalid' });
    }
  });

  test.each([
    [
      'a failure',
      [{ result: { status: 'FAILED', errors: { error: [{ message: 'invalid' }] } } }],
      'vector.input_refused',
    ],
    ['a failure without a word', [{ result: { status: 'FAILED' } }], 'vector.input_refused'],
    [
      'a failure that passes',
      [{ result: { errors: { error: [{ message: 'shard is read-only' }] } } }],
      'vector.store_unavailable',
    ],
    ['nothing of an object', [], 'vector.reply_invalid'],
  ])('of a write: %s', async (_, body, code) => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST }]);
    double.next({ status: 200, body });
    await expect(store.upsert(ref, [{ id: 'b', vector: EAST }])).rejects.toMatchObject({ code });
  });

  test('of a deletion: what could not be deleted may be tried again', async () => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST }]);
    double.next(altering((body: { results: object }) => ({ ...body, results: { ...body.results, failed: 2 } })));
    await expect(store.delete(ref, { ids: ['a'] })).rejects.toMatchObject({ code: 'vector.store_unavailable' });
    expect(await store.delete(ref, { ids: ['a'] })).toBe(1);
  });

  test('a server of no class at all has no collections', async () => {
    const store = stores.open();
    double.next({ status: 200, body: { classes: null } }, { status: 200, body: {} });
    expect(await store.listCollections('north')).toEqual([]);
    expect(await store.describeCollection(aRef())).toBeUndefined();
  });

  test.each([
    ['1.24.26', 'it is of version 1.24'],
    ['0.99.0', 'it is of version 0.99'],
    ['latest', 'it tells no version'],
  ])('a server of version %s is not healthy: %s', async (version, reason) => {
    double.next({ status: 200 }, { status: 200, body: { version } });
    const refused = { code: 'vector.store_refused', facts: expect.objectContaining({ reason }) };
    await expect(stores.open().health()).rejects.toMatchObject(refused);
  });

  test.each(['1.25.0', '1.40.0-dev', 'v2.0.0'])('a server of version %s is healthy', async (version) => {
    double.next({ status: 200 }, { status: 200, body: { version } });
    await stores.open().health();
  });

  test('a tenant that cannot be looked for is not taken for absent', async () => {
    const { ref } = await stores.filled([]);
    double.next({ afterMs: 0 }, { status: 500 });
    await expect(stores.open().describeCollection(ref)).rejects.toMatchObject({ code: 'vector.store_unavailable' });
  });

  test('a page without objects, or of bare ones, ends the list', async () => {
    const { store, ref } = await stores.filled([]);
    double.next({ status: 200, body: { objects: null } }, { status: 200, body: { objects: [{ id: randomUUID() }] } });
    expect(await store.list(ref, { limit: 5 })).toEqual({ points: [], cursor: undefined });
    expect(await store.list(ref, { limit: 5 })).toEqual({ points: [], cursor: undefined });
  });
});

describe('options', () => {
  test('consistency is asked for where it was set', async () => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST }], {
      consistency: 'ALL',
      classPrefix: 'Sure',
    });
    await store.query(ref, { vector: EAST, k: 1 });
    await store.delete(ref, { ids: ['a'] });
    expect(sent('POST', '/v1/graphql').at(-1)!.body).toContain('consistencyLevel:ALL');
    expect(sent('POST', '/v1/batch/objects').at(-1)!.target).toContain('consistency_level=ALL');
    expect(sent('DELETE', '/v1/batch/objects').at(-1)!.target).toContain('consistency_level=ALL');
  });

  test('a key that is refused says so, and is shown nowhere', async () => {
    const guarded = await WeaviateDouble.start({ apiKey: 'right-key' });
    const parts = { url: guarded.url, classPrefix: 'Resk', consistency: undefined, replicas: undefined };
    const store = await weaviateProvider.open({ ...parts, apiKey: new Secret('wrong-key') }, {});
    const failed = await store.health().catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'vector.store_unauthorised' });
    expect(JSON.stringify(failed) + String(failed)).not.toContain('wrong-key');
    await store.close();
    await guarded.stop();
  });

  test.each([
    { url: 'ftp://localhost' },
    { url: 'http://user:word@localhost' },
    { classPrefix: 'small' },
    { consistency: 'SOME' },
    { replicas: 0 },
    { other: 1 },
  ])('%j is refused', async (options) => {
    expect((await weaviateProvider.options['~standard'].validate(options)).issues).toHaveLength(1);
  });

  test('none is needed', async () => {
    const { issues } = await weaviateProvider.options['~standard'].validate({});
    expect(issues).toBeUndefined();
  });
});

function said(message: string): VendorReply {
  return { status: 200, body: { data: { Get: {} }, errors: [{ message }] } };
}

function hit(additional: object | null): VendorReply {
  const details = JSON.stringify({ v: 1 });
  const found = { resk_id: 'a', resk_text: null, resk_details: details, _additional: additional };
  return { status: 200, body: { data: { Get: { CLASS: [found] } } } };
}

function sent(method: string, path: string) {
  return double.requests.filter((one) => one.method === method && one.target.startsWith(path));
}

function altering(change: (body: never) => unknown): Plan {
  return { altered: (reply: VendorReply) => ({ ...reply, body: change(reply.body as never) }) };
}
