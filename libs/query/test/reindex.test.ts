// Documents move to another model: searched meanwhile, stopped anywhere, and nothing lost, doubled or brought back.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Embedder, type EmbedderOptions } from '#embeddings';
import type { EmbeddingModel } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { Prices } from '#usage';
import type { SegmentedStore } from '#vector-stores';
import { type ReindexProgress, ReindexService } from '../src/index.js';
import { aModel } from './models.js';
import { aRoom } from './support.js';

const SMALL = { model: 'small', dimension: 4 };
const LARGE = { model: 'large', dimension: 6 };
const ENV = { EMBEDDING_DIMENSIONS: '', BATCH_SIZE: '64', EMBEDDING_RETRIES: '0' };
const PRICES = [
  { provider: 'acme', model: 'large', from: '2020-01-01', perMillionTokens: '2', currency: 'USD' },
] as const;

/** One service over one folder and records, restarted with one model after the other. */
async function aService() {
  const dataDir = await mkdtemp(join(tmpdir(), 'resk-reindex-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const [records, bus] = [new MemoryRecords(), new LocalBus()];
  const withModel = async (model: EmbeddingModel, prices = new Prices([...PRICES])) => {
    const room = await aRoom({ ...ENV, DATA_DIR: dataDir }, { records, bus, model });
    const embedder = new Embedder(model, OPTIONS);
    const store = room.store as SegmentedStore;
    const { tenants, turns } = room;
    const reindex = new ReindexService({ embedder, store, records, tenants, turns, prices });
    return { ...room, store, reindex };
  };
  return { withModel, records };
}

const OPTIONS: EmbedderOptions = { batchSize: 64, parallel: 1, timeoutMs: 5000, retries: 0 };

type Service = Awaited<ReturnType<Awaited<ReturnType<typeof aService>>['withModel']>>;

const texts = (count: number, prefix = 'd') =>
  Array.from({ length: count }, (_, at) => ({ id: `${prefix}${at}`, text: `text number ${at} of ${prefix}` }));

async function toTheEnd({ reindex }: Service, limit = 1000, scope = {}): Promise<ReindexProgress[]> {
  const steps: ReindexProgress[] = [];
  do steps.push(await reindex.step({ limit, ...scope }));
  while (!steps.at(-1)!.done);
  return steps;
}

const found = async ({ knowledge }: Service, text: string, collection?: string, tenant = 'north') => {
  const { matches } = await knowledge.search({ text, collection, k: 1000 }, tenant);
  return matches.length;
};

describe('a changed model', () => {
  test('finds nothing before the reindex, and everything after it', async () => {
    const { withModel, records } = await aService();
    const before = await withModel(aModel(SMALL));
    await before.documents.upsert(texts(70), undefined, 'north');
    await before.documents.upsert(texts(5, 'h'), 'hr', 'north');
    await before.documents.upsert(texts(3, 's'), undefined, 'south');
    const after = await withModel(aModel(LARGE));
    expect([await found(after, 'text'), await found(before, 'text')]).toEqual([0, 70]);
    const steps = await toTheEnd(after, 30);
    expect(steps.length).toBeGreaterThan(2);
    expect(steps[0]).toMatchObject({ done: false, total: 78, seen: 30, moved: 30, collectionsDone: 0 });
    expect(steps.at(-1)).toEqual({
      done: true,
      total: 78,
      seen: 78,
      moved: 78,
      left: { no_text: 0, refused: 0, unreadable: 0 },
      examples: [],
      tokens: 780,
      collectionsDone: 3,
    });
    expect([
      await found(after, 'text'),
      await found(after, 'text', 'hr'),
      await found(after, 'text', undefined, 'south'),
      await found(before, 'text'),
    ]).toEqual([70, 5, 3, 0]);
    expect((await records.list('reindex/', { limit: 10 })).records).toEqual([]);
    expect(await after.reindex.step({ limit: 10 })).toMatchObject({ done: true, total: 0, seen: 0 });
  });

  test('leaves the former one all that it found until it is done', async () => {
    const { withModel } = await aService();
    const before = await withModel(aModel(SMALL));
    await before.documents.upsert(texts(20), undefined, 'north');
    const after = await withModel(aModel(LARGE));
    await after.reindex.step({ limit: 12 });
    expect([await found(before, 'text'), await found(after, 'text')]).toEqual([20, 12]);
    const { store } = after;
    expect(await store.count({ tenant: 'north', collection: 'default' })).toBe(20);
  });

  test('of one tenant, or one collection, leaves the others as they are', async () => {
    const { withModel } = await aService();
    const before = await withModel(aModel(SMALL));
    for (const tenant of ['north', 'south']) {
      await before.documents.upsert(texts(4), undefined, tenant);
      await before.documents.upsert(texts(2, 'h'), 'hr', tenant);
    }
    const after = await withModel(aModel(LARGE));
    const steps = await toTheEnd(after, 100, { tenant: 'north', collection: 'hr' });
    expect(steps.at(-1)).toMatchObject({ total: 2, moved: 2, collectionsDone: 1 });
    expect([await found(after, 'text', 'hr'), await found(after, 'text')]).toEqual([2, 0]);
    await toTheEnd(after, 100, { tenant: 'south' });
    expect([await found(after, 'text', 'hr', 'south'), await found(after, 'text', undefined, 'south')]).toEqual([2, 4]);
    expect(await found(after, 'text')).toBe(0);
  });

  test('that tells its dimension only by its vectors is asked for one', async () => {
    const { withModel } = await aService();
    await (await withModel(aModel(SMALL))).documents.upsert(texts(2), undefined, 'north');
    const after = await withModel(aModel({ ...LARGE, silent: true }));
    await toTheEnd(after);
    expect(await found(after, 'text')).toBe(2);
  });
});

describe('what cannot be embedded', () => {
  test('stays, is told with its reason, and counts', async () => {
    const { withModel } = await aService();
    const before = await withModel(aModel(SMALL));
    await before.documents.upsert([...texts(9), { id: 'odd', text: 'refuse me' }], undefined, 'north');
    await before.documents.upsert([{ id: 'bare', vector: [1, 2, 3, 4] }], undefined, 'north');
    const after = await withModel(aModel({ ...LARGE, refuses: (text) => text.startsWith('refuse') }));
    const last = (await toTheEnd(after, 4)).at(-1)!;
    expect(last).toMatchObject({ total: 11, seen: 11, moved: 9, left: { no_text: 1, refused: 1, unreadable: 0 } });
    expect(last.examples.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { tenant: 'north', collection: 'default', id: 'bare', reason: 'no_text' },
      { tenant: 'north', collection: 'default', id: 'odd', reason: 'refused' },
    ]);
    const ref = { tenant: 'north', collection: 'default' };
    expect([await after.store.count(ref), await found(after, 'text'), after.store.behind]).toEqual([11, 9, 0]);
    expect((await after.store.list(ref, { limit: 100 })).points).toHaveLength(11);
    const again = (await toTheEnd(after)).at(-1)!;
    expect(again).toMatchObject({ total: 2, moved: 0, left: { no_text: 1, refused: 1 } });
  });

  test('does not open: it is counted, and not dropped', async () => {
    const { withModel } = await aService();
    const before = await withModel(aModel(SMALL));
    await before.documents.upsert(texts(3), undefined, 'north');
    const after = await withModel(aModel(LARGE));
    const countOf = vi.spyOn(after.store.migration, 'countOf');
    countOf.mockResolvedValueOnce(4).mockResolvedValueOnce(4); // The total, and what is to be gone through.
    countOf.mockResolvedValueOnce(4).mockResolvedValueOnce(1); // One that no page gives, and stays.
    expect((await toTheEnd(after)).at(-1)).toMatchObject({ moved: 3, left: { unreadable: 1 } });
    expect(await found(after, 'text')).toBe(3);
  });
});

describe('meanwhile', () => {
  test('what is written wins, what is deleted or erased stays gone, and what was narrowed stays narrow', async () => {
    const { withModel } = await aService();
    const before = await withModel(aModel(SMALL));
    const about = { subject: 'ann' };
    await before.documents.upsert(
      [...texts(4), { id: 'ann', text: 'about ann', ...about }, { id: 'narrow', text: 'for all' }],
      undefined,
      'north',
    );
    let between = async (): Promise<unknown> => undefined;
    const after = await withModel(aModel({ ...LARGE, meanwhile: (all) => all.length > 2 && between() }));
    between = async () => {
      between = async () => undefined;
      await after.documents.delete({ ids: ['d0'] }, undefined, 'north');
      await after.personal.erase('north', 'ann');
      await after.documents.upsert([{ id: 'd1', text: 'newer' }], undefined, 'north');
      await after.documents.upsert([{ id: 'narrow', text: 'for all', consent: false }], undefined, 'north');
    };
    await toTheEnd(after);
    const { points } = await after.store.list({ tenant: 'north', collection: 'default' }, { limit: 100 });
    expect(points.map(({ id, text }) => [id, text]).sort()).toEqual([
      ['d1', 'newer'],
      ['d2', 'text number 2 of d'],
      ['d3', 'text number 3 of d'],
      ['narrow', 'for all'],
    ]);
    expect(await found(after, 'for all')).toBe(3);
  });

  test('the former model writes: it is gone through once more', async () => {
    const { withModel } = await aService();
    const before = await withModel(aModel(SMALL));
    await before.documents.upsert(texts(4), undefined, 'north');
    let between = async (): Promise<unknown> => undefined;
    const after = await withModel(aModel({ ...LARGE, meanwhile: (all) => all.length > 2 && between() }));
    between = async () => {
      between = async () => undefined;
      await before.documents.upsert([{ id: 'late', text: 'late' }], undefined, 'north');
    };
    const last = (await toTheEnd(after)).at(-1)!;
    expect(last).toMatchObject({ moved: 5, seen: 5 });
    expect(await found(after, 'text')).toBe(5);
  });

  test('the collection is dropped: it is done, and stays gone', async () => {
    const { withModel } = await aService();
    const before = await withModel(aModel(SMALL));
    await before.documents.upsert(texts(4), undefined, 'north');
    const after = await withModel(
      aModel({ ...LARGE, meanwhile: () => after.documents.dropCollection('default', 'north').catch(() => undefined) }),
    );
    expect((await toTheEnd(after)).at(-1)).toMatchObject({ done: true, moved: 0, collectionsDone: 1 });
    expect(await after.store.listCollections('north')).toEqual([]);
  });
});

describe('a run', () => {
  test('that was stopped goes on from there, in another process too, and begins anew when it is told', async () => {
    const { withModel } = await aService();
    await (await withModel(aModel(SMALL))).documents.upsert(texts(30), undefined, 'north');
    const asked: string[] = [];
    const large = () => aModel({ ...LARGE, meanwhile: (all) => asked.push(...all) });
    await (await withModel(large())).reindex.step({ limit: 10 });
    const other = await withModel(large());
    expect(await other.reindex.step({ limit: 10 })).toMatchObject({ seen: 20, moved: 20 });
    expect(await other.reindex.step({ limit: 5, restart: true })).toMatchObject({ total: 30, seen: 5, moved: 0 });
    await toTheEnd(other);
    expect(asked).toHaveLength(30);
    expect(await found(other, 'text')).toBe(30);
  });

  test('for a model of before begins anew for the one of now', async () => {
    const { withModel } = await aService();
    await (await withModel(aModel(SMALL))).documents.upsert(texts(6), undefined, 'north');
    await (await withModel(aModel(LARGE))).reindex.step({ limit: 4 });
    const third = await withModel(aModel({ model: 'third', dimension: 5 }));
    const last = (await toTheEnd(third)).at(-1)!;
    expect(last).toMatchObject({ done: true });
    expect([await found(third, 'text'), await third.store.count({ tenant: 'north', collection: 'default' })]).toEqual([
      6, 6,
    ]);
  });

  test('of one tenant and one of all at the same time move everything once', async () => {
    const { withModel } = await aService();
    const before = await withModel(aModel(SMALL));
    for (const tenant of ['north', 'south']) await before.documents.upsert(texts(150), undefined, tenant);
    const after = await withModel(aModel(LARGE));
    await Promise.all([toTheEnd(after, 20), toTheEnd(after, 30, { tenant: 'north' })]);
    for (const tenant of ['north', 'south']) {
      expect(await found(after, 'text', undefined, tenant)).toBe(150);
      expect(await after.store.count({ tenant, collection: 'default' })).toBe(150);
    }
    expect(
      (
        await after.store.migration.former(
          { tenant: 'north', collection: 'default' },
          { ...aModel(LARGE), dimension: 6 },
        )
      ).length,
    ).toBe(0);
  });

  test('is one caller’s at a time', async () => {
    const { withModel, records } = await aService();
    const { reindex } = await withModel(aModel(LARGE));
    await records.put('reindex/lease/north', 'another');
    const running = { code: 'vector.reindex_running' };
    await expect(reindex.step({ limit: 1, tenant: 'north' })).rejects.toMatchObject(running);
    expect(await reindex.step({ limit: 1, tenant: 'south' })).toMatchObject({ done: true });
  });

  test('keeps what it has done where the model fails, and ends with the reason of its signal', async () => {
    const { withModel } = await aService();
    await (await withModel(aModel(SMALL))).documents.upsert(texts(70), undefined, 'north');
    let calls = 0;
    const meanwhile = () => {
      if (++calls === 2) throw new Error('down');
    };
    const after = await withModel(aModel({ ...LARGE, meanwhile }));
    await expect(after.reindex.step({ limit: 100 })).rejects.toThrow('down');
    const signal = AbortSignal.abort(new Error('nobody waits'));
    await expect(after.reindex.step({ limit: 100, signal })).rejects.toThrow('nobody waits');
    expect((await toTheEnd(after)).at(-1)).toMatchObject({ seen: 70, moved: 70 });
  });

  test('needs a vector store', async () => {
    const { withModel, records } = await aService();
    const { tenants, turns } = await withModel(aModel(LARGE));
    const embedder = new Embedder(aModel(LARGE), OPTIONS);
    const prices = new Prices([]);
    const none = new ReindexService({ embedder, store: null, records, tenants, turns, prices });
    await expect(none.step({ limit: 1 })).rejects.toMatchObject({ code: 'vector.store_disabled' });
    await expect(none.estimate({ tenant: 'north' })).rejects.toMatchObject({ code: 'vector.store_disabled' });
  });
});

describe('an estimate', () => {
  test('tells documents, tokens and money, and changes nothing', async () => {
    const { withModel } = await aService();
    await (await withModel(aModel(SMALL))).documents.upsert(texts(4), undefined, 'north');
    const asked: string[] = [];
    const after = await withModel(aModel({ ...LARGE, meanwhile: (all) => asked.push(...all) }));
    expect(await after.reindex.estimate({})).toEqual({
      provider: 'acme',
      model: 'large',
      collections: [{ tenant: 'north', collection: 'default', documents: 4, tokens: 20 }],
      documents: 4,
      tokens: 20,
      money: '0.00004',
      currency: 'USD',
    });
    expect([asked, await found(after, 'text')]).toEqual([['text'], 0]);
  });

  test('knows no money where there is no price', async () => {
    const { withModel } = await aService();
    await (await withModel(aModel(SMALL))).documents.upsert(texts(1), undefined, 'north');
    const after = await withModel(aModel(LARGE), new Prices([]));
    expect(await after.reindex.estimate({ tenant: 'north' })).toMatchObject({ money: null, currency: null, tokens: 5 });
    expect(await after.reindex.estimate({ tenant: 'south' })).toMatchObject({ documents: 0, tokens: 0 });
  });
});
