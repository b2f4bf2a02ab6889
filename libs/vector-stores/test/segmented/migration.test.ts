// A collection moves to another model while it is used: what is newer is not overwritten, what is deleted does not come back.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { VectorPoint } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import type { SegmentedStore } from '#vector-stores';
import { aFolder, aStore, HERE } from '../support/stores.js';
import {
  aCollection,
  all,
  aSegmented,
  byNew,
  byOld,
  found,
  inside,
  interrupted,
  made,
  NEW,
  newTag,
  OLD,
} from './support.js';

const NOW = Date.now();
const vector = Float32Array.of(0, 1, 0);
const FROM = 'documents';

/** A collection of the old model at whose new segment somebody has begun to build. */
async function building(points: readonly VectorPoint[], o: Parameters<typeof aCollection>[1] = {}) {
  const room = await aCollection(points, o);
  await room.segmented.migration.begin(HERE, newTag, NOW);
  return room;
}

const copied = ({ migration }: SegmentedStore, points: readonly VectorPoint[]) =>
  migration.place(
    HERE,
    FROM,
    newTag,
    points.map((seen) => ({ seen, vector })),
  );

const pageOf = async ({ migration }: SegmentedStore) => (await migration.page(HERE, FROM, { limit: 100 })).points;

async function through(segmented: SegmentedStore): Promise<void> {
  await copied(segmented, await segmented.migration.missing(HERE, await pageOf(segmented)));
}

describe('while it is built', () => {
  test('the former model finds all that it found, and the collection is told and counted as one', async () => {
    const { segmented } = await building([made(OLD, 'a', { subject: 'ann' }), made(OLD, 'b'), made(OLD, 'c')]);
    await copied(segmented, (await pageOf(segmented)).slice(0, 2));
    expect([await found(segmented, byOld), await found(segmented, byNew)]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b'],
    ]);
    const { by: _, ...query } = byOld;
    expect(await segmented.query(HERE, query)).toHaveLength(3);
    expect([await all(segmented), await all(segmented, 100), await segmented.count(HERE)]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
      3,
    ]);
    expect(await segmented.describeCollection(HERE)).toMatchObject({ dimension: 2, count: undefined });
    expect((await segmented.list(HERE, { subject: 'ann', limit: 1 })).points.map(({ id }) => id)).toEqual(['a']);
  });

  test('deletions are counted once, however they select', async () => {
    const lang = (value: string) => ({ metadata: { lang: value } });
    const points = [
      made(OLD, 'a', { subject: 'ann' }),
      made(OLD, 'b', lang('en')),
      made(OLD, 'c', { lineage: { ...OLD, ingestedAt: 1000 } }),
      made(OLD, 'd'),
      made(OLD, 'e'),
    ];
    const { segmented } = await building(points);
    await through(segmented);
    await segmented.upsert(HERE, [made(NEW, 'own', { subject: 'ann', ...lang('en') })]);
    expect(await segmented.delete(HERE, { ids: ['d', 'absent'] })).toBe(1);
    expect(await segmented.delete(HERE, { ingestedBefore: 2000 })).toBe(1);
    expect(await segmented.delete(HERE, { subject: 'ann' })).toBe(2);
    expect(await segmented.delete(HERE, { filter: { op: 'eq', field: 'lang', value: 'en' } })).toBe(1);
    expect([await all(segmented), await segmented.count(HERE)]).toEqual([['e'], 1]);
  });

  test('everything of a point is kept but its vector and its model', async () => {
    const whole = {
      metadata: { lang: 'en' },
      subject: 'ann',
      consent: false,
      purposes: ['support'],
      source: 'a.csv',
      expiresAt: NOW + 3_600_000,
    };
    const { segmented, store } = await building([
      made(OLD, 'a', { ...whole, lineage: { ...OLD, ingestRun: 'r', normalised: true, ingestedAt: 1000 } }),
    ]);
    await through(segmented);
    const [later] = (await inside(store)).slice(1);
    const [point] = await store.get({ ...HERE, collection: later! }, ['a']);
    expect(point).toEqual({
      id: 'a',
      text: 'text of a',
      vector,
      ...whole,
      lineage: { ...NEW, ingestRun: 'r', ingestedAt: 1000 },
    });
  });

  test('what was written or deleted since it was seen is left as it is', async () => {
    const { segmented } = await building(['kept', 'gone', 'anew', 'old anew'].map((id) => made(OLD, id)));
    const seen = await pageOf(segmented);
    await segmented.delete(HERE, { ids: ['gone'] });
    await segmented.upsert(HERE, [made(NEW, 'anew', { text: 'newer' })]);
    await segmented.upsert(HERE, [made(OLD, 'old anew', { text: 'newer' })]);
    expect(await copied(segmented, seen)).toBe(1);
    expect(await found(segmented, byNew)).toEqual(['anew', 'kept']);
    expect((await segmented.get(HERE, ['anew']))[0]?.text).toBe('newer');
    expect(await all(segmented)).toEqual(['anew', 'kept', 'old anew']);
  });

  test('what an instance deletes that has not heard of it does not come back', async () => {
    const store = await aStore();
    let meanwhile = async (): Promise<unknown> => undefined;
    const odd = interrupted(store, 'upsert', () => meanwhile());
    const { segmented } = await building([made(OLD, 'a'), made(OLD, 'b')], { store: odd });
    const seen = await pageOf(segmented);
    meanwhile = () => store.delete(HERE, { ids: ['a'] });
    expect(await copied(segmented, seen)).toBe(1);
    expect([await all(segmented), await found(segmented, byNew)]).toEqual([['b'], ['b']]);
  });

  test('writers wait for their turn, and lose nothing', async () => {
    const folder = await aFolder();
    const [records, bus] = [new MemoryRecords(), new LocalBus()];
    const ids = Array.from({ length: 30 }, (_, at) => `p${at}`);
    const one = await building(
      ids.map((id) => made(OLD, id)),
      { store: await aStore({ folder }), records, bus },
    );
    const { segmented: other } = await aSegmented({ store: await aStore({ folder }), records, bus });
    const seen = await pageOf(one.segmented);
    const copy = async () => {
      for (const point of seen) await copied(one.segmented, [point]);
    };
    const write = async () => {
      for (const id of ids.slice(0, 10)) await other.upsert(HERE, [made(NEW, id, { text: 'newer' })]);
      for (const id of ids.slice(10, 20)) await other.delete(HERE, { ids: [id] });
    };
    await Promise.all([copy(), write()]);
    expect(await found(other, byNew)).toEqual([...ids.slice(0, 10), ...ids.slice(20)].sort());
    const texts = (await other.get(HERE, ids.slice(0, 10))).map(({ text }) => text);
    expect(texts).toEqual(texts.map(() => 'newer'));
  });

  test('a page is asked for that holds nothing more to do where another has copied it', async () => {
    const { segmented } = await building([made(OLD, 'a')]);
    await through(segmented);
    expect(await segmented.migration.missing(HERE, await pageOf(segmented))).toEqual([]);
    expect(await segmented.migration.missing(HERE, [])).toEqual([]);
    expect(await copied(segmented, [])).toBe(0);
  });
});

