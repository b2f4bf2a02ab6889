// Sealing anew: page by page, under the current key, and never against a writer or an erasure.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import type { VectorPoint, VectorStore } from '#ports';
import { bounded } from '#vector-stores';
import { RotatingSealer } from './support/sealers.js';
import { aFolder, aStore, filled, HERE } from './support/stores.js';

const A = new Float32Array([1, 0]);
const ids = ['a', 'b', 'c', 'd', 'e'];
const POINTS: VectorPoint[] = ids.map((id) => ({ id, vector: A, text: `text ${id}`, subject: `person ${id}` }));

async function aRotatedStore() {
  const [folder, sealer] = [await aFolder(), new RotatingSealer()];
  const store = await aStore({ folder, sealer });
  await filled(store, POINTS);
  sealer.rotate();
  return { folder, sealer, store };
}

/** Runs once at the sealer's next call, and not while it runs itself. */
function once(sealer: RotatingSealer, run: () => Promise<unknown>): void {
  sealer.meanwhile = () => {
    sealer.meanwhile = async () => undefined;
    return run();
  };
}

const listed = async (store: VectorStore, ref = HERE) => (await store.list(ref, { limit: 100 })).points;

test('what is sealed under former keys is sealed under the current one, over all collections of the tenant', async () => {
  const { sealer, store } = await aRotatedStore();
  const [more, empty, theirs] = [
    { ...HERE, collection: 'a-later-one' },
    { ...HERE, collection: 'empty' },
    { ...HERE, tenant: 'south' },
  ];
  await store.openCollection(empty, { dimension: 2, metric: 'cosine' });
  await filled(store, [POINTS[0]!], { ref: more });
  await filled(store, POINTS, { ref: theirs });
  sealer.rotate();
  const pages: Array<[number, number]> = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await store.reseal(HERE.tenant, { limit: 4, ...(cursor && { cursor }) });
    pages.push([page.seen, page.resealed]);
    cursor = page.cursor;
  }
  expect(pages).toEqual([
    [4, 4],
    [2, 2],
  ]);
  expect(await store.reseal(HERE.tenant, { limit: 100 })).toEqual({ seen: 6, resealed: 0, cursor: undefined });
  sealer.destroyFormer();
  expect((await listed(store)).map(({ text }) => text)).toEqual(POINTS.map(({ text }) => text));
  expect((await store.query(more, { vector: A, k: 1 }))[0]?.text).toBe('text a');
  expect(await listed(store, theirs)).toEqual([]);
});

test('a walk goes on where it stopped, also when collections and points have gone since', async () => {
  const { store } = await aRotatedStore();
  const { cursor } = await store.reseal(HERE.tenant, { limit: 2 });
  await store.delete(HERE, { ids: ['b', 'c'] });
  expect(await store.reseal(HERE.tenant, { limit: 100, cursor: cursor! })).toMatchObject({ seen: 2, resealed: 2 });
  await store.dropCollection(HERE);
  expect(await store.reseal(HERE.tenant, { limit: 100, cursor: cursor! })).toMatchObject({ seen: 0, resealed: 0 });
});

test('a document that is written while it is sealed anew stays as it was written', async () => {
  const { sealer, store } = await aRotatedStore();
  once(sealer, () => store.upsert(HERE, [{ id: 'a', vector: A, text: 'written meanwhile' }]));
  expect(await store.reseal(HERE.tenant, { limit: 100 })).toMatchObject({ seen: 5, resealed: 4 });
  expect((await store.get(HERE, ['a']))[0]?.text).toBe('written meanwhile');
});

test('a document that is deleted while it is sealed anew stays deleted', async () => {
  const { sealer, store } = await aRotatedStore();
  once(sealer, () => store.delete(HERE, { ids: ['a'] }));
  expect(await store.reseal(HERE.tenant, { limit: 100 })).toMatchObject({ seen: 5, resealed: 4 });
  expect((await listed(store)).map(({ id }) => id)).toEqual(['b', 'c', 'd', 'e']);
});

test('an erasure finds what is sealed anew while it looks', async () => {
  const { sealer, store } = await aRotatedStore();
  await store.list(HERE, { limit: 1, subject: 'person a' });
  once(sealer, () => store.reseal(HERE.tenant, { limit: 100 }));
  expect(await store.delete(HERE, { subject: 'person a' })).toBe(1);
  expect((await listed(store)).map(({ id }) => id)).toEqual(['b', 'c', 'd', 'e']);
});

test('what does not open is left as it is, and stops nothing', async () => {
  const { folder, sealer, store } = await aRotatedStore();
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  onTestFinished(() => file.close());
  file.exec("UPDATE points SET payload = x'00' WHERE id = 'a'");
  file.exec("UPDATE points SET payload = CAST(x'09' || zeroblob(60) AS BLOB) WHERE id = 'b'");
  expect(await store.reseal(HERE.tenant, { limit: 100 })).toEqual({ seen: 5, resealed: 3, cursor: undefined });
  expect(file.prepare('SELECT count(*) AS count FROM points').get()).toEqual({ count: 5 });
  sealer.meanwhile = () => Promise.reject(new Error('key service down'));
  sealer.rotate();
  await expect(store.reseal(HERE.tenant, { limit: 100 })).rejects.toThrow('key service down');
});

test('a store that seals nothing is bounded without it', () => {
  const bounds = { timeoutMs: 1000, retries: 0, backoffMs: 0, maxBackoffMs: 0, concurrency: 1, queue: 1 };
  const bare = bounded({ provider: 'bare', capabilities: {} } as VectorStore, bounds);
  expect(bare.reseal).toBeUndefined();
});
