// Vectors of different models are never compared, and everything else sees one collection.
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { failure, listen } from '#ports';
import { LocalBus, MemoryRecords, SqliteRecords } from '#records';
import { SegmentedStore } from '#vector-stores';
import { aFolder, aStore, HERE } from '../support/stores.js';
import { aCollection, all, aSegmented, byNew, byOld, found, idsOf, inside, made, NEW, OLD } from './support.js';

describe('a changed model', () => {
  test('finds what it made itself, and nothing that another made', async () => {
    const { segmented, store } = await aCollection([made(OLD, 'a'), made(OLD, 'b')]);
    expect(await inside(store)).toEqual(['documents']);
    await segmented.upsert(HERE, [made(NEW, 'c')]);
    expect([await found(segmented, byOld), await found(segmented, byNew)]).toEqual([['a', 'b'], ['c']]);
    expect(await inside(store)).toEqual(['documents', expect.stringMatching(/^documents~[0-9a-f]{8}$/)]);
  });

  test('that made nothing yet finds nothing, without a call, and says so', async () => {
    const { segmented, store } = await aCollection([made(OLD, 'a')]);
    const told: object[] = [];
    const stop = listen('vector.model_unmatched', (one) => told.push(one));
    const query = vi.spyOn(store, 'query');
    expect(await found(segmented, byNew)).toEqual([]);
    stop();
    expect([query.mock.calls.length, told, segmented.behind]).toEqual([0, [HERE], 1]);
  });

  test('of the same name is another one by its version, its dimension or its lengths', async () => {
    const { segmented } = await aCollection([made(OLD, 'a', { lineage: { ...OLD, normalised: true, ingestedAt: 1 } })]);
    const others = [
      made(OLD, 'b', { lineage: { ...OLD, version: '2', ingestedAt: 1 } }),
      made(OLD, 'c', { vector: Float32Array.of(1, 0, 0, 0) }),
      made(OLD, 'd', { lineage: { ...OLD, normalised: false, ingestedAt: 1 } }),
    ];
    await segmented.upsert(HERE, others);
    expect(await found(segmented, { ...byOld, by: { ...OLD, version: '2' } })).toEqual(['b']);
    expect(await found(segmented, { ...byOld, vector: Float32Array.of(1, 0, 0, 0) })).toEqual(['c']);
    expect(await found(segmented, byOld)).toEqual(['d']);
    // What does not say whether it is of unit length fits either.
    await segmented.upsert(HERE, [made(OLD, 'e')]);
    expect(await found(segmented, byOld)).toEqual(['d', 'e']);
  });

  test('takes what it writes anew from the other models, so that no id is there twice', async () => {
    const { segmented } = await aCollection([made(OLD, 'a'), made(OLD, 'b')]);
    await segmented.upsert(HERE, [made(NEW, 'a', { text: 'anew' })]);
    expect([await found(segmented, byOld), await found(segmented, byNew)]).toEqual([['b'], ['a']]);
    expect([await all(segmented, 1), await segmented.count(HERE)]).toEqual([['a', 'b'], 2]);
    expect((await segmented.get(HERE, ['a', 'b', 'c'])).map(({ text }) => text).sort()).toEqual(['anew', 'text of b']);
    await segmented.upsert(HERE, [made(OLD, 'a')]);
    expect([await found(segmented, byOld), await found(segmented, byNew)]).toEqual([['a', 'b'], []]);
  });
});

