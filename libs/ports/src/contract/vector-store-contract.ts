// The promises of every vector store, ours and strangers', as cases for any test runner.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Metric, VectorPoint, VectorStore } from '../vector-store.js';
import type { ContractCase } from './contract-case.js';
import { type Check, filled, idsOf, metricOf, operatorsOf, refuses } from './vector-store-checks.js';
import { axis, DIMENSION, DOCUMENTS, FILTERS } from './vector-store-documents.js';
import { HYBRID } from './vector-store-hybrid.js';
import { PRIVACY } from './vector-store-privacy.js';
import { SETTINGS } from './vector-store-settings.js';

/**
 * Cases that prove a store: `for (const c of vectorStoreContract(open)) test(c.name, c.run)`. `open` gives a store of
 * its own or a shared one; each case works in a tenant of its own, and closes what it opened. Metrics, filters and
 * settings that the store does not claim are left out.
 */
export function vectorStoreContract(open: () => Promise<VectorStore>): ContractCase[] {
  const once = (name: string, check: Check): ContractCase => ({ name, run: () => inTenant(open, check) });
  return [...COLLECTIONS, ...POINTS, ...QUERIES, ...DELETIONS, ...PRIVACY, ...SETTINGS, ...HYBRID, ...REFUSALS].map(
    ([name, check]) => once(name, check),
  );
}

async function inTenant(open: () => Promise<VectorStore>, check: Check): Promise<void> {
  const store = await open();
  const ref = { tenant: `contract-${randomUUID()}`, collection: 'documents' };
  const tenants = [ref.tenant, `${ref.tenant}-other`];
  try {
    await check(store, ref);
    await cleanedUp(store, tenants);
  } catch (error) {
    // Why the promise was broken is what is told, and not what came of it.
    await cleanedUp(store, tenants).catch(() => {});
    throw error;
  } finally {
    await store.close();
    await store.close();
  }
}

/** Nothing is left behind in a store in use, also where a promise was broken. */
async function cleanedUp(store: VectorStore, tenants: readonly string[]): Promise<void> {
  for (const tenant of tenants) {
    for (const { name } of await store.listCollections(tenant))
      await store.dropCollection({ tenant, collection: name });
  }
}

const COLLECTIONS: Array<[string, Check]> = [
  [
    'makes a collection once, and describes it',
    async (store, ref) => {
      assert.equal(await store.describeCollection(ref), undefined);
      const made = await store.openCollection(ref, { dimension: DIMENSION, metric: metricOf(store) });
      const again = await store.openCollection(ref, { dimension: DIMENSION, metric: metricOf(store) });
      for (const info of [made, again, await store.describeCollection(ref)]) {
        assert.equal(info?.name, ref.collection);
        assert.equal(info?.dimension, DIMENSION);
        assert.equal(info?.metric, metricOf(store));
      }
    },
  ],
  [
    'refuses a collection that exists with another dimension',
    async (store, ref) => {
      await store.openCollection(ref, { dimension: DIMENSION, metric: metricOf(store) });
      await refuses('vector.collection_conflict', () =>
        store.openCollection(ref, { dimension: DIMENSION + 1, metric: metricOf(store) }),
      );
    },
  ],
  [
    "lists a tenant's collections, and nobody else's",
    async (store, ref) => {
      const other = { ...ref, tenant: `${ref.tenant}-other` };
      for (const one of [ref, { ...ref, collection: 'more' }, other]) {
        await store.openCollection(one, { dimension: DIMENSION, metric: metricOf(store) });
      }
      const names = (await store.listCollections(ref.tenant)).map(({ name }) => name);
      assert.deepEqual(names.sort(), ['documents', 'more']);
      assert.equal(await store.dropCollection(other), true);
    },
  ],
  [
    'drops a collection with its points',
    async (store, ref) => {
      await filled(store, ref);
      assert.equal(await store.dropCollection(ref), true);
      assert.equal(await store.dropCollection(ref), false);
      assert.equal(await store.describeCollection(ref), undefined);
      await store.openCollection(ref, { dimension: DIMENSION, metric: metricOf(store) });
      assert.equal(await store.count(ref), 0);
      assert.deepEqual(await store.query(ref, { vector: axis(0), k: 10 }), []);
    },
  ],
  [
    'walls tenants: the same collection and id of another tenant is another point',
    async (store, ref) => {
      const other = { ...ref, tenant: `${ref.tenant}-other` };
      await filled(store, ref);
      await filled(store, other, [{ id: 'a', vector: axis(1), text: 'theirs' }]);
      assert.equal((await store.query(ref, { vector: axis(0), k: 1 }))[0]?.text, 'first');
      assert.deepEqual(idsOf(await store.query(other, { vector: axis(0), k: 10 })), ['a']);
      assert.equal(await store.delete(other, { ids: ['a', 'b', 'c'] }), 1);
      assert.equal(await store.count(ref), 3);
      assert.equal(await store.dropCollection(other), true);
    },
  ],
];

