// A model that no longer gives what it gave is noticed, whatever is remembered of it, and by one instance for all.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Embedder } from '#embeddings';
import { type Announcements, listen } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import type { SegmentedStore } from '#vector-stores';
import { type DriftConfig, DriftService } from '../src/index.js';
import { aModel } from './models.js';
import { aRoom } from './support.js';

const CONFIG: DriftConfig = { everyMs: 0, sample: 5, threshold: 0.98 };

async function aService(
  config: Partial<DriftConfig> = {},
  o: { records?: MemoryRecords; refuses?: (text: string) => boolean } = {},
) {
  let drift = 0;
  const asked: string[] = [];
  const model = aModel({
    model: 'small',
    dimension: 4,
    drift: () => drift,
    meanwhile: (texts) => asked.push(...texts),
    refuses: (text) => drift > 0 && (o.refuses?.(text) ?? false),
  });
  const records = o.records ?? new MemoryRecords();
  const room = await aRoom({ EMBEDDING_DIMENSIONS: '' }, { model, records, bus: new LocalBus() });
  const embedder = new Embedder(model, { batchSize: 64, parallel: 1, timeoutMs: 5000, retries: 0 });
  const store = room.store as SegmentedStore;
  const parts = { embedder, store, records, tenants: room.tenants, random: () => 0 };
  const service = new DriftService(parts, { ...CONFIG, ...config });
  onTestFinished(() => service.close());
  return { ...room, store, parts, service, asked, becomes: (to: number) => (drift = to) };
}

const texts = (count: number) => Array.from({ length: count }, (_, at) => ({ id: `d${at}`, text: `text ${at}` }));

describe('a check', () => {
  test('finds nothing where the model is what it was', async () => {
    const { documents, service } = await aService();
    await documents.upsert(texts(8), undefined, 'north');
    await documents.upsert(texts(2), 'hr', 'south');
    const reports = await service.check({});
    expect(reports).toEqual([
      {
        tenant: 'north',
        collection: 'default',
        sampled: 5,
        similarity: expect.closeTo(1),
        threshold: 0.98,
        drifted: false,
      },
      { tenant: 'south', collection: 'hr', sampled: 2, similarity: expect.closeTo(1), threshold: 0.98, drifted: false },
    ]);
    expect(service.drifted).toBe(0);
  });

  test('tells of a model that has changed without its name, and of one that came back', async () => {
    const { documents, service, becomes } = await aService();
    await documents.upsert(texts(3), undefined, 'north');
    const told: Announcements['embedding.drift'][] = [];
    const stop = listen('embedding.drift', (one) => told.push(one));
    becomes(1);
    const [report] = await service.check({ tenant: 'north' });
    stop();
    expect(report).toMatchObject({ drifted: true, sampled: 3 });
    expect(report!.similarity).toBeLessThan(0.9);
    expect(told).toMatchObject([{ tenant: 'north', collection: 'default', drifted: true, threshold: 0.98 }]);
    expect(service.drifted).toBe(1);
    becomes(0);
    await service.check({ tenant: 'north' });
    expect(service.drifted).toBe(0);
  });

  test('is of the collections asked for, and of what the model of now made', async () => {
    const { documents, service, store } = await aService();
    await documents.upsert(texts(3), undefined, 'north');
    await documents.upsert(texts(3), 'hr', 'north');
    await documents.upsert([{ id: 'own', vector: [1, 2, 3, 4] }], 'bare', 'north');
    await store.openCollection({ tenant: 'north', collection: '~own' }, { dimension: 4, metric: 'cosine' });
    expect((await service.check({ tenant: 'north' })).map(({ collection }) => collection)).toEqual(['default', 'hr']);
    expect((await service.check({ tenant: 'north', collection: 'hr' })).map(({ collection }) => collection)).toEqual([
      'hr',
    ]);
    expect(await service.check({ tenant: 'south' })).toEqual([]);
  });

  test('goes on where the one before ended, so that all have their turn', async () => {
    const { documents, service, asked, parts } = await aService({ sample: 1 });
    await documents.upsert(texts(12), undefined, 'north');
    asked.length = 0;
    for (let at = 0; at < 3; at++) await service.check({ tenant: 'north' });
    expect(new Set(asked).size).toBe(3);
    await parts.records.put('drift/at/north/default', 'of another store');
    expect(await service.check({ tenant: 'north' })).toHaveLength(1);
  });

  test('leaves out what the model refuses now', async () => {
    const { documents, service, becomes } = await aService({}, { refuses: (text) => text === 'text 1' });
    await documents.upsert(texts(3), undefined, 'north');
    becomes(0.001);
    expect(await service.check({ tenant: 'north' })).toMatchObject([{ sampled: 2 }]);
    becomes(0);
  });

  test('ends with the reason of its signal, and needs a vector store', async () => {
    const { documents, service, parts } = await aService();
    await documents.upsert(texts(1), undefined, 'north');
    const signal = AbortSignal.abort(new Error('nobody waits'));
    await expect(service.check({ tenant: 'north' }, { signal })).rejects.toThrow('nobody waits');
    const none = new DriftService({ ...parts, store: null }, { ...CONFIG, everyMs: 1000 });
    none.open();
    await expect(none.check({})).rejects.toMatchObject({ code: 'vector.store_disabled' });
    await none.close();
  });
});

describe('again and again', () => {
  test('one instance checks for all', async () => {
    let now = Date.now();
    const { documents, parts, asked } = await aService({}, { records: new MemoryRecords(() => now) });
    await documents.upsert(texts(2), undefined, 'north');
    asked.length = 0;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const instances = [1, 2].map(() => new DriftService(parts, { ...CONFIG, everyMs: 60_000 }));
    const heard: unknown[] = [];
    const stop = listen('embedding.drift', (one) => heard.push(one));
    for (const one of instances) {
      one.open();
      one.open();
    }
    for (let round = 1; round <= 2; round++) {
      now += 60_000;
      await vi.advanceTimersByTimeAsync(60_000);
      while (heard.length < round) await setImmediate();
    }
    for (const one of instances) await one.close();
    stop();
    expect([heard.length, asked.length]).toEqual([2, 4]);
  });

  test('where it fails, it is asked again', async () => {
    const { parts } = await aService();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const claim = vi.spyOn(parts.records, 'claim').mockRejectedValue(new Error('down'));
    const service = new DriftService(parts, { ...CONFIG, everyMs: 60_000 });
    service.open();
    await vi.advanceTimersByTimeAsync(120_000);
    await service.close();
    expect(claim).toHaveBeenCalledTimes(2);
  });
});