describe('what names no model', () => {
  test('is written to the active segment, and asked of it', async () => {
    const { segmented } = await aCollection([made(OLD, 'a'), made(undefined, 'own')]);
    expect(await found(segmented, byOld)).toEqual(['a', 'own']);
    await segmented.upsert(HERE, [made(NEW, 'c')]);
    const own = made(undefined, 'own', { vector: Float32Array.of(0, 1, 0) });
    await segmented.upsert(HERE, [own]);
    const { by: _, ...query } = byNew;
    expect(idsOf(await segmented.query(HERE, query))).toEqual(['c', 'own']);
    expect(await found(segmented, byOld)).toEqual(['a']);
  });

  test('is found by any model while no other has written, and is then taken for that one’s', async () => {
    const { segmented } = await aCollection([made(undefined, 'own')]);
    expect(await found(segmented, byOld)).toEqual(['own']);
    await segmented.upsert(HERE, [made(OLD, 'a'), made(undefined, 'more')]);
    expect([await found(segmented, byOld), await found(segmented, byNew)]).toEqual([['a', 'more', 'own'], []]);
  });

  test('keeps a collection from a model of another dimension', async () => {
    const { segmented, store } = await aCollection([]);
    const refused = segmented.upsert(HERE, [made(NEW, 'c')]);
    await expect(refused).rejects.toMatchObject({ code: 'vector.dimension_mismatch' });
    expect(await inside(store)).toEqual(['documents']);
  });
});

describe('a collection from before', () => {
  test('is taken for what its points say', async () => {
    const store = await aStore();
    await store.openCollection(HERE, { dimension: 2, metric: 'l2' });
    await store.upsert(HERE, [made(undefined, 'own'), made(OLD, 'a')]);
    const { segmented } = await aSegmented({ store });
    expect([await found(segmented, byNew), await found(segmented, byOld)]).toEqual([[], ['a', 'own']]);
    await segmented.upsert(HERE, [made(NEW, 'c')]);
    expect(await segmented.describeCollection(HERE)).toMatchObject({ dimension: 3, metric: 'l2', count: 3 });
  });

  test('is found again where the records were lost', async () => {
    const first = await aCollection([made(OLD, 'a')]);
    await first.segmented.upsert(HERE, [made(NEW, 'c')]);
    await first.store.dropCollection(HERE);
    const { segmented } = await aSegmented({ store: first.store });
    expect(await segmented.describeCollection(HERE)).toMatchObject({ name: 'documents', dimension: 3, count: 1 });
    expect([await found(segmented, byNew), await all(segmented)]).toEqual([['c'], ['c']]);
    const { segmented: unasked } = await aSegmented({ store: first.store });
    expect(await unasked.count(HERE)).toBe(1);
  });
});

describe('one collection of several segments', () => {
  const two = async () => {
    const room = await aCollection([made(OLD, 'a', { subject: 'ann' }), made(OLD, 'b')]);
    await room.segmented.upsert(HERE, [made(NEW, 'c', { subject: 'ann' })]);
    return room;
  };

  test('is told, counted and dropped as one', async () => {
    const { segmented, store, records } = await two();
    await segmented.openCollection({ ...HERE, collection: 'other' }, { dimension: 4, metric: 'dot' });
    const infos = await segmented.listCollections(HERE.tenant);
    expect(infos.map(({ name, dimension, count }) => [name, dimension, count]).sort()).toEqual([
      ['documents', 3, 3],
      ['other', 4, 0],
    ]);
    expect(await segmented.dropCollection(HERE)).toBe(true);
    expect([await inside(store), await segmented.dropCollection(HERE)]).toEqual([['other'], false]);
    expect((await records.list('segments/', { limit: 10 })).records).toEqual([]);
    await expect(segmented.count(HERE)).rejects.toMatchObject({ code: 'vector.collection_absent' });
  });

  test('is deleted from as one', async () => {
    const { segmented } = await two();
    expect(await segmented.delete(HERE, { subject: 'ann' })).toBe(2);
    expect(await all(segmented)).toEqual(['b']);
  });

  test('is of its active form to who opens it again, under its own name', async () => {
    const { segmented } = await two();
    expect(await segmented.openCollection(HERE, { dimension: 3, metric: 'cosine' })).toMatchObject({
      name: 'documents',
    });
    const conflict = segmented.openCollection(HERE, { dimension: 2, metric: 'cosine' });
    await expect(conflict).rejects.toMatchObject({
      code: 'vector.collection_conflict',
      message: 'The collection documents exists with dimension 3 and metric cosine.',
      facts: { collection: 'documents', dimension: 3 },
    });
    const { by: _, ...query } = byOld;
    await expect(segmented.query(HERE, query)).rejects.toMatchObject({ facts: { collection: 'documents' } });
  });

  test('cannot be named by a caller', async () => {
    const { segmented } = await two();
    const open = segmented.openCollection(
      { ...HERE, collection: 'documents~01234567' },
      { dimension: 2, metric: 'cosine' },
    );
    await expect(open).rejects.toMatchObject({ code: 'request.invalid' });
  });

  test('whose drop ended half-way is made anew when it is opened', async () => {
    const { segmented, store } = await two();
    for (const name of await inside(store)) await store.dropCollection({ ...HERE, collection: name });
    expect(await segmented.describeCollection(HERE)).toBeUndefined();
    await segmented.openCollection(HERE, { dimension: 2, metric: 'cosine' });
    await segmented.upsert(HERE, [made(OLD, 'x')]);
    expect([await found(segmented, byOld), await inside(store)]).toEqual([['x'], ['documents']]);
  });

  test('that lost one segment goes on with the others', async () => {
    const { segmented, store } = await two();
    const later = (await inside(store))[1]!;
    await store.dropCollection({ ...HERE, collection: later });
    await segmented.openCollection(HERE, { dimension: 2, metric: 'cosine' });
    expect([await all(segmented), await segmented.count(HERE)]).toEqual([['a', 'b'], 2]);
  });

  test('is listed on from a segment that has gone: seen again rather than missed', async () => {
    const { segmented } = await two();
    expect(idsOf((await segmented.list(HERE, { limit: 10, cursor: '01234567.' })).points)).toEqual(['a', 'b', 'c']);
  });
});