const POINTS: Array<[string, Check]> = [
  [
    'gives back what was written',
    async (store, ref) => {
      const full: VectorPoint = {
        id: 'full',
        vector: new Float32Array([0.5, -0.25, 0.125, 1]),
        text: 'Grüße, 世界\n"quoted"',
        metadata: { lang: 'de', tags: ['a', 'b'], nested: { deep: [1, null] }, ok: true },
        subject: 'person-1',
        source: 'contract',
        purposes: ['support', 'training'],
        lineage: { ingestRun: 'run-1', provider: 'local', model: 'm', version: '2', ingestedAt: 1_700_000_000_000 },
      };
      await filled(store, ref, [full]);
      const [got] = await store.get(ref, ['full', 'absent']);
      const { vector, ...rest } = got!;
      assert.deepEqual([...vector], [...full.vector]);
      for (const name of ['id', 'text', 'metadata', 'subject', 'source', 'purposes', 'lineage'] as const)
        assert.deepEqual(rest[name], full[name]);
    },
  ],
  [
    'replaces a point that is written again',
    async (store, ref) => {
      await filled(store, ref);
      assert.equal(await store.upsert(ref, [{ id: 'a', vector: axis(3), text: 'moved' }]), 1);
      assert.equal(await store.count(ref), 3);
      const [nearest] = await store.query(ref, { vector: axis(3), k: 1 });
      assert.equal(nearest?.id, 'a');
      assert.equal(nearest?.text, 'moved');
    },
  ],
  [
    'finds what was written by the very next query',
    async (store, ref) => {
      await filled(store, ref);
      await store.query(ref, { vector: axis(3), k: 1 });
      await store.upsert(ref, [{ id: 'new', vector: axis(3) }]);
      assert.equal((await store.query(ref, { vector: axis(3), k: 1 }))[0]?.id, 'new');
    },
  ],
  [
    'takes no points, and a whole batch',
    async (store, ref) => {
      await filled(store, ref, []);
      assert.equal(await store.upsert(ref, []), 0);
      const many = Array.from({ length: Math.min(200, store.capabilities.maxBatch) }, (_, i) => ({
        id: `n${i}`,
        vector: new Float32Array([1, i, 0, 0]),
      }));
      assert.equal(await store.upsert(ref, many), many.length);
      assert.equal(await store.count(ref), many.length);
    },
  ],
];

const QUERIES: Array<[string, Check]> = [
  [
    'gives at most k matches, nearest first, with scores in 0..1 that do not rise',
    async (store, ref) => {
      for (const metric of store.capabilities.metrics) {
        const one = { ...ref, collection: `by-${metric}` };
        await store.openCollection(one, { dimension: DIMENSION, metric });
        await store.upsert(one, DOCUMENTS);
        const matches = await store.query(one, { vector: new Float32Array([1, 0.5, 0.1, 0]), k: 2 });
        assert.deepEqual(idsOf(matches), ['a', 'b']);
        const [first, second] = matches.map(({ score }) => score) as [number, number];
        assert.ok(first <= 1 && first >= second && second >= 0, `scores of ${metric}: ${first}, ${second}`);
      }
    },
  ],
  [
    'scores by the formulas of the port',
    async (store, ref) => {
      const expected: Record<Metric, number> = { cosine: (1 + Math.SQRT1_2) / 2, l2: 0.5, dot: 0.75 };
      for (const metric of store.capabilities.metrics) {
        const one = { ...ref, collection: `by-${metric}` };
        await store.openCollection(one, { dimension: DIMENSION, metric });
        await store.upsert(one, [{ id: 'p', vector: new Float32Array([1, 1, 0, 0]) }]);
        const [match] = await store.query(one, { vector: axis(0), k: 1 });
        assert.ok(Math.abs(match!.score - expected[metric]) < 1e-5, `${metric}: ${match!.score}`);
      }
    },
  ],
  [
    'leaves out what scores below the threshold',
    async (store, ref) => {
      await filled(store, ref);
      const all = await store.query(ref, { vector: axis(0), k: 10 });
      const threshold = (all[0]!.score + all[1]!.score) / 2;
      assert.deepEqual(idsOf(await store.query(ref, { vector: axis(0), k: 10, threshold })), ['a']);
    },
  ],
  [
    'never gives a point past its end, or without consent',
    async (store, ref) => {
      await filled(store, ref, [
        { id: 'ended', vector: axis(0), expiresAt: Date.now() - 1000 },
        { id: 'withheld', vector: axis(0), consent: false },
        { id: 'later', vector: axis(1), expiresAt: Date.now() + 3_600_000 },
        { id: 'agreed', vector: axis(2), consent: true },
      ]);
      assert.deepEqual(idsOf(await store.query(ref, { vector: axis(0), k: 10 })).sort(), ['agreed', 'later']);
      assert.deepEqual(await store.get(ref, ['ended']), []);
    },
  ],
  [
    'filters by metadata before it counts to k',
    async (store, ref) => {
      await filled(store, ref);
      for (const [filter, expected] of FILTERS) {
        if (!operatorsOf(filter).every((op) => store.capabilities.filters.includes(op))) continue;
        const found = idsOf(await store.query(ref, { vector: axis(0), k: 3, filter })).sort();
        assert.deepEqual(found, expected, JSON.stringify(filter));
      }
    },
  ],
];