describe('when all is copied', () => {
  test('the new segment takes the place of the former one, which is dropped', async () => {
    const { segmented, store } = await building([made(OLD, 'a'), made(OLD, 'b')]);
    await through(segmented);
    const { migration } = segmented;
    expect(await migration.finish(HERE, FROM, { complete: true })).toBe(true);
    await migration.end(HERE);
    expect(await inside(store)).toEqual([expect.stringMatching(/~/)]);
    expect([await found(segmented, byNew), await found(segmented, byOld)]).toEqual([['a', 'b'], []]);
    expect(await segmented.describeCollection(HERE)).toMatchObject({ name: 'documents', dimension: 3, count: 2 });
    expect((await segmented.listCollections(HERE.tenant)).map(({ name }) => name)).toEqual(['documents']);
    expect([await migration.former(HERE, newTag), segmented.behind]).toEqual([[], 1]);
    await found(segmented, byNew);
    expect(segmented.behind).toBe(0);
    await migration.end(HERE);
  });

  test('but others have written for the former model, it is to be gone through once more', async () => {
    const { segmented } = await building([made(OLD, 'a')]);
    await through(segmented);
    const { migration } = segmented;
    await segmented.upsert(HERE, [made(OLD, 'late'), made(OLD, 'a', { text: 'newer' })]);
    await segmented.upsert(HERE, [made(OLD, 'later')]);
    expect(await migration.finish(HERE, FROM, { complete: true })).toBe(false);
    await through(segmented);
    expect(await migration.finish(HERE, FROM, { complete: true })).toBe(true);
    expect(await found(segmented, byNew)).toEqual(['a', 'late', 'later']);
    expect((await segmented.get(HERE, ['a']))[0]?.text).toBe('newer');
  });

  test('what could not be copied stays, and is counted', async () => {
    const { segmented, store } = await building(['a', 'b', 'c', 'd'].map((id) => made(OLD, id)));
    const points = await pageOf(segmented);
    await copied(segmented, points.slice(0, 3));
    const { migration } = segmented;
    await migration.finish(HERE, FROM, { complete: false });
    expect(await segmented.count(HERE)).toBe(4);
    let cursor: string | undefined;
    do cursor = await migration.clear(HERE, FROM, { cursor, limit: 2 });
    while (cursor !== undefined);
    await migration.settle(HERE, FROM);
    await migration.end(HERE);
    expect([await found(segmented, byNew), await all(segmented), await segmented.count(HERE)]).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c', 'd'],
      4,
    ]);
    expect([await inside(store), await store.count(HERE), segmented.behind]).toEqual([
      ['documents', expect.stringMatching(/~/)],
      1,
      0,
    ]);
    // The former model writes again: that is to be moved too.
    await segmented.upsert(HERE, [made(OLD, 'e')]);
    await found(segmented, byNew);
    expect(segmented.behind).toBe(1);
    await segmented.delete(HERE, { ids: ['d', 'e'] });
    await migration.settle(HERE, FROM);
    expect(await inside(store)).toHaveLength(1);
  });

  test('a segment that was there before is built on', async () => {
    const { segmented } = await aCollection([made(OLD, 'a')]);
    await segmented.upsert(HERE, [made(NEW, 'own')]);
    const { migration } = segmented;
    expect(await migration.former(HERE, newTag)).toEqual([{ name: FROM, count: 1 }]);
    await migration.begin(HERE, newTag, NOW);
    await migration.begin(HERE, newTag, NOW);
    await through(segmented);
    expect(await found(segmented, byNew)).toEqual(['a', 'own']);
  });
});

