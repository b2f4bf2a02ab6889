// Documents are embedded, kept and found again; what is refused leaves nothing behind.
import { describe, expect, it } from 'vitest';
import { aRoom } from './support.js';

describe('without a vector store', () => {
  it('a question finds nothing, and everything else says that there is none', async () => {
    const { knowledge, documents } = await aRoom({ VECTORDB_TYPE: 'none' });
    expect(await knowledge.retrieve({ query: 'x' }, 'north')).toEqual({ matches: [], latencies: {} });
    const calls = [
      knowledge.search({ text: 'x' }, 'north'),
      documents.upsert([{ id: 'd', text: 'x' }], undefined, 'north'),
      documents.delete({ ids: ['d'] }, undefined, 'north'),
      knowledge.openCollection('c', { dimension: 3, metric: 'cosine' }, 'north'),
      knowledge.collections('north'),
      documents.dropCollection('c', 'north'),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'vector.store_disabled' });
  });
});

describe('documents', () => {
  it('make their collection on the first write, and are found by text, vector and filter', async () => {
    const { knowledge, documents } = await aRoom();
    await expect(knowledge.search({ text: 'tea' }, 'north')).rejects.toMatchObject({
      code: 'vector.collection_absent',
    });
    const drinks = [
      { id: 'a', text: 'green tea', metadata: { year: 2024 } },
      { id: 'b', text: 'black coffee', metadata: { year: 2025 } },
    ];
    expect(await documents.upsert(drinks, undefined, 'north')).toEqual({ upserted: 2 });
    expect(await knowledge.collections('north')).toMatchObject([{ name: 'default', dimension: 64, metric: 'cosine' }]);
    expect((await knowledge.search({ text: 'green tea', k: 1 }, 'north')).matches.map((one) => one.id)).toEqual(['a']);
    const filter = { op: 'gte', field: 'year', value: 2025 } as const;
    expect((await knowledge.search({ text: 'green tea', filter }, 'north')).matches.map((one) => one.id)).toEqual([
      'b',
    ]);
    expect((await knowledge.search({ text: 'green tea', threshold: 0.999 }, 'north')).matches).toHaveLength(1);
    const { vectors } = await knowledge.embed(['black coffee'], undefined, 'north');
    expect((await knowledge.search({ vector: [...vectors[0]!], k: 1 }, 'north')).matches[0]).toMatchObject({ id: 'b' });
    expect((await knowledge.search({ text: 'green tea' }, 'north')).matches).toHaveLength(2);
  });

  it('are refused with the store’s own reason, and the collection stays as it is', async () => {
    const { knowledge, documents } = await aRoom();
    await knowledge.openCollection('c', { dimension: 3, metric: 'cosine' }, 'north');
    const wrong = documents.upsert([{ id: 'd', text: 'of 64 dimensions' }], 'c', 'north');
    await expect(wrong).rejects.toMatchObject({ code: 'vector.dimension_mismatch' });
    expect(await knowledge.collections('north')).toMatchObject([{ name: 'c', dimension: 3, count: 0 }]);
  });

  it('of another dimension than the embedder’s make no collection, and leave none behind', async () => {
    const { knowledge, documents } = await aRoom();
    const own = [{ id: 'd', vector: [1, 2, 3] }];
    const refused = { code: 'vector.dimension_mismatch', facts: { subject: 'document 1', received: 3, expected: 64 } };
    await expect(documents.upsert([{ id: 'a', text: 'tea' }, ...own], 'c', 'north')).rejects.toMatchObject(refused);
    expect(await knowledge.collections('north')).toEqual([]);
    await knowledge.openCollection('c', { dimension: 3, metric: 'cosine' }, 'north');
    expect(await documents.upsert(own, 'c', 'north')).toEqual({ upserted: 1 });
  });

  it('are never found after their time', async () => {
    const { knowledge, documents } = await aRoom();
    await documents.upsert([{ id: 'd', text: 'tea', ttl: -1 }], undefined, 'north');
    expect((await knowledge.search({ text: 'tea' }, 'north')).matches).toEqual([]);
  });

  it('go with their collection', async () => {
    const { knowledge, documents } = await aRoom();
    await documents.upsert([{ id: 'd', text: 'tea' }], undefined, 'north');
    expect((await knowledge.retrieve({ query: 'tea' }, 'north')).matches).toHaveLength(1);
    await documents.dropCollection('default', 'north');
    await expect(documents.dropCollection('default', 'north')).rejects.toMatchObject({
      code: 'vector.collection_absent',
    });
    // It was known to be there: the first question finds out, the next one is not even embedded.
    expect(await knowledge.retrieve({ query: 'tea' }, 'north')).toMatchObject({ matches: [] });
    expect(await knowledge.retrieve({ query: 'tea' }, 'north')).toEqual({ matches: [], latencies: {} });
  });
});

describe('embed', () => {
  it('embeds with the model of the server alone', async () => {
    const { knowledge } = await aRoom();
    const { model, dimensions, vectors } = await knowledge.embed(['a', 'b', 'a'], undefined, 'north');
    expect({ dimensions, count: vectors.length }).toEqual({ dimensions: 64, count: 3 });
    expect((await knowledge.embed(['a'], model, 'north')).vectors[0]).toEqual(vectors[0]);
    await expect(knowledge.embed(['a'], 'other', 'north')).rejects.toMatchObject({ code: 'embedding.model_unknown' });
  });
});
