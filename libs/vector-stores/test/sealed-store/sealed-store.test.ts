// A remote store keeps texts only sealed, and what it gives back is believed only as far as it was sealed.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { type Announcements, listen, type VectorPoint, vectorStoreContract } from '#ports';
import { openVectorStore, type SealedOptions, sealed, vectorStoreSection } from '#vector-stores';
import { plainSealer, RotatingSealer, sealerOf } from '../support/sealers.js';
import { aFolder, aStore, HERE } from '../support/stores.js';

const KEY = randomBytes(32);

async function aSealed(o: Partial<SealedOptions> = {}, sealer = sealerOf(KEY)) {
  const inner = await aStore();
  const store = sealed(inner, sealer, { mode: 'text', ...o });
  await store.openCollection(HERE, { dimension: 2, metric: 'cosine' });
  return { inner, store };
}

for (const mode of ['text', 'payload'] as const) {
  describe(`sealed, ${mode}`, () => {
    const open = async () => sealed(await aStore(), sealerOf(KEY), { mode });
    for (const { name, run } of vectorStoreContract(open)) test(name, run);
  });
}

const vector = Float32Array.of(1, 0);
const SECRET = 'the pin is 4711';
const whole: VectorPoint = {
  id: 'a',
  vector,
  text: SECRET,
  metadata: { lang: 'en' },
  subject: 'ann',
  source: 'pins.csv',
  purposes: ['support'],
  lineage: { provider: 'acme', model: 'small', version: '1', ingestRun: 'nightly', ingestedAt: 1000 },
};
const nearest = { vector, k: 10, purpose: 'support' };

/** What is announced as rejected while it runs. */
async function rejections(run: () => Promise<unknown>): Promise<string[]> {
  const told: Announcements['vector.rejected'][] = [];
  const stop = listen('vector.rejected', (one) => told.push(one));
  await run().finally(stop);
  return told.map(({ reason }) => reason);
}

describe('what is sealed', () => {
  test('is not readable in the store: text, source and lineage, and metadata where that is asked for', async () => {
    for (const [mode, metadata] of [
      ['text', { lang: 'en' }],
      ['payload', undefined],
    ] as const) {
      const { inner, store } = await aSealed({ mode });
      await store.upsert(HERE, [whole]);
      const [kept] = await inner.get(HERE, ['a']);
      expect([kept?.metadata, kept?.source, kept?.lineage]).toEqual([metadata, undefined, { ingestedAt: 1000 }]);
      expect(JSON.stringify(kept)).not.toMatch(/4711|pins|nightly|small/);
      const [match] = await store.query(HERE, nearest);
      const { vector: _, purposes: __, ...told } = whole;
      expect(match).toEqual({ ...told, score: 1 });
      expect((await store.get(HERE, ['a']))[0]).toEqual(whole);
      const listed = await store.list(HERE, { limit: 5, subject: 'ann' });
      expect(listed.points).toEqual([whole]);
      const vectors = await store.query(HERE, { ...nearest, withVectors: true });
      expect([...(vectors[0]?.vector ?? vector)]).toEqual([1, 0]);
    }
  });

  test('with its metadata refuses filters, and hybrid queries always', async () => {
    const { store } = await aSealed({ mode: 'payload' });
    const filter = { op: 'eq', field: 'lang', value: 'en' } as const;
    expect(store.capabilities).toMatchObject({ filters: [], hybrid: false });
    for (const refused of [store.query(HERE, { ...nearest, filter }), store.delete(HERE, { filter })])
      await expect(refused).rejects.toMatchObject({ code: 'vector.filter_unsupported', facts: { operator: 'eq' } });
    await expect(store.query(HERE, { ...nearest, hybrid: { text: 'pin', alpha: 0.5 } })).rejects.toMatchObject({
      code: 'vector.hybrid_unsupported',
    });
    await store.health();
  });
});