test('a collection that the service keeps for itself has segments too, and is not to be reindexed', async () => {
  const { segmented, store } = await aSegmented();
  const own = { ...HERE, collection: '~questions' };
  await segmented.openCollection(own, { dimension: 2, metric: 'cosine' });
  await segmented.upsert(own, [made(OLD, 'a')]);
  expect(await segmented.query(own, byNew)).toEqual([]);
  await segmented.upsert(own, [made(NEW, 'b')]);
  const first = await segmented.list(own, { limit: 1 });
  const second = await segmented.list(own, { limit: 1, cursor: first.cursor! });
  expect([...first.points, ...second.points].map(({ id }) => id)).toEqual(['a', 'b']);
  expect([segmented.behind, (await inside(store)).length]).toEqual([0, 2]);
  expect((await segmented.listCollections(HERE.tenant)).map(({ name }) => name)).toEqual(['~questions']);
});

describe('two instances', () => {
  const pair = async () => {
    const folder = await aFolder();
    const [records, bus] = [new MemoryRecords(), new LocalBus()];
    const one = await aCollection([], { store: await aStore({ folder }), records, bus });
    const other = await aSegmented({ store: await aStore({ folder }), records, bus });
    return { one: one.segmented, other: other.segmented, inner: one.store };
  };

  test('know what the other has begun', async () => {
    const { one, other } = await pair();
    expect(await found(other, byNew).catch((error: unknown) => error)).toMatchObject({
      code: 'vector.dimension_mismatch',
    });
    await one.upsert(HERE, [made(OLD, 'a')]);
    await expect.poll(() => found(other, byNew)).toEqual([]);
    await other.upsert(HERE, [made(NEW, 'c')]);
    await expect.poll(() => found(one, byNew)).toEqual(['c']);
  });

  test('over one file of records write the same ids for different models, and leave each once', async () => {
    const folder = await aFolder();
    const store = () => aStore({ folder });
    const records = () => SqliteRecords.open({ file: join(folder, 'records.sqlite') });
    const one = await aCollection([made(OLD, 'a')], {
      store: await store(),
      records: records(),
      bus: new LocalBus(),
    });
    const other = await aSegmented({ store: await store(), records: records(), bus: new LocalBus() });
    await other.segmented.upsert(HERE, [made(NEW, 'b')]);
    await expect.poll(() => found(one.segmented, byNew)).toEqual(['b']);
    const ids = ['x', 'y', 'z'];
    await Promise.all([
      ...ids.map((id) => one.segmented.upsert(HERE, [made(OLD, id)])),
      ...ids.map((id) => other.segmented.upsert(HERE, [made(NEW, id)])),
    ]);
    expect([await all(one.segmented), await other.segmented.count(HERE)]).toEqual([['a', 'b', ...ids], 5]);
    for (const { records } of [one, other]) onTestFinished(() => records.close());
  });

  test('that are first at the same time agree on the segments', async () => {
    const { one, other, inner } = await pair();
    const three = { ...NEW, model: 'three' };
    await Promise.all([one.upsert(HERE, [made(OLD, 'a')]), other.upsert(HERE, [made(three, 'b')])]);
    expect([await found(one, byOld), await found(one, { ...byOld, by: three })]).toEqual([['a'], ['b']]);
    expect(await inside(inner)).toHaveLength(2);
  });

  test('that write the same id at once for different models leave one of them', async () => {
    const { one, other } = await pair();
    await one.upsert(HERE, [made(OLD, 'a')]);
    await other.upsert(HERE, [made(NEW, 'b')]);
    for (let round = 0; round < 5; round++) {
      await Promise.all([one.upsert(HERE, [made(OLD, 'x')]), other.upsert(HERE, [made(NEW, 'x')])]);
      expect([await all(one), await one.count(HERE)]).toEqual([['a', 'b', 'x'], 3]);
    }
  });
});

