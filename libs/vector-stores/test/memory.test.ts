// Memory is bounded: collections leave it whole and come back from the file, and nothing is lost or mixed meanwhile.
import { expect, test } from 'vitest';
import { Arena } from '../src/providers/embedded/arena.js';
import type { Segments } from '../src/providers/embedded/segments.js';
import { plainSealer } from './support/sealers.js';
import { aStore, aVector, filled, HERE, MEBIBYTE, seeded } from './support/stores.js';

const DIMENSION = 64;

function segmentsOf(store: unknown): Segments {
  return (store as { parts: { segments: Segments } }).parts.segments;
}

const pointsOf = (name: string, count: number) => {
  const random = seeded(name.length + count);
  return Array.from({ length: count }, (_, i) => ({
    id: `${name}${i}`,
    vector: aVector(DIMENSION, random),
    metadata: { even: i % 2 === 0 },
  }));
};

test('many collections are searched in the memory of a few, each by its own points only', async () => {
  const memoryMaxBytes = MEBIBYTE;
  const store = await aStore({ memoryMaxBytes });
  const collections = Array.from({ length: 12 }, (_, i) => ({ tenant: `t${i % 3}`, collection: `c${i}` }));
  const all = new Map(
    collections.map((ref) => [ref, pointsOf(ref.collection, 1000 + Number(ref.collection.slice(1)))]),
  );
  for (const [ref, points] of all) await filled(store, points, { ref, metric: ref.tenant === 't0' ? 'l2' : 'cosine' });
  for (let round = 0; round < 3; round++) {
    const asked = await Promise.all(
      collections.map(async (ref) => {
        const { id, vector } = all.get(ref)![round * 7]!;
        const [match] = await store.query(ref, {
          vector,
          k: 1,
          ...(round === 1 && { filter: { op: 'ne', field: 'x', value: 1 } }),
        });
        return match?.id === id;
      }),
    );
    expect(asked).toEqual(collections.map(() => true));
    expect(segmentsOf(store).bytes).toBeLessThanOrEqual(memoryMaxBytes);
    expect(segmentsOf(store).bytes).toBeGreaterThan(0);
  }
});

test('a collection larger than the memory is refused by name when it is searched, and kept', async () => {
  const store = await aStore({ memoryMaxBytes: MEBIBYTE });
  await filled(store, pointsOf('p', 1000));
  await store.query(HERE, { vector: pointsOf('p', 1)[0]!.vector, k: 1 });
  await filled(store, pointsOf('q', 9000));
  await expect(store.query(HERE, { vector: pointsOf('q', 1)[0]!.vector, k: 1 })).rejects.toMatchObject({
    code: 'vector.memory_exceeded',
    facts: { collection: 'documents', limitMiB: 1 },
  });
  expect(await store.count(HERE)).toBe(10_000);
  await store.delete(HERE, { ids: pointsOf('q', 9000).map(({ id }) => id) });
  expect(await store.query(HERE, { vector: pointsOf('p', 1)[0]!.vector, k: 3 })).toHaveLength(3);
});

test('a collection written over and over does not grow in memory', async () => {
  const store = await aStore();
  const points = pointsOf('p', 500);
  await filled(store, points);
  let most = 0;
  for (let round = 0; round < 80; round++) {
    await store.query(HERE, { vector: points[0]!.vector, k: 1 });
    await store.upsert(HERE, points);
    most = Math.max(most, segmentsOf(store).bytes);
  }
  expect(most).toBeLessThan(1.5 * MEBIBYTE);
  expect((await store.query(HERE, { vector: points[3]!.vector, k: 1 }))[0]?.id).toBe('p3');
});

test.each([undefined, 0])(
  'queries during writes, deletions and loads see whole points only (inline limit %s)',
  async (inlineBytes) => {
    const store = await aStore(inlineBytes === undefined ? {} : { inlineBytes });
    const point = (i: number, version: number) => ({
      id: `${i}`,
      vector: new Float32Array(DIMENSION).fill(0).with(i % DIMENSION, version + 1) as Float32Array,
      text: `${i}@${version}`,
      metadata: { version, i },
    });
    await filled(
      store,
      Array.from({ length: 300 }, (_, i) => point(i, 0)),
      { metric: 'l2' },
    );
    const asking = (async () => {
      for (let n = 0; n < 120; n++) {
        const vector = new Float32Array(DIMENSION);
        vector[n % DIMENSION] = 3;
        const filter = n % 2 === 0 ? undefined : ({ op: 'gte', field: 'version', value: 0 } as const);
        const matches = await store.query(HERE, { vector, k: 20, ...(filter && { filter }) });
        expect(matches).toHaveLength(20);
        expect(new Set(matches.map(({ id }) => id)).size).toBe(20);
        for (const { id, text, metadata, score } of matches) {
          expect(text).toBe(`${id}@${metadata.version}`);
          const length = (metadata.version as number) + 1;
          const distance = Number(id) % DIMENSION === n % DIMENSION ? Math.abs(3 - length) : Math.hypot(3, length);
          expect(score).toBeCloseTo(1 / (1 + distance), 5);
        }
      }
    })();
    for (let version = 1; version < 12; version++) {
      await store.upsert(
        HERE,
        Array.from({ length: 250 }, (_, i) => point(i, version)),
      );
      if (version % 4 === 0) segmentsOf(store).dropAll();
      await store.delete(HERE, { ids: ['299'] });
    }
    await asking;
  },
);

test('a collection that is dropped while it is read ends its last query, and is gone', async () => {
  const store = await aStore();
  const points = pointsOf('p', 2000);
  await filled(store, points);
  segmentsOf(store).dropAll();
  const asking = store.query(HERE, { vector: points[0]!.vector, k: 5 });
  expect(await store.dropCollection(HERE)).toBe(true);
  // What is not erased yet when that query looks may still be in its answer.
  expect((await asking).length).toBeLessThanOrEqual(5);
  await expect(store.query(HERE, { vector: points[0]!.vector, k: 5 })).rejects.toMatchObject({
    code: 'vector.collection_absent',
  });
  await filled(store, [{ id: 'new', vector: points[0]!.vector }]);
  expect((await store.query(HERE, { vector: points[0]!.vector, k: 5 })).map(({ id }) => id)).toEqual(['new']);
});

test('a batch for a collection that was dropped and made anew meanwhile goes into the new one', async () => {
  let sealing = Promise.resolve();
  const seal = (plain: Uint8Array) => sealing.then(() => plainSealer.seal(plain));
  const store = await aStore({ sealer: { ...plainSealer, seal } });
  const points = pointsOf('p', 10);
  await filled(store, points);
  const { promise, resolve } = Promise.withResolvers<void>();
  sealing = promise;
  const writing = store.upsert(HERE, points);
  await store.dropCollection(HERE);
  await store.openCollection(HERE, { dimension: DIMENSION, metric: 'dot' });
  resolve();
  expect(await writing).toBe(10);
  expect(await store.count(HERE)).toBe(10);
});

test('the arena gives no more than its limit, and gives again what came back', () => {
  const arena = new Arena(MEBIBYTE, 1);
  const taken: number[] = [];
  for (let block = arena.take(); block !== undefined; block = arena.take()) taken.push(block);
  expect(taken).toHaveLength(8);
  expect(new Set(taken).size).toBe(8);
  arena.give([taken[3]!]);
  expect([arena.take(), arena.take()]).toEqual([taken[3], undefined]);
});
