// Documents are taken in as they come: batch by batch, none read that cannot be written, and it is said where to go on.
import { describe, expect, it } from 'vitest';
import { failure, type VectorStore } from '#ports';
import { BulkIntake, type Line } from '#query';
import { aRoom } from './support.js';

const NORTH = { collection: undefined, batchMs: 10_000 };
const line = (row: number, text = `document ${row}`): Line => ({ row, document: { id: `d${row}`, text } });

async function* all(lines: readonly Line[]) {
  yield* lines;
}

const many = (count: number) => Array.from({ length: count }, (_, at) => line(at + 1));

/** The store, asked through what a test puts before a write. */
const asked = (act: (ids: string[]) => void | Promise<void>) => (store: VectorStore) =>
  Object.create(store, {
    upsert: {
      value: async (...call: Parameters<VectorStore['upsert']>) => {
        await act(call[1].map(({ id }) => id));
        return store.upsert(...call);
      },
    },
  }) as VectorStore;

const detecting = (personal: 'refuse' | 'skip') => ({
  retention: { collectionsMs: {} },
  detection: { personal, kinds: {} },
});

describe('lines', () => {
  it('are written in batches, and counted', async () => {
    const batches: number[] = [];
    const { documents, store } = await aRoom({}, { store: asked((ids) => void batches.push(ids.length)) });
    const told = await new BulkIntake(documents).ingest(all(many(600)), 'north', { ...NORTH, run: 'nightly' });
    expect(told).toEqual({ rows: 600, upserted: 600, skipped: 0, refused: 0, refusals: [] });
    expect(batches.filter((size) => size > 1)).toEqual([256, 256, 88]);
    const [point] = await store!.get({ tenant: 'north', collection: 'default' }, ['d600']);
    expect(point?.lineage?.ingestRun).toBe('nightly');
  });

  it('of long texts make small batches', async () => {
    const sizes: number[] = [];
    const { documents } = await aRoom({}, { store: asked((ids) => void sizes.push(ids.length)) });
    const long = Array.from({ length: 5 }, (_, at) => line(at + 1, `${at} ${'long '.repeat(50_000)}`));
    await new BulkIntake(documents).ingest(all(long), 'north', NORTH);
    expect(Math.max(...sizes)).toBe(3);
  });

  it('are not read before those that came first are written', async () => {
    const gate = Promise.withResolvers<void>();
    let read = 0;
    async function* counted() {
      for (const one of many(2000)) {
        read++;
        yield one;
      }
    }
    const { documents } = await aRoom({}, { store: asked(() => gate.promise) });
    const told = new BulkIntake(documents).ingest(counted(), 'north', NORTH);
    await new Promise((soon) => setTimeout(soon, 50));
    expect(read).toBe(256);
    gate.resolve();
    expect(await told).toMatchObject({ rows: 2000, upserted: 2000 });
  });

  it('that are no documents are reported, the first hundred by their reasons', async () => {
    const { documents } = await aRoom();
    const bad = Array.from({ length: 150 }, (_, at): Line => ({ row: at + 2, reason: 'no JSON' }));
    const told = await new BulkIntake(documents).ingest(all([line(1), ...bad]), 'north', NORTH);
    expect(told).toMatchObject({ rows: 151, upserted: 1, refused: 150 });
    expect(told.refusals).toHaveLength(100);
    expect(told.refusals[0]).toEqual({ row: 2, reason: 'no JSON' });
  });

  it('that the store or a policy refuses do not cost their neighbours', async () => {
    const { documents, store, policiesService } = await aRoom();
    await policiesService.set('north', detecting('refuse'));
    const odd: Line[] = [
      { row: 1, document: { id: 'a', text: 'tea' } },
      { row: 2, document: { id: 'b', vector: [1, 2, 3] } },
      { row: 3, document: { id: 'c', text: 'write to ann@example.org' } },
      { row: 4, document: { id: 'd', text: 'coffee' } },
    ];
    const told = await new BulkIntake(documents).ingest(all(odd), 'north', NORTH);
    expect(told).toMatchObject({ rows: 4, upserted: 2, refused: 2 });
    expect(told.refusals.map(({ row }) => row)).toEqual([2, 3]);
    expect(JSON.stringify(told)).not.toContain('ann@');
    expect(await store!.count({ tenant: 'north', collection: 'default' })).toBe(2);
  });

  it('that a policy keeps out are counted', async () => {
    const { documents, policiesService } = await aRoom();
    await policiesService.set('north', detecting('skip'));
    const told = await new BulkIntake(documents).ingest(all([line(1), line(2, 'ann@example.org')]), 'north', NORTH);
    expect(told).toEqual({ rows: 2, upserted: 1, skipped: 1, refused: 0, refusals: [] });
  });
});

describe('a failure of the store', () => {
  it('ends the reading, and says with which line to go on', async () => {
    let batch = 0;
    const failing = asked(() => {
      if (++batch > 2)
        throw failure('vector.store_unavailable', { provider: 'x', reason: 'away' }, { retryAfterMs: 1000 });
    });
    const { documents, store } = await aRoom({}, { store: failing });
    await store!.openCollection({ tenant: 'north', collection: 'default' }, { dimension: 64, metric: 'cosine' });
    const told = new BulkIntake(documents).ingest(all(many(1000)), 'north', NORTH);
    await expect(told).rejects.toMatchObject({
      code: 'vector.store_unavailable',
      retryAfterMs: 1000,
      problems: [
        { path: 'line 513', code: 'interrupted', message: expect.stringContaining('512 documents were written') },
      ],
    });
    expect(await store!.count({ tenant: 'north', collection: 'default' })).toBe(512);
  });

  it('that is none of ours goes on as it is', async () => {
    const { documents } = await aRoom({}, { store: asked(() => Promise.reject(new Error('odd'))) });
    await expect(new BulkIntake(documents).ingest(all(many(1)), 'north', NORTH)).rejects.toThrow('odd');
  });

  it('is one of time where a batch takes too long', async () => {
    const never = asked(() => new Promise(() => {}));
    const { documents } = await aRoom({ VECTORDB_TIMEOUT: '60s' }, { store: never });
    const stuck = new BulkIntake(documents).ingest(all(many(1)), 'north', { ...NORTH, batchMs: 20 });
    await expect(stuck).rejects.toMatchObject({ code: 'request.late', problems: [{ path: 'line 1' }] });
  });

  it('ends where its caller has gone', async () => {
    const { documents } = await aRoom();
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(new BulkIntake(documents).ingest(all(many(1)), 'north', { ...NORTH, signal })).rejects.toThrow('gone');
  });
});