describe('what the store gives back', () => {
  test('is never given where it was not sealed here, not for that place, or not in a known form', async () => {
    const { inner, store } = await aSealed();
    await store.upsert(HERE, [whole]);
    const [kept] = await inner.get(HERE, ['a']);
    const odd = async (plain: string) => {
      const at = {
        tenant: HERE.tenant,
        purpose: 'vector-document',
        name: `${HERE.collection.length}:${HERE.collection}odd`,
      };
      const bytes = await sealerOf(KEY).seal(Buffer.from(plain), at);
      return `resk-sealed:1:${Buffer.from(bytes).toString('base64')}`;
    };
    for (const [text, reason] of [
      ['planted', 'unsealed'],
      [undefined, 'unsealed'],
      [kept!.text, 'tampered'],
      [await odd('{"v":2}'), 'malformed'],
      [await odd('not json'), 'malformed'],
    ] as const) {
      await inner.upsert(HERE, [{ id: 'odd', vector, ...(text !== undefined && { text }) }]);
      const told = await rejections(async () => {
        expect((await store.query(HERE, nearest)).map(({ id }) => id)).toEqual(['a']);
        expect(await store.get(HERE, ['odd'])).toEqual([]);
      });
      expect(told).toEqual([reason, reason]);
    }
  });

  test('is as narrow as it was sealed, whatever stands beside it', async () => {
    const { inner, store } = await aSealed();
    const points: VectorPoint[] = [
      { ...whole, id: 'withheld', consent: false },
      { ...whole, id: 'other purpose', purposes: ['training'] },
      { ...whole, id: 'old', lineage: { ingestedAt: 10 } },
      { ...whole, id: 'other language', metadata: { lang: 'de' } },
      { ...whole, id: 'bob', subject: 'bob' },
      { ...whole, id: 'fits' },
    ];
    await store.upsert(HERE, points);
    const kept = await inner.get(
      HERE,
      points.map(({ id }) => id),
    );
    const widened = kept.map(({ id, vector, text }) => ({
      id,
      vector,
      ...(text !== undefined && { text }),
      metadata: { lang: 'en' },
      subject: 'ann',
      lineage: { ingestedAt: 9e12 },
    }));
    await inner.upsert(HERE, widened);
    const filter = { op: 'eq', field: 'lang', value: 'en' } as const;
    const found = await store.query(HERE, { ...nearest, filter, ingestedSince: 500 });
    expect(found.map(({ id }) => id).sort()).toEqual(['bob', 'fits']);
    const listed = await store.list(HERE, { limit: 100, subject: 'ann' });
    expect(listed.points.map(({ id }) => id)).not.toContain('bob');
  });

  test('that has ended is not given', async () => {
    let now = Date.now();
    const { store } = await aSealed({ now: () => now });
    await store.upsert(HERE, [{ ...whole, expiresAt: now + 60_000 }]);
    expect(await store.query(HERE, nearest)).toHaveLength(1);
    now += 60_001;
    expect([await store.query(HERE, nearest), await store.get(HERE, ['a'])]).toEqual([[], []]);
  });

  test('is not taken for unreadable where the keys cannot be reached', async () => {
    const sealer = sealerOf(KEY);
    const open = () => Promise.reject(new Error('key service down'));
    const { store } = await aSealed({}, { seal: sealer.seal, isCurrent: sealer.isCurrent, open });
    await store.upsert(HERE, [whole]);
    await expect(store.query(HERE, nearest)).rejects.toThrow('key service down');
  });
});

