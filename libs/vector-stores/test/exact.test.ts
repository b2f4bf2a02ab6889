// The search is exact: what a naive program finds over the same documents, it finds.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Filter, Metric, VectorMatch, VectorPoint, VectorStore } from '#ports';
import { matchesFilter, similarity } from '#vector-stores';
import { aStore, aVector, filled, HERE, seeded } from './support/stores.js';

const METRICS: Metric[] = ['cosine', 'l2', 'dot'];

test.each(METRICS)('finds the true neighbours by %s among clustered and scattered vectors', async (metric) => {
  const random = seeded(7);
  const centre = aVector(48, random);
  const near = () => centre.map((one) => one + (random() - 0.5) * 0.02);
  const points = Array.from({ length: 3000 }, (_, i) => ({
    id: `p${i}`,
    vector: i % 3 === 0 ? near() : aVector(48, random),
  }));
  for (const inlineBytes of [undefined, 1024]) {
    const store = await aStore(inlineBytes === undefined ? {} : { inlineBytes });
    await filled(store, points, { metric });
    for (const vector of [near(), aVector(48, random), points[0]!.vector]) {
      await expectNaive(store, metric, points, { vector, k: 25 });
    }
  }
});

test('answers filtered queries as a naive program does, through writes, deletions and ends of life', async () => {
  const component = fc.integer({ min: -3, max: 3 });
  const vector = fc
    .array(component, { minLength: 5, maxLength: 5 })
    .filter((all) => all.some((one) => one !== 0))
    .map((all) => Float32Array.from(all));
  const point = fc.record({
    id: fc.constantFrom(...'abcdefghijkl'),
    vector,
    metadata: fc.record({
      n: fc.integer({ min: 0, max: 4 }),
      tags: fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 }),
    }),
    expiresAt: fc.option(fc.constantFrom(500, 2000), { nil: undefined }),
    consent: fc.option(fc.boolean(), { nil: undefined }),
  });
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant('write' as const), points: fc.array(point, { maxLength: 6 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), n: fc.integer({ min: 0, max: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), id: fc.constantFrom(...'abc') }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('ask' as const), vector, n: fc.integer({ min: 0, max: 4 }) }) },
  );
  const store = await aStore({ now: () => 1000 });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...METRICS), fc.array(step, { maxLength: 12 }), async (metric, steps) => {
      const ref = { ...HERE, collection: `run-${run++}` };
      await store.openCollection(ref, { dimension: 5, metric });
      const model = new Map<string, VectorPoint>();
      for (const one of steps) {
        if (one.do === 'write') {
          await store.upsert(ref, one.points as VectorPoint[]);
          for (const written of one.points) model.set(written.id, written as VectorPoint);
        } else if (one.do === 'delete') {
          const filter: Filter = { op: 'eq', field: 'n', value: one.n };
          await store.delete(ref, { filter });
          // What has ended may be gone from the file already: the model forgets it too.
          for (const [id, { metadata }] of model) if (matchesFilter(filter, metadata!)) model.delete(id);
        } else if (one.do === 'remove') {
          await store.delete(ref, { ids: [one.id] });
          model.delete(one.id);
        } else {
          const filter: Filter = {
            op: 'or',
            filters: [
              { op: 'gt', field: 'n', value: one.n },
              { op: 'eq', field: 'tags', value: 'x' },
            ],
          };
          for (const query of [
            { vector: one.vector, k: 3, filter },
            { vector: one.vector, k: 4 },
          ]) {
            await expectNaive(store, metric, [...model.values()], query, ref, 1000);
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('is exact for lengths at the ends of float32, and for thousands of equal vectors', async () => {
  const store = await aStore();
  for (const metric of METRICS) {
    for (const scale of [1e-38, 1e-20, 1e20, 3e37]) {
      const random = seeded(3);
      const points = Array.from({ length: 100 }, (_, i) => ({
        id: `p${i}`,
        vector: aVector(8, random).map((one) => one * scale),
      }));
      const ref = { ...HERE, collection: `${metric}-${scale}` };
      await filled(store, points, { metric, ref });
      await expectNaive(store, metric, points, { vector: aVector(8, random).map((one) => one * scale), k: 5 }, ref);
    }
  }
  const same = Array.from({ length: 3000 }, (_, i) => ({ id: `s${i}`, vector: new Float32Array([1, 2, 3]) }));
  await filled(store, [...same, { id: 'nearer', vector: new Float32Array([1, 2, 3.001]) }], {
    ref: HERE,
    metric: 'l2',
  });
  const matches = await store.query(HERE, { vector: new Float32Array([1, 2, 3.001]), k: 3 });
  expect(matches).toHaveLength(3);
  expect(matches[0]!.id).toBe('nearer');
});

/** Compares by score: among equally near ones, any may be given. */
async function expectNaive(
  store: VectorStore,
  metric: Metric,
  points: readonly VectorPoint[],
  query: { vector: Float32Array; k: number; filter?: Filter },
  ref = HERE,
  now = 0,
): Promise<void> {
  const matches: VectorMatch[] = await store.query(ref, query);
  const scores = new Map(
    points
      .filter(({ metadata = {}, expiresAt, consent }) => {
        const holds = !query.filter || matchesFilter(query.filter, metadata);
        return holds && consent !== false && (expiresAt === undefined || expiresAt > now);
      })
      .map(({ id, vector }) => [id, similarity(metric, rawOf(metric, query.vector, vector))]),
  );
  const expected = [...scores.values()].sort((a, b) => b - a).slice(0, query.k);
  expect(matches.map(({ score }) => score)).toEqual(expected.map((score) => expect.closeTo(score, 9)));
  for (const { id, score } of matches) expect(scores.get(id)).toBeCloseTo(score, 9);
  expect(new Set(matches.map(({ id }) => id)).size).toBe(matches.length);
}

function rawOf(metric: Metric, a: Float32Array, b: Float32Array): number {
  let [product, squared, aa, bb] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squared += (a[i]! - b[i]!) ** 2;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  if (metric === 'l2') return Math.sqrt(squared);
  return metric === 'dot' ? product : product / Math.sqrt(aa * bb);
}
