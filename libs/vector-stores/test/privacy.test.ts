// People's documents in the embedded store: found to the last one for export and erasure, and aged out in time.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { VectorPoint } from '#ports';
import { aFolder, aStore, aVector, filled, HERE, seeded } from './support/stores.js';

const DIMENSION = 8;
const random = seeded(7);
const many = (count: number, all: (i: number) => Partial<VectorPoint>): VectorPoint[] =>
  Array.from({ length: count }, (_, i) => ({ id: `d${i}`, vector: aVector(DIMENSION, random), ...all(i) }));

function rowsIn(folder: string): number {
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  onTestFinished(() => file.close());
  return Number(file.prepare('SELECT count(*) AS count FROM points').get()!.count);
}

test('an erasure takes documents past their end too, which nobody finds any more', async () => {
  const folder = await aFolder();
  let now = 1000;
  const store = await aStore({ folder, now: () => now });
  await filled(
    store,
    many(3, (i) => ({ subject: 'person', ...(i === 0 && { expiresAt: 2000 }) })),
  );
  now = 3000;
  expect(await store.delete(HERE, { subject: 'person' })).toBe(2);
  expect(rowsIn(folder)).toBe(0);
});

test('a document that ends between two pages is not on the second', async () => {
  let now = 1000;
  const store = await aStore({ now: () => now });
  await filled(
    store,
    many(4, (i) => ({ subject: 'person', ...(i === 3 && { expiresAt: 2000 }) })),
  );
  const { cursor } = await store.list(HERE, { subject: 'person', limit: 2 });
  now = 3000;
  const rest = await store.list(HERE, { subject: 'person', limit: 2, cursor: cursor! });
  expect(rest.points.map(({ id }) => id)).toEqual(['d2']);
});

test('a document that is about somebody else by now is not listed', async () => {
  const store = await aStore();
  await filled(
    store,
    many(3, () => ({ subject: 'person' })),
  );
  await store.list(HERE, { subject: 'person', limit: 1 });
  await store.upsert(HERE, [{ id: 'd1', vector: aVector(DIMENSION, random), subject: 'another' }]);
  const { points } = await store.list(HERE, { subject: 'person', limit: 10 });
  expect(points.map(({ id }) => id)).toEqual(['d0', 'd2']);
});

test('thousands of old documents are deleted from file and memory, and the young ones stay', async () => {
  const folder = await aFolder();
  const store = await aStore({ folder });
  await filled(
    store,
    many(1300, (i) => ({ lineage: { ingestedAt: i } })),
  );
  const vector = aVector(DIMENSION, random);
  await store.query(HERE, { vector, k: 1 });
  expect(await store.delete(HERE, { ingestedBefore: 1290 })).toBe(1290);
  expect(await store.query(HERE, { vector, k: 1000 })).toHaveLength(10);
  expect(rowsIn(folder)).toBe(10);
});

test.each([0, 2 ** 23])('purpose and age are as a naive program has them (inline limit %i)', async (inlineBytes) => {
  const store = await aStore({ inlineBytes });
  const purposes = ['support', 'billing', 'training'];
  const points = many(600, (i) => ({
    lineage: { ingestedAt: i % 100 },
    consent: i % 7 !== 0,
    metadata: { even: i % 2 === 0 },
    ...(i % 3 !== 0 && { purposes: purposes.filter(() => random() < 0.4) }),
  }));
  await filled(store, points.slice(0, 400), { metric: 'dot' });
  await store.query(HERE, { vector: aVector(DIMENSION, random), k: 1, purpose: 'support' });
  await store.upsert(HERE, points.slice(400));
  for (let round = 0; round < 60; round++) {
    const vector = aVector(DIMENSION, random);
    const purpose = [...purposes, undefined][round % 4];
    const ingestedSince = round % 3 === 0 ? Math.floor(random() * 100) : undefined;
    const filter = round % 5 === 0 ? ({ op: 'eq', field: 'even', value: true } as const) : undefined;
    const allowed = points.filter(
      (point) =>
        point.consent &&
        (!point.purposes || (purpose !== undefined && point.purposes.includes(purpose))) &&
        point.lineage!.ingestedAt >= (ingestedSince ?? 0) &&
        (!filter || point.metadata!.even === true),
    );
    const product = ({ vector: other }: VectorPoint) => other.reduce((sum, one, at) => sum + one * vector[at]!, 0);
    const truth = allowed.toSorted((a, b) => product(b) - product(a)).slice(0, 10);
    const query = { vector, k: 10, ...(purpose && { purpose }), ...(filter && { filter }) };
    const found = await store.query(HERE, { ...query, ...(ingestedSince !== undefined && { ingestedSince }) });
    expect(found.map(({ id }) => id)).toEqual(truth.map(({ id }) => id));
  }
});