describe('a collection that goes meanwhile', () => {
  test('stays gone', async () => {
    const { segmented, store } = await building([made(OLD, 'a')]);
    const seen = await pageOf(segmented);
    await segmented.dropCollection(HERE);
    const { migration } = segmented;
    expect(await copied(segmented, seen)).toBeUndefined();
    expect(await migration.missing(HERE, seen)).toEqual([]);
    expect(await migration.page(HERE, FROM, { limit: 1 })).toEqual({ points: [], cursor: undefined });
    expect(await migration.finish(HERE, FROM, { complete: true })).toBe(true);
    expect(await migration.clear(HERE, FROM, { limit: 1 })).toBeUndefined();
    await migration.settle(HERE, FROM);
    expect([await inside(store), await migration.former(HERE, newTag)]).toEqual([[], []]);
  });

  test('while a new model begins in it leaves no segment behind', async () => {
    const store = await aStore();
    let meanwhile = async (): Promise<unknown> => undefined;
    const odd = interrupted(store, 'openCollection', () => meanwhile());
    const { segmented } = await aCollection([made(OLD, 'a')], { store: odd });
    meanwhile = async () => {
      meanwhile = async () => undefined;
      await segmented.dropCollection(HERE);
    };
    const late = segmented.upsert(HERE, [made(NEW, 'c')]);
    await expect(late).rejects.toMatchObject({ code: 'vector.collection_absent' });
    expect(await inside(store)).toEqual([]);
  });
});

test('nothing is copied before every instance can know of it', async () => {
  const { segmented } = await aCollection([made(OLD, 'a')], { settledMs: 30_000 });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  let begun = false;
  const begin = segmented.migration.begin(HERE, newTag, NOW).then(() => (begun = true));
  while (vi.getTimerCount() === 0) await setImmediate();
  await vi.advanceTimersByTimeAsync(29_999);
  expect(begun).toBe(false);
  await vi.advanceTimersByTimeAsync(2);
  await begin;
  // Begun long ago: nobody waits again.
  await segmented.migration.begin(HERE, newTag, NOW + 60_000);
});

test('a collection that others hold for too long is busy', async () => {
  const { segmented, records } = await building([made(OLD, 'a')]);
  await records.put('segments~lock/segments/north/documents', 'another');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  onTestFinished(() => void vi.useRealTimers());
  let refused: unknown;
  void segmented.upsert(HERE, [made(NEW, 'b')]).catch((error: unknown) => (refused = error));
  while (refused === undefined) {
    await setImmediate();
    await vi.advanceTimersByTimeAsync(10_000);
  }
  expect(refused).toMatchObject({ code: 'vector.collection_busy' });
});

test('a write whose segment went while it waited is written where it belongs now', async () => {
  const { segmented, store } = await building([made(OLD, 'a')]);
  await through(segmented);
  const { migration } = segmented;
  const finishing = migration.finish(HERE, FROM, { complete: true });
  const writing = segmented.upsert(HERE, [made(OLD, 'late')]);
  await Promise.all([finishing, writing]);
  await migration.end(HERE);
  expect(await all(segmented)).toEqual(['a', 'late']);
  expect(await inside(store)).toHaveLength(2);
});