describe('records that do not answer', () => {
  const down = () => Promise.reject(failure('records.unavailable', { backend: 'redis' }));

  test('leave a query with what surely is of its model', async () => {
    const store = await aStore();
    await store.openCollection(HERE, { dimension: 2, metric: 'cosine' });
    await store.upsert(HERE, [made(undefined, 'own'), made(OLD, 'a'), made({ ...OLD, version: '2' }, 'b')]);
    const records = new MemoryRecords();
    const { segmented } = await aSegmented({ store, records });
    vi.spyOn(records, 'get').mockImplementation(down);
    expect(await found(segmented, byOld)).toEqual(['a', 'own']);
    expect(await segmented.describeCollection(HERE)).toMatchObject({ dimension: 2, count: 3 });
    const { by: _, ...query } = byOld;
    expect(idsOf(await segmented.query(HERE, query))).toEqual(['a', 'b', 'own']);
    await segmented.openCollection(HERE, { dimension: 2, metric: 'cosine' });
    await segmented.upsert(HERE, [made(OLD, 'c'), made(undefined, 'more')]);
    expect(await found(segmented, byOld)).toEqual(['a', 'c', 'more', 'own']);
    const other = segmented.upsert(HERE, [made({ ...OLD, model: 'other' }, 'd')]);
    await expect(other).rejects.toMatchObject({ code: 'records.unavailable' });
    await expect(segmented.count(HERE)).rejects.toMatchObject({ code: 'records.unavailable' });
  });

  test('matter to nobody once a collection is known', async () => {
    const { segmented, records } = await aCollection([made(OLD, 'a')]);
    vi.spyOn(records, 'get').mockImplementation(down);
    await segmented.upsert(HERE, [made(OLD, 'b')]);
    expect([await found(segmented, byOld), await found(segmented, byNew)]).toEqual([['a', 'b'], []]);
  });
});

test('settings of the index are kept for the segments that come later', async () => {
  const store = await aStore();
  const opened: unknown[] = [];
  const open = store.openCollection.bind(store);
  vi.spyOn(store, 'openCollection').mockImplementation((ref, { index, ...spec }) => {
    opened.push(index);
    return open(ref, spec);
  });
  const { segmented } = await aSegmented({ store });
  await segmented.openCollection(HERE, { dimension: 2, metric: 'cosine', index: { m: 32 } });
  await segmented.upsert(HERE, [made(OLD, 'a')]);
  await segmented.upsert(HERE, [made(NEW, 'c')]);
  expect(opened).toEqual([{ m: 32 }, { m: 32 }]);
});

test('a store without resealing has none in segments', async () => {
  const store = await aStore();
  Object.defineProperty(store, 'reseal', { value: undefined });
  const segmented = await SegmentedStore.open(store, { records: new MemoryRecords(), bus: new LocalBus() });
  expect(segmented.reseal).toBeUndefined();
  await segmented.health();
  await segmented.close();
});
