// How a retrieval is refined: as the caller says, else as the operator says.
import { describe, expect, it } from 'vitest';
import type { VectorQuery, VectorStore } from '#ports';
import type { Ranker } from '#retrieval';
import { aRoom, asker } from './support.js';

/** Keeps what the store was asked; it claims to search by words, and leaves the words out of what it asks. */
function overheard(asked: VectorQuery[]) {
  return (store: VectorStore) =>
    Object.create(store, {
      capabilities: { value: { ...store.capabilities, hybrid: true } },
      query: {
        value: async (ref: Parameters<VectorStore['query']>[0], { hybrid, ...query }: VectorQuery) => {
          asked.push({ ...query, ...(hybrid && { hybrid }) });
          return store.query(ref, query);
        },
      },
    }) as VectorStore;
}

async function aStocked(env: Record<string, string> = {}) {
  const asked: VectorQuery[] = [];
  const read: string[] = [];
  const ranker: Ranker = {
    rank: async (query, texts) => {
      read.push(query);
      return texts.map((text) => (text.includes('coffee') ? 0.9 : 0.2));
    },
  };
  const room = await aRoom(env, { store: overheard(asked), ranker });
  const drinks = ['green tea', 'green tea again', 'black coffee', 'tea and coffee'];
  await room.documents.upsert(
    drinks.map((text) => ({ id: text, text })),
    undefined,
    'north',
  );
  return { ...room, asked, read };
}

const OPERATOR = {
  VECTOR_HYBRID: 'true',
  VECTOR_HYBRID_ALPHA: '0.25',
  VECTOR_HYBRID_THRESHOLD: '0.1',
  VECTOR_MMR_LAMBDA: '0.6',
  VECTOR_RERANK: 'true',
  VECTOR_RERANK_THRESHOLD: '0.5',
};

describe('a question', () => {
  it('is asked plainly where nobody says otherwise, and names what computed its vector', async () => {
    const { queries, asked, read } = await aStocked();
    const answer = await queries.ask({ query: 'green tea' }, asker);
    expect(asked).toMatchObject([{ k: 5, threshold: 0, by: { provider: 'local' } }]);
    expect(asked[0]).not.toHaveProperty('hybrid');
    expect(read).toEqual([]);
    expect(Object.keys(answer.latencies)).toEqual(['total', 'cache', 'embeddings', 'vectordb']);
  });

  it('is refined as it says, and each step is timed', async () => {
    const { queries, asked, read } = await aStocked();
    const vector = { k: 2, hybrid: { alpha: 0.5 }, mmr: { lambda: 0.9, candidates: 7 }, rerank: { candidates: 9 } };
    const answer = await queries.ask({ query: 'green tea', vector }, asker);
    expect(asked).toMatchObject([
      { k: 9, hybrid: { text: 'green tea', alpha: 0.5 }, threshold: 0.4, withVectors: true },
    ]);
    expect(read).toEqual(['green tea']);
    expect(Object.keys(answer.latencies)).toEqual(['total', 'cache', 'embeddings', 'vectordb', 'rerank', 'mmr']);
    expect(JSON.parse(answer.resultJson).matches.map(({ id }: { id: string }) => id)).toContain('black coffee');
  });

  it('is refined as the operator says where it says nothing', async () => {
    const { queries, asked } = await aStocked(OPERATOR);
    const answer = await queries.ask({ query: 'green tea' }, asker);
    expect(asked).toMatchObject([{ k: 25, hybrid: { alpha: 0.25 }, threshold: 0.1, withVectors: true }]);
    expect(JSON.parse(answer.resultJson).matches.map(({ score }: { score: number }) => score)).toEqual([0.9, 0.9]);
  });

  it('takes a part of the operator’s word, and puts its own in the place of another', async () => {
    const { queries, asked } = await aStocked(OPERATOR);
    await queries.ask({ query: 'green tea', vector: { hybrid: { alpha: 1 }, mmr: false, rerank: false } }, asker);
    expect(asked).toMatchObject([{ k: 5, hybrid: { alpha: 1 } }]);
    expect(asked[0]).not.toHaveProperty('withVectors');
  });

  it('with other refinements is another question', async () => {
    const { queries, asked } = await aStocked();
    for (const vector of [undefined, { hybrid: true }, { mmr: true }, { rerank: true }, { search: {} }]) {
      expect((await queries.ask({ query: 'green tea', vector }, asker)).hit).toBe(false);
    }
    expect(asked).toHaveLength(5);
    expect((await queries.ask({ query: 'green tea', vector: { mmr: true } }, asker)).hit).toBe(true);
  });
});

describe('a search', () => {
  it('by vector is not refined by what needs words, save where its caller asks for it', async () => {
    const { knowledge, asked, read } = await aStocked(OPERATOR);
    const { vectors } = await knowledge.embed(['green tea'], undefined, 'north');
    const vector = [...vectors[0]!];
    const { latencies } = await knowledge.search({ vector, k: 1 }, 'north');
    expect(asked[0]).not.toHaveProperty('hybrid');
    expect(asked[0]).not.toHaveProperty('by');
    expect(read).toEqual([]);
    expect(Object.keys(latencies)).toEqual(['vectordb', 'mmr']);
    await expect(knowledge.search({ vector, hybrid: true }, 'north')).rejects.toMatchObject({
      code: 'request.invalid',
    });
  });

  it('by text is refined as the operator says', async () => {
    const { knowledge, read } = await aStocked(OPERATOR);
    const { matches, latencies } = await knowledge.search({ text: 'green tea' }, 'north');
    expect(matches.map(({ id }) => id).sort()).toEqual(['black coffee', 'tea and coffee']);
    expect(read).toEqual(['green tea']);
    expect(Object.keys(latencies)).toEqual(['embeddings', 'vectordb', 'rerank', 'mmr']);
  });
});
