// What is Weaviate's own: where collections are, what others change behind us, sweeping, paging, and words beside vectors.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CollectionSpec, VectorPoint } from '#ports';
import { HttpClient } from '#resilience';
import { bounded } from '#vector-stores';
import { WeaviateDouble } from '../../../test/doubles/weaviate.js';
import { aRef, EAST, NORTH, SPEC, WeaviateStores } from './support/weaviate-stores.js';

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

describe('collections', () => {
  test('of one name may have another dimension for each tenant', async () => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST }]);
    const other = aRef();
    await store.openCollection(other, { dimension: 3, metric: 'dot' });
    expect(await store.describeCollection(other)).toMatchObject({ dimension: 3, metric: 'dot', count: 0 });
    expect(await store.describeCollection(ref)).toMatchObject({ dimension: 2, metric: 'cosine', count: 1 });
  });

  test('tell the settings of their index', async () => {
    const store = stores.open();
    const index = { efConstruction: 200, maxConnections: 48, ef: 77 };
    expect((await store.openCollection(aRef(), { ...SPEC, index })).index).toMatchObject(index);
  });

  test('a value of a setting that the server refuses is refused here, and nothing is there', async () => {
    const [store, ref] = [stores.open(), aRef()];
    const wrong = store.openCollection(ref, { ...SPEC, index: { efConstruction: 1 } });
    await expect(wrong).rejects.toMatchObject({ code: 'vector.input_refused' });
    expect(await store.describeCollection(ref)).toBeUndefined();
  });

  test('of another prefix are not seen', async () => {
    const { ref } = await stores.filled([], { classPrefix: 'Mine' });
    const other = stores.open({ classPrefix: 'Yours' });
    expect(await other.describeCollection(ref)).toBeUndefined();
    expect(await other.listCollections(ref.tenant)).toEqual([]);
  });

  test('are made with the copies that were asked for', async () => {
    const store = stores.open({ classPrefix: 'Copied', replicas: 3 });
    await store.openCollection(aRef(), SPEC);
    expect(double.definitionOf('Copied_cosine_2__documents')).toMatchObject({ replicationConfig: { factor: 3 } });
  });

  test('opened at once in two shapes: one of them at most is there after', async () => {
    const [one, two, ref] = [stores.open(), stores.open(), aRef()];
    const specs: CollectionSpec[] = [SPEC, { dimension: 7, metric: 'l2' }];
    const made = await Promise.allSettled([one.openCollection(ref, specs[0]!), two.openCollection(ref, specs[1]!)]);
    for (const result of made) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'vector.collection_conflict' });
    }
    const there = await stores.open().listCollections(ref.tenant);
    expect(there.length).toBe(made.filter(({ status }) => status === 'fulfilled').length);
    expect(there.length).toBeLessThanOrEqual(1);
  });

  test('opened at once with other settings of the index: they are one in the end', async () => {
    const ref = aRef();
    const pace = { timeoutMs: 20_000, retries: 20, backoffMs: 20, maxBackoffMs: 100, concurrency: 1, queue: 1 };
    const open = (index: Record<string, number>) =>
      bounded(stores.open(), pace).openCollection(ref, { ...SPEC, index });
    await Promise.all([open({ ef: 10 }), open({ ef: 20 }), open({ ef: 30 })]);
    expect(await stores.open().listCollections(ref.tenant)).toHaveLength(1);
  });

  test('opened at once in one shape are one', async () => {
    const ref = { ...aRef(), collection: `made-${randomUUID()}` };
    const infos = await Promise.all(
      [stores.open(), stores.open(), stores.open()].map((store) => store.openCollection(ref, SPEC)),
    );
    expect(infos.map(({ name }) => name)).toEqual([ref.collection, ref.collection, ref.collection]);
  });

  test('dropped by another process are absent at the next call', async () => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST }]);
    await stores.open().dropCollection(ref);
    const calls = [
      () => store.query(ref, { vector: EAST, k: 1 }),
      () => store.upsert(ref, [{ id: 'b', vector: EAST }]),
      () => store.get(ref, ['a']),
      () => store.list(ref, { limit: 1 }),
      () => store.delete(ref, { ids: ['a'] }),
      () => store.count(ref),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'vector.collection_absent' });
  });

  test('made anew in another shape by another process are found there', async () => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST }]);
    const other = stores.open();
    await other.dropCollection(ref);
    await other.openCollection(ref, { dimension: 2, metric: 'l2' });
    await other.upsert(ref, [{ id: 'new', vector: EAST }]);
    expect(await store.query(ref, { vector: EAST, k: 1 })).toMatchObject([{ id: 'new', score: 1 }]);
  });

  test('a query is one request once its collection is known', async () => {
    const { store, ref } = await stores.filled([{ id: 'a', vector: EAST }]);
    const before = double.requests.length;
    await store.query(ref, { vector: EAST, k: 1 });
    expect(double.requests.length - before).toBe(1);
  });
});

