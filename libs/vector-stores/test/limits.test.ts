// Odd shapes, passing time, threads that die and callers that leave.

import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import type { CollectionRef, VectorPoint } from '#ports';
import { refused, unavailable } from '../src/providers/embedded/sqlite-reasons.js';
import { aStore, aVector, filled, HERE, seeded } from './support/stores.js';

const POINT: VectorPoint = { id: 'a', vector: new Float32Array([1, 2, 3]) };

test('a collection of no dimension, of too many, or with settings of an index is refused', async () => {
  const store = await aStore();
  for (const dimension of [0, -1, 1.5, 65_537, Number.NaN]) {
    await expect(store.openCollection(HERE, { dimension, metric: 'l2' })).rejects.toMatchObject({
      code: 'request.invalid',
      problems: [{ path: 'dimension' }],
    });
  }
  await expect(store.openCollection(HERE, { dimension: 3, metric: 'l2', index: { ef: 1 } })).rejects.toMatchObject({
    code: 'vector.setting_unsupported',
    facts: { provider: 'embedded', setting: 'ef', known: 'none' },
  });
  expect(await store.listCollections(HERE.tenant)).toEqual([]);
});

test.each([1, 3, 16, 17, 1536, 65_536])('vectors of %i dimensions are kept and found', async (dimension) => {
  const store = await aStore();
  const random = seeded(dimension);
  const points = Array.from({ length: 6 }, (_, i) => ({ id: `${i}`, vector: aVector(dimension, random) }));
  await filled(store, points, { metric: 'l2' });
  for (const { id, vector } of points) {
    expect((await store.query(HERE, { vector, k: 1 }))[0]).toMatchObject({ id, score: 1 });
  }
});

test('a zero vector is a point like others by distance and by product', async () => {
  const store = await aStore();
  for (const metric of ['l2', 'dot'] as const) {
    const ref = { ...HERE, collection: metric };
    await filled(store, [{ id: 'zero', vector: new Float32Array(3) }], { metric, ref });
    const [match] = await store.query(ref, { vector: new Float32Array(3), k: 1 });
    expect(match).toMatchObject({ id: 'zero', score: metric === 'l2' ? 1 : 0.5 });
  }
});

test('a point ends while its collection is in memory; its place may be taken in any collection', async () => {
  let now = 1000;
  const store = await aStore({ now: () => now });
  const theirs: CollectionRef = { tenant: 'south', collection: 'documents' };
  await filled(store, [POINT, { ...POINT, id: 'short', expiresAt: 2000 }]);
  await filled(store, [POINT], { ref: theirs });
  expect(await store.query(HERE, { vector: POINT.vector, k: 5 })).toHaveLength(2);
  now = 2000;
  expect((await store.query(HERE, { vector: POINT.vector, k: 5 })).map(({ id }) => id)).toEqual(['a']);
  expect(await store.count(HERE)).toBe(1);
  await store.delete(theirs, { ids: ['a'] });
  await store.upsert(theirs, [
    { ...POINT, id: 'new-1', metadata: { n: 1 } },
    { ...POINT, id: 'new-2', metadata: { n: 1 } },
  ]);
  expect(await store.delete(HERE, { filter: { op: 'ne', field: 'n', value: 2 } })).toBe(1);
  expect(await store.count(theirs)).toBe(2);
});

test('a selector that selects nothing deletes nothing', async () => {
  const store = await aStore();
  await filled(store, [POINT]);
  expect(await store.delete(HERE, {})).toBe(0);
  expect(await store.delete(HERE, { ids: [] })).toBe(0);
  expect(await store.count(HERE)).toBe(1);
});

test('a write that is aborted before it began writes nothing', async () => {
  const store = await aStore();
  await filled(store, [POINT]);
  const signal = AbortSignal.abort(new Error('left'));
  await expect(store.upsert(HERE, [{ ...POINT, id: 'b' }], { signal })).rejects.toThrow('left');
  expect(await store.count(HERE)).toBe(1);
});

test('a search thread that dies fails its searches by name; the next search has a new one', async () => {
  const store = await aStore({ inlineBytes: 0 });
  await filled(store, [POINT]);
  expect(await store.query(HERE, { vector: POINT.vector, k: 1 })).toHaveLength(1);
  const { pool } = (store as unknown as { parts: { pool: { workers: Array<{ worker: Worker }> } } }).parts;
  const asking = store.query(HERE, { vector: POINT.vector, k: 1 });
  const dying = pool.workers[0]!.worker.terminate();
  await expect(asking).rejects.toMatchObject({
    code: 'vector.store_unavailable',
    facts: { reason: 'a search thread ended' },
  });
  await dying;
  expect(await store.query(HERE, { vector: POINT.vector, k: 1 })).toHaveLength(1);
});

test('many searches at once are each answered with their own neighbours', async () => {
  const store = await aStore({ inlineBytes: 4096 });
  const random = seeded(5);
  const points = Array.from({ length: 2000 }, (_, i) => ({ id: `${i}`, vector: aVector(32, random) }));
  await filled(store, points);
  const asked = points.slice(0, 100).map(async ({ id, vector }) => {
    const matches = await store.query(HERE, { vector, k: 3 });
    expect(matches[0]).toMatchObject({ id });
  });
  await Promise.all(asked);
});

test("SQLite's errors are named by their number; mistakes of a program are not called troubles of the file", () => {
  const named = (reason: string) => ({ code: 'vector.store_unavailable', facts: { reason } });
  expect(unavailable({ errcode: 10 + 256 * 3 })).toMatchObject(named('the disk gave an I/O error'));
  expect(unavailable({ errcode: 21 })).toMatchObject(named('SQLite failed with code 21'));
  expect(refused({ errcode: 21 })).toMatchObject({ code: 'vector.store_refused' });
  const mistake = new TypeError('x is not a function');
  expect([unavailable(mistake), refused(mistake)]).toEqual([mistake, mistake]);
});
