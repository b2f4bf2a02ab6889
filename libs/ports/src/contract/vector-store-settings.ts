// What vector stores promise about settings of an index and of a search, and about what a match brings along.
import assert from 'node:assert/strict';
import type { CollectionRef, VectorStore } from '../vector-store.js';
import { type Check, filled, idsOf, metricOf, refuses } from './vector-store-checks.js';
import { axis, DIMENSION } from './vector-store-documents.js';

/** Values that are in reach of every index which has a setting of that name. Of other names nothing is tried. */
const REASONABLE: Record<string, number> = {
  efConstruction: 128,
  maxConnections: 16,
  M: 16,
  m: 16,
  ef: 64,
  efSearch: 64,
  nlist: 16,
  lists: 16,
  nprobe: 16,
  probes: 16,
};

const UNKNOWN = { 'no such setting': 1 };

export const SETTINGS: Array<[string, Check]> = [
  [
    'refuses a setting of an index that it does not claim, and makes nothing',
    async (store, ref) => {
      const spec = { dimension: DIMENSION, metric: metricOf(store), index: UNKNOWN };
      await refuses('vector.setting_unsupported', () => store.openCollection(ref, spec));
      assert.equal(await store.describeCollection(ref), undefined);
    },
  ],
  [
    'refuses a setting of a search that it does not claim',
    async (store, ref) => {
      await filled(store, ref);
      const asked = { vector: axis(0), k: 1, search: UNKNOWN };
      await refuses('vector.setting_unsupported', () => store.query(ref, asked));
    },
  ],
  [
    'takes each setting of an index that it claims, and finds the same in it',
    async (store, ref) => {
      for (const [collection, index] of reasonable(store.capabilities.index)) {
        const one = { ...ref, collection };
        const spec = { dimension: DIMENSION, metric: metricOf(store) };
        await store.openCollection(one, { ...spec, index });
        const again = await store.openCollection(one, spec);
        assert.equal(again.name, collection, 'a collection is the same without its settings');
        await findsNearest(store, one);
      }
    },
  ],
  [
    'takes each setting of a search that it claims, and finds the same by it',
    async (store, ref) => {
      await filled(store, ref);
      for (const [, search] of reasonable(store.capabilities.search)) {
        const found = idsOf(await store.query(ref, { vector: axis(1), k: 1, search }));
        assert.deepEqual(found, ['b'], JSON.stringify(search));
      }
    },
  ],
  [
    'gives the vectors of matches where they are asked for, and only there',
    async (store, ref) => {
      const vector = new Float32Array([0.5, -0.25, 0.125, 1]);
      await filled(store, ref, [{ id: 'one', vector }]);
      const [bare] = await store.query(ref, { vector: axis(0), k: 1 });
      assert.equal(bare?.vector, undefined);
      const [full] = await store.query(ref, { vector: axis(0), k: 1, withVectors: true });
      assert.deepEqual([...full!.vector!], [...vector]);
    },
  ],
];

/** Each claimed setting by itself, under a name for a collection. */
function reasonable(claimed: readonly string[] = []): Array<[string, Record<string, number>]> {
  const known = claimed.filter((name) => Object.hasOwn(REASONABLE, name));
  return known.map((name, at) => [`setting-${at}`, { [name]: REASONABLE[name]! }]);
}

async function findsNearest(store: VectorStore, ref: CollectionRef): Promise<void> {
  await filled(store, ref);
  assert.deepEqual(idsOf(await store.query(ref, { vector: axis(1), k: 1 })), ['b']);
}