describe('points', () => {
  test('are what they are, whatever is written in them', async () => {
    const hostile = `"}){_additional{id}}}#\\u0022 \\ \n\t\u2028 "${'\u{1F600}'}`;
    const point: VectorPoint = {
      id: hostile,
      vector: EAST,
      text: hostile,
      metadata: { [hostile]: hostile, __proto__x: 1 },
      subject: hostile,
      purposes: [hostile],
    };
    const { store, ref } = await stores.filled([point, { id: 'other', vector: EAST }]);
    const filter = { op: 'eq', field: hostile, value: hostile } as const;
    const [match] = await store.query(ref, { vector: EAST, k: 5, purpose: hostile, filter });
    expect(match).toMatchObject({ id: hostile, text: hostile, subject: hostile, metadata: point.metadata });
    expect(await store.query(ref, { vector: EAST, k: 5, hybrid: { text: hostile } })).toMatchObject([{ id: 'other' }]);
    expect((await store.list(ref, { subject: hostile, limit: 5 })).points).toMatchObject([{ id: hostile }]);
    expect(await store.delete(ref, { subject: hostile })).toBe(1);
    expect(await store.get(ref, [hostile, 'other'])).toMatchObject([{ id: 'other' }]);
  });

  test('of one id in a batch: the last one stays', async () => {
    const { store, ref } = await stores.filled([
      { id: 'a', vector: EAST, text: 'former' },
      { id: 'a', vector: NORTH, text: 'latter' },
    ]);
    expect(await store.count(ref)).toBe(1);
    expect(await store.get(ref, ['a'])).toMatchObject([{ text: 'latter' }]);
  });

  test('are got and deleted in their order, many at a time', async () => {
    const ids = Array.from({ length: 1200 }, (_, at) => `n${at}`);
    const { store, ref } = await stores.filled([]);
    const points = ids.map((id) => ({ id, vector: EAST }));
    for (let at = 0; at < points.length; at += 500) await store.upsert(ref, points.slice(at, at + 500));
    expect((await store.get(ref, ids.toReversed())).map(({ id }) => id)).toEqual(ids.toReversed());
    expect(await store.delete(ref, { ids: ids.slice(0, 1100) })).toBe(1100);
    expect(await store.count(ref)).toBe(100);
  });

  test('are all deleted, however few the server deletes at a time', async () => {
    const { store, ref } = await stores.filled([]);
    const points = Array.from({ length: 500 }, (_, at) => ({ id: `n${at}`, vector: EAST, subject: 'person-1' }));
    for (const part of ['a', 'b', 'c', 'd', 'e']) {
      await store.upsert(
        ref,
        points.map((one) => ({ ...one, id: part + one.id })),
      );
    }
    expect(await store.delete(ref, { subject: 'person-1' })).toBe(2500);
    expect(await store.count(ref)).toBe(0);
  });

  test('a filter that all satisfy deletes all; no selector at all deletes none', async () => {
    const { store, ref } = await stores.filled([
      { id: 'a', vector: EAST },
      { id: 'b', vector: EAST },
    ]);
    expect(await store.delete(ref, {})).toBe(0);
    expect(await store.delete(ref, { filter: { op: 'or', filters: [] } })).toBe(0);
    expect(await store.delete(ref, { filter: { op: 'and', filters: [] } })).toBe(2);
  });

  test('past their end are nowhere, and are deleted in passing', async () => {
    let now = 1_800_000_000_000;
    const ending = { expiresAt: now + 1000, subject: 'person-1' };
    const clock = { now: () => now, classPrefix: 'Swept' };
    const { store, ref } = await stores.filled(
      [
        { id: 'ends', vector: EAST, ...ending },
        { id: 'stays', vector: NORTH },
      ],
      clock,
    );
    const className = 'Swept_cosine_2__documents';
    now += 1000;
    expect(await store.count(ref)).toBe(1);
    expect((await store.list(ref, { limit: 10 })).points).toMatchObject([{ id: 'stays' }]);
    expect((await store.list(ref, { subject: 'person-1', limit: 10 })).points).toEqual([]);
    await store.upsert(ref, [{ id: 'more', vector: EAST }]);
    expect(double.held(className)).toBe(3);
    now += 15 * 60_000;
    await store.upsert(ref, [{ id: 'more', vector: EAST }]);
    expect(double.held(className)).toBe(2);
    await store.upsert(ref, [{ id: 'brief', vector: EAST, expiresAt: now + 1, subject: 'person-1' }]);
    now += 1;
    expect(await store.delete(ref, { subject: 'person-1' })).toBe(0);
    expect(double.held(className)).toBe(2);
  });

  test('that others have put into the class are left alone', async () => {
    const { store, ref } = await stores.filled([{ id: 'ours', vector: EAST }], { classPrefix: 'Foreign' });
    const http = new HttpClient({ target: 'test', baseUrl: double.url });
    const id = randomUUID();
    const foreign = { class: 'Foreign_cosine_2__documents', tenant: ref.tenant, id, vector: [1, 0] };
    const properties = { resk_consent: true, resk_expires_at: 9e15, resk_purposed: false, resk_key: id };
    await http.request({ method: 'POST', path: '/v1/batch/objects', json: { objects: [{ ...foreign, properties }] } });
    await http.close();
    expect(await store.query(ref, { vector: EAST, k: 5 })).toMatchObject([{ id: 'ours' }]);
    expect((await store.list(ref, { limit: 5 })).points).toMatchObject([{ id: 'ours' }]);
  });
});

