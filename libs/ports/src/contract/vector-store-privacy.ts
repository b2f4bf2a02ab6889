// What vector stores promise about people: purposes, consent, age, where a document came from, and finding all of it.
import assert from 'node:assert/strict';
import type { CollectionRef, VectorPoint, VectorStore } from '../vector-store.js';
import { type Check, filled, idsOf, refuses } from './vector-store-checks.js';
import { axis, DIMENSION } from './vector-store-documents.js';

const EARLY = 1_700_000_000_000;
const LATE = EARLY + 86_400_000;
const A_BIG_COLLECTION = 12;

export const PRIVACY: Array<[string, Check]> = [
  [
    'finds a point that has purposes only for one of them, and counts no other to k',
    async (store, ref) => {
      await filled(store, ref, [
        ...blockers({ purposes: ['training'] }),
        { id: 'support', vector: axis(1), purposes: ['billing', 'support'] },
        { id: 'none', vector: axis(1), purposes: [] },
        { id: 'any', vector: axis(2) },
      ]);
      const found = async (purpose?: string) =>
        idsOf(await store.query(ref, { vector: axis(0), k: 2, ...(purpose && { purpose }) })).sort();
      assert.deepEqual(await found(), ['any']);
      assert.deepEqual(await found('support'), ['any', 'support']);
      assert.deepEqual(await found('marketing'), ['any']);
      assert.deepEqual(await found('training'), ['blocker-0', 'blocker-1']);
    },
  ],
  [
    'takes purposes given later, and taken away, at their word at once',
    async (store, ref) => {
      const found = async (purpose: string) => idsOf(await store.query(ref, { vector: axis(0), k: 5, purpose }));
      await filled(store, ref, [{ id: 'p', vector: axis(0) }]);
      assert.deepEqual(await found('support'), ['p']);
      await store.upsert(ref, [{ id: 'p', vector: axis(0), purposes: ['training'] }]);
      assert.deepEqual(await found('support'), []);
      assert.deepEqual(await found('training'), ['p']);
      await store.upsert(ref, [{ id: 'p', vector: axis(0), purposes: ['support'] }]);
      assert.deepEqual(await found('training'), []);
      assert.deepEqual(await found('support'), ['p']);
    },
  ],
  [
    'counts points without consent, and those ingested before, to no k',
    async (store, ref) => {
      await filled(store, ref, [
        ...blockers({ consent: false, lineage: { ingestedAt: LATE } }),
        { id: 'early', vector: axis(0), lineage: { ingestedAt: EARLY } },
        { id: 'late', vector: axis(1), lineage: { ingestedAt: LATE } },
      ]);
      assert.deepEqual(idsOf(await store.query(ref, { vector: axis(0), k: 1 })), ['early']);
      const since = (ingestedSince: number) => store.query(ref, { vector: axis(0), k: 1, ingestedSince });
      assert.deepEqual(idsOf(await since(EARLY)), ['early']);
      assert.deepEqual(idsOf(await since(EARLY + 1)), ['late']);
      assert.deepEqual(idsOf(await since(LATE + 1)), []);
    },
  ],
  [
    'joins purpose, age and filter',
    async (store, ref) => {
      if (!store.capabilities.filters.includes('eq')) return;
      const fit = { purposes: ['support'], lineage: { ingestedAt: LATE }, metadata: { lang: 'en' } };
      await filled(store, ref, [
        { id: 'fits', vector: axis(1), ...fit },
        { id: 'other purpose', vector: axis(0), ...fit, purposes: ['training'] },
        { id: 'too old', vector: axis(0), ...fit, lineage: { ingestedAt: EARLY } },
        { id: 'other language', vector: axis(0), ...fit, metadata: { lang: 'de' } },
        { id: 'no consent', vector: axis(0), ...fit, consent: false },
      ]);
      const filter = { op: 'eq', field: 'lang', value: 'en' } as const;
      const matches = await store.query(ref, {
        vector: axis(0),
        k: 1,
        purpose: 'support',
        ingestedSince: LATE,
        filter,
      });
      assert.deepEqual(idsOf(matches), ['fits']);
    },
  ],
  [
    'tells with a match whom it is about, where it came from and how',
    async (store, ref) => {
      const told = { subject: 'person-1', source: 'a.csv', lineage: { ingestRun: 'r', model: 'm', ingestedAt: EARLY } };
      await filled(store, ref, [{ id: 'told', vector: axis(0), ...told }]);
      const [match] = await store.query(ref, { vector: axis(0), k: 1 });
      assert.deepEqual({ subject: match?.subject, source: match?.source, lineage: match?.lineage }, told);
    },
  ],
  [
    'notes the time of the writing where it is not told',
    async (store, ref) => {
      const from = Date.now() - 1;
      await filled(store, ref, [{ id: 'untold', vector: axis(0) }]);
      assert.deepEqual(idsOf(await store.query(ref, { vector: axis(0), k: 1, ingestedSince: from })), ['untold']);
      const [point] = await store.get(ref, ['untold']);
      assert.ok(point!.lineage!.ingestedAt >= from && point!.lineage!.ingestedAt <= Date.now() + 1);
    },
  ],
  [
    'lists every point once, those without consent too, and none past its end',
    async (store, ref) => {
      const points = many().map((point, i) => ({ ...point, consent: i % 2 === 0 }));
      const ended = { id: 'ended', vector: axis(0), expiresAt: EARLY };
      await filled(store, ref, [...points, ended]);
      assert.deepEqual((await listed(store, ref, 5)).sort(), points.map(({ id }) => id).sort());
      const { points: all } = await store.list(ref, { limit: 1000 });
      assert.equal(all.find(({ id }) => id === 'n1')?.consent, false);
      assert.deepEqual([...all.find(({ id }) => id === 'n2')!.vector], [...points[2]!.vector]);
    },
  ],
  [
    'lists all about a person, and of nobody else, in pages of any size',
    async (store, ref) => {
      await filled(
        store,
        ref,
        many().map((point, i) => ({ ...point, subject: `person-${i % 3}`, consent: i % 2 === 0 })),
      );
      for (const limit of [1, 2, 3, 4, 1000]) {
        assert.deepEqual((await listed(store, ref, limit, 'person-1')).sort(), ['n1', 'n10', 'n4', 'n7']);
      }
      assert.deepEqual(await listed(store, ref, 10, 'nobody'), []);
    },
  ],
  [
    'lists points that stay, while others come and go',
    async (store, ref) => {
      await filled(store, ref, many());
      const { points, cursor } = await store.list(ref, { limit: 4 });
      const seen = points.map(({ id }) => id);
      await store.delete(ref, { ids: [seen[0]!] });
      await store.upsert(ref, [{ id: seen[1]!, vector: axis(1) }]);
      const rest = await listed(store, ref, 4, undefined, cursor);
      assert.deepEqual([...seen, ...rest].sort(), [...new Set([...seen, ...rest])].sort());
      for (const { id } of many()) assert.ok(seen.includes(id) || rest.includes(id), `${id} was not listed`);
    },
  ],
  [
    'refuses a cursor that it did not give',
    async (store, ref) => {
      await filled(store, ref);
      await refuses('request.invalid', () => store.list(ref, { limit: 1, cursor: "' OR 1=1 --" }));
    },
  ],
  [
    'deletes what was ingested before a time, and says how many there were',
    async (store, ref) => {
      await filled(store, ref, [
        { id: 'early', vector: axis(0), lineage: { ingestedAt: EARLY } },
        { id: 'withheld', vector: axis(0), consent: false, lineage: { ingestedAt: EARLY } },
        { id: 'late', vector: axis(0), lineage: { ingestedAt: LATE } },
      ]);
      assert.equal(await store.delete(ref, { ingestedBefore: EARLY }), 0);
      assert.equal(await store.delete(ref, { ingestedBefore: LATE }), 2);
      assert.deepEqual(idsOf(await store.query(ref, { vector: axis(0), k: 5 })), ['late']);
      assert.deepEqual(await store.get(ref, ['early', 'withheld']), []);
    },
  ],
  [
    'seals anew page by page what it seals at all, and loses nothing by it',
    async (store, ref) => {
      if (!store.reseal) return;
      await filled(store, ref, many());
      let [seen, cursor]: [number, string | undefined] = [0, undefined];
      do {
        const page = await store.reseal(ref.tenant, { limit: 5, ...(cursor !== undefined && { cursor }) });
        assert.ok(page.resealed <= page.seen && page.seen <= 5);
        seen += page.seen;
        cursor = page.cursor;
      } while (cursor !== undefined);
      assert.equal(seen, A_BIG_COLLECTION);
      assert.equal((await listed(store, ref, 1000)).length, A_BIG_COLLECTION);
    },
  ],
];

/** Points nearer to the first axis than any other, more than a careless store asks for. */
function blockers(all: Partial<VectorPoint>): VectorPoint[] {
  return Array.from({ length: A_BIG_COLLECTION }, (_, i) => ({
    id: `blocker-${i}`,
    vector: new Float32Array([1, i / 1000, 0, 0]),
    ...all,
  }));
}

function many(): VectorPoint[] {
  return Array.from({ length: A_BIG_COLLECTION }, (_, i) => ({
    id: `n${i}`,
    vector: Float32Array.from({ length: DIMENSION }, (_, at) => (at === 0 ? 1 : i / 4)),
  }));
}

/** Ids of all pages, in their order. */
async function listed(
  store: VectorStore,
  ref: CollectionRef,
  limit: number,
  subject?: string,
  from?: string,
): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor = from; ; ) {
    const page = await store.list(ref, { limit, ...(subject && { subject }), ...(cursor && { cursor }) });
    assert.ok(page.points.length <= limit);
    ids.push(...page.points.map(({ id }) => id));
    cursor = page.cursor;
    if (cursor === undefined) return ids;
  }
}