describe('resealing', () => {
  const many = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, at): VectorPoint => ({ id: `${prefix}${at}`, vector, text: `text ${at}` }));

  test('seals all collections anew, page by page, and loses nothing', async () => {
    const sealer = new RotatingSealer();
    const { inner, store } = await aSealed({}, sealer);
    const other = { ...HERE, collection: 'zoo' };
    await store.openCollection(other, { dimension: 2, metric: 'cosine' });
    await store.upsert(HERE, many(7, 'a'));
    await store.upsert(other, many(3, 'z'));
    sealer.rotate();
    await store.upsert(HERE, many(1, 'new'));
    await inner.upsert(HERE, [{ id: 'planted', vector, text: 'plain' }]);
    let [seen, resealed, cursor]: [number, number, string | undefined] = [0, 0, undefined];
    const told = await rejections(async () => {
      do {
        const page = await store.reseal!(HERE.tenant, { limit: 4, ...(cursor !== undefined && { cursor }) });
        seen += page.seen;
        resealed += page.resealed;
        cursor = page.cursor;
      } while (cursor !== undefined);
    });
    expect([seen, resealed, told]).toEqual([12, 10, ['unsealed']]);
    sealer.destroyFormer();
    expect((await store.list(HERE, { limit: 100 })).points).toHaveLength(8);
    expect((await store.list(other, { limit: 100 })).points).toHaveLength(3);
    expect(await store.reseal!('nobody', { limit: 4 })).toEqual({ seen: 0, resealed: 0, cursor: undefined });
  });

  test('leaves what others write or delete meanwhile as it is, and what does not open', async () => {
    const sealer = new RotatingSealer();
    const { store } = await aSealed({}, sealer);
    await store.upsert(HERE, many(2, 'a'));
    sealer.rotate();
    let meanwhile = async (): Promise<unknown> => store.delete(HERE, { ids: ['a0', 'a1'] });
    sealer.meanwhile = () => {
      const now = meanwhile;
      meanwhile = async () => undefined;
      return now();
    };
    expect(await store.reseal!(HERE.tenant, { limit: 10 })).toMatchObject({ seen: 2, resealed: 0 });
    expect(await store.count(HERE)).toBe(0);
    await store.upsert(HERE, many(1, 'lost'));
    sealer.rotate();
    sealer.destroyFormer();
    const told = await rejections(() => store.reseal!(HERE.tenant, { limit: 10 }));
    expect([told, await store.count(HERE)]).toEqual([['unknown_key'], 1]);
  });

  test('refuses a cursor of others', async () => {
    const { store } = await aSealed();
    for (const cursor of ['***', Buffer.from('{"name":1}').toString('base64url')])
      await expect(store.reseal!(HERE.tenant, { limit: 1, cursor })).rejects.toMatchObject({ code: 'request.invalid' });
  });
});

describe('VECTORDB_SEAL', () => {
  const open = async (env: Record<string, string>, sealer: object) => {
    const folder = await aFolder();
    await writeFile(
      `${folder}/remote.mjs`,
      `export default { family: 'vector-store', name: 'remote', portsVersion: 1,
         options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
         open: async () => ({ provider: 'remote', capabilities: { filters: ['eq'] }, close: async () => {} }) };`,
    );
    const sources = environmentSources({ env, envFile: false });
    const { vectorStore } = readConfig([vectorStoreSection], sources);
    const context = { dataDir: folder, plugins: [`${folder}/remote.mjs`], sealer: sealer as typeof plainSealer };
    return (await openVectorStore(vectorStore, context))!;
  };

  test('seals a store of others, and not where it is off', async () => {
    const filters = async (seal: string) =>
      (await open({ VECTORDB_TYPE: 'remote', VECTORDB_SEAL: seal }, sealerOf(KEY))).capabilities.filters;
    expect([await filters('off'), await filters('text'), await filters('payload')]).toEqual([['eq'], ['eq'], []]);
  });

  test('without keys stops the boot; the embedded store needs none', async () => {
    const none = { ...plainSealer, sealing: false };
    const refused = open({ VECTORDB_TYPE: 'remote', VECTORDB_SEAL: 'text' }, none);
    await expect(refused).rejects.toMatchObject({ code: 'crypto.sealing_off' });
    const embedded = await open({ VECTORDB_TYPE: 'embedded', VECTORDB_SEAL: 'text' }, none);
    await embedded.close();
  });
});