const DELETIONS: Array<[string, Check]> = [
  [
    'deletes by id, and says how many there were',
    async (store, ref) => {
      await filled(store, ref);
      assert.equal(await store.delete(ref, { ids: ['a', 'absent'] }), 1);
      assert.equal(await store.count(ref), 2);
      assert.deepEqual(idsOf(await store.query(ref, { vector: axis(0), k: 10 })).sort(), ['b', 'c']);
    },
  ],
  [
    'deletes all about a person',
    async (store, ref) => {
      await filled(store, ref);
      assert.equal(await store.delete(ref, { subject: 'person-1' }), 2);
      assert.equal(await store.delete(ref, { subject: 'person-1' }), 0);
      assert.deepEqual(idsOf(await store.query(ref, { vector: axis(0), k: 10 })), ['c']);
    },
  ],
  [
    'deletes by filter',
    async (store, ref) => {
      if (!store.capabilities.filters.includes('eq')) return;
      await filled(store, ref);
      assert.equal(await store.delete(ref, { filter: { op: 'eq', field: 'lang', value: 'de' } }), 1);
      assert.deepEqual(idsOf(await store.query(ref, { vector: axis(0), k: 10 })).sort(), ['a', 'c']);
    },
  ],
];

const REFUSALS: Array<[string, Check]> = [
  [
    'says that a collection is absent',
    async (store, ref) => {
      await refuses('vector.collection_absent', () => store.query(ref, { vector: axis(0), k: 1 }));
      await refuses('vector.collection_absent', () => store.upsert(ref, DOCUMENTS));
      await refuses('vector.collection_absent', () => store.delete(ref, { ids: ['a'] }));
      await refuses('vector.collection_absent', () => store.get(ref, ['a']));
      await refuses('vector.collection_absent', () => store.count(ref));
      await refuses('vector.collection_absent', () => store.list(ref, { limit: 1 }));
    },
  ],
  [
    'refuses vectors of another dimension, and writes nothing of their batch',
    async (store, ref) => {
      await filled(store, ref, []);
      const wrong = new Float32Array(DIMENSION + 1).fill(1);
      const batch = [
        { id: 'good', vector: axis(0) },
        { id: 'wrong', vector: wrong },
      ];
      await refuses('vector.dimension_mismatch', () => store.upsert(ref, batch));
      await refuses('vector.dimension_mismatch', () => store.query(ref, { vector: wrong, k: 1 }));
      assert.equal(await store.count(ref), 0);
    },
  ],
  [
    'refuses numbers that are not finite, and a vector without direction under cosine',
    async (store, ref) => {
      await filled(store, ref, []);
      const bad = [new Float32Array([1, Number.NaN, 0, 0]), new Float32Array([Number.POSITIVE_INFINITY, 0, 0, 0])];
      if (metricOf(store) === 'cosine') bad.push(new Float32Array(DIMENSION));
      for (const vector of bad) {
        await refuses('vector.vector_invalid', () => store.upsert(ref, [{ id: 'bad', vector }]));
        await refuses('vector.vector_invalid', () => store.query(ref, { vector, k: 1 }));
      }
    },
  ],
  ['answers when asked for its health', (store) => store.health()],
];
