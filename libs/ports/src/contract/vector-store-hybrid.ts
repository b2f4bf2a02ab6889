// What vector stores promise about finding by words beside vectors, where they do.
import assert from 'node:assert/strict';
import type { CollectionRef, Hybrid, VectorMatch, VectorPoint, VectorStore } from '../vector-store.js';
import { type Check, filled, idsOf, refuses } from './vector-store-checks.js';
import { axis } from './vector-store-documents.js';

/** `named` has the word, `near` is nearest to the first axis, `both` has a bit of each, `neither` nothing. */
const TEXTS: VectorPoint[] = [
  { id: 'named', vector: axis(3), text: 'Zirconium melts late', metadata: { lang: 'en' } },
  { id: 'near', vector: axis(0), text: 'iron rusts early', metadata: { lang: 'en' } },
  { id: 'both', vector: new Float32Array([1, 0, 0, 0.5]), text: 'zirconium', metadata: { lang: 'de' } },
  { id: 'neither', vector: axis(2), text: 'water flows', metadata: { lang: 'en' } },
];

const WORD = 'zirconium';
const PAST = Date.now() - 1000;

function asked(store: VectorStore, ref: CollectionRef, hybrid: Hybrid, more: object = {}): Promise<VectorMatch[]> {
  return store.query(ref, { vector: axis(0), k: 4, hybrid, ...more });
}

/** Only for stores that search by words. */
function hybrid(check: Check): Check {
  return async (store, ref) => {
    if (store.capabilities.hybrid) await check(store, ref);
  };
}

export const HYBRID: Array<[string, Check]> = [
  [
    'refuses to search by words where it does not claim to',
    async (store, ref) => {
      if (store.capabilities.hybrid) return;
      await filled(store, ref);
      await refuses('vector.hybrid_unsupported', () => asked(store, ref, { text: 'first', alpha: 0.5 }));
    },
  ],
  [
    'finds by words alone what no vector is near to, whatever the case of its letters',
    hybrid(async (store, ref) => {
      await filled(store, ref, TEXTS);
      const found = idsOf(await asked(store, ref, { text: WORD, alpha: 0 }, { k: 2 }));
      assert.deepEqual(found.sort(), ['both', 'named']);
      const [first] = await asked(store, ref, { text: 'water', alpha: 0 }, { k: 1 });
      assert.equal(first?.id, 'neither');
    }),
  ],
  [
    'ranks by vectors alone where words have no share',
    hybrid(async (store, ref) => {
      await filled(store, ref, TEXTS);
      assert.deepEqual(idsOf(await asked(store, ref, { text: WORD, alpha: 1 }, { k: 2 })), ['near', 'both']);
    }),
  ],
  [
    'puts first what both words and vectors speak for, scores in 0..1 that do not rise, and gives at most k',
    hybrid(async (store, ref) => {
      await filled(store, ref, TEXTS);
      for (const one of [{ text: WORD }, { text: WORD, alpha: 0.5 }]) {
        const matches = await asked(store, ref, one, { k: 3 });
        assert.equal(matches.length, 3);
        assert.equal(matches[0]?.id, 'both', JSON.stringify(one));
        const scores = matches.map(({ score }) => score);
        assert.ok(
          scores.every((score) => score >= 0 && score <= 1),
          `scores: ${scores}`,
        );
        assert.deepEqual(
          scores,
          scores.toSorted((a, b) => b - a),
        );
      }
    }),
  ],
  [
    'leaves out of a hybrid query what scores below the threshold',
    hybrid(async (store, ref) => {
      await filled(store, ref, TEXTS);
      const [first, second] = await asked(store, ref, { text: WORD, alpha: 0.5 });
      const threshold = (first!.score + second!.score) / 2;
      assert.deepEqual(idsOf(await asked(store, ref, { text: WORD, alpha: 0.5 }, { threshold })), ['both']);
    }),
  ],
  [
    'finds by words nothing that has ended, lacks consent, or has another purpose, age or metadata; and counts it to no k',
    hybrid(async (store, ref) => {
      const text = `${WORD} ${WORD}`;
      await filled(store, ref, [
        { id: 'ended', vector: axis(0), text, expiresAt: PAST },
        { id: 'withheld', vector: axis(0), text, consent: false },
        { id: 'purposed', vector: axis(0), text, purposes: ['training'] },
        { id: 'old', vector: axis(0), text, lineage: { ingestedAt: 1_600_000_000_000 } },
        { id: 'fits', vector: axis(1), text: `${WORD} among many other words`, metadata: { lang: 'en' } },
      ]);
      for (const one of [{ text: WORD, alpha: 0 }, { text: WORD, alpha: 0.5 }, { text: WORD }]) {
        const since = { k: 1, ingestedSince: PAST - 3_600_000 };
        assert.deepEqual(idsOf(await asked(store, ref, one, since)), ['fits'], JSON.stringify(one));
        if (!store.capabilities.filters.includes('eq')) continue;
        const filter = { op: 'eq', field: 'lang', value: 'en' };
        assert.deepEqual(idsOf(await asked(store, ref, one, { k: 1, filter })), ['fits'], JSON.stringify(one));
      }
      const trained = await asked(store, ref, { text: WORD, alpha: 0 }, { purpose: 'training' });
      assert.ok(idsOf(trained).includes('purposed'));
    }),
  ],
  [
    'knows the words of a text with the very next query, and those of a former or deleted one no more',
    hybrid(async (store, ref) => {
      await filled(store, ref, TEXTS);
      const found = async (text: string) => idsOf(await asked(store, ref, { text, alpha: 0 }, { threshold: 0.01 }));
      assert.deepEqual((await found(WORD)).sort(), ['both', 'named']);
      await store.upsert(ref, [
        { id: 'named', vector: axis(3), text: 'tungsten melts last' },
        { id: 'new', vector: axis(1), text: 'zirconium again' },
      ]);
      assert.deepEqual(await found('tungsten'), ['named']);
      assert.deepEqual((await found(WORD)).sort(), ['both', 'new']);
      await store.delete(ref, { ids: ['both'] });
      assert.deepEqual(await found(WORD), ['new']);
    }),
  ],
  [
    "finds no other tenant's words",
    hybrid(async (store, ref) => {
      const other = { ...ref, tenant: `${ref.tenant}-other` };
      await filled(store, ref, [{ id: 'mine', vector: axis(0), text: 'iron' }]);
      await filled(store, other, TEXTS);
      for (const one of [{ text: WORD, alpha: 0 }, { text: WORD }]) {
        assert.ok(!idsOf(await asked(store, ref, one)).some((id) => id !== 'mine'), JSON.stringify(one));
      }
      assert.equal(await store.dropCollection(other), true);
    }),
  ],
];