describe('words beside vectors', () => {
  const TEXTS: VectorPoint[] = [
    { id: 'named', vector: NORTH, text: 'zirconium zirconium' },
    { id: 'both', vector: new Float32Array([1, 0.2]), text: 'zirconium and the iron' },
    { id: 'near', vector: EAST, text: 'iron' },
  ];

  test('by words alone the best scores 1, and what has none of them is not found', async () => {
    const { store, ref } = await stores.filled(TEXTS);
    const matches = await store.query(ref, { vector: EAST, k: 5, hybrid: { text: 'Zirconium', alpha: 0 } });
    expect(matches.map(({ id }) => id)).toEqual(['named', 'both']);
    expect(matches[0]?.score).toBe(1);
    expect(matches[1]?.score).toBeGreaterThan(0);
    expect(await store.query(ref, { vector: EAST, k: 5, hybrid: { text: 'nowhere', alpha: 0 } })).toEqual([]);
  });

  test('without a share the first of both rankings scores 1', async () => {
    const { store, ref } = await stores.filled([TEXTS[1]!, TEXTS[0]!]);
    const [first] = await store.query(ref, { vector: TEXTS[1]!.vector, k: 1, hybrid: { text: 'iron' } });
    expect(first).toMatchObject({ id: 'both', score: expect.closeTo(1, 5) });
  });

  test('words that English leaves out are words like others', async () => {
    const { store, ref } = await stores.filled(TEXTS);
    const [match] = await store.query(ref, { vector: EAST, k: 1, hybrid: { text: 'the', alpha: 0 } });
    expect(match?.id).toBe('both');
  });
});
