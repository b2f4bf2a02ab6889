// A retrieval over the real embedded store: what is searched, read again and varied, and how it fails.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { environmentSources, readConfig } from '#config';
import { PlainSealer } from '#crypto';
import { type Announcements, listen, type VectorPoint, type VectorStore } from '#ports';
import { checkedMatches, type Ranker, Retriever, type Wanted } from '#retrieval';
import { openVectorStore, vectorStoreSection } from '#vector-stores';

const REF = { tenant: 'north', collection: 'default' };

const POINTS: VectorPoint[] = [
  { id: 'tea', vector: Float32Array.of(1, 0, 0), text: 'green tea from Japan' },
  { id: 'tea-again', vector: Float32Array.of(1, 0.01, 0), text: 'green tea from Japan, once more' },
  { id: 'coffee', vector: Float32Array.of(0.8, 0.6, 0), text: 'coffee from Brazil' },
  { id: 'silent', vector: Float32Array.of(0.9, 0, 0.43) },
  { id: 'words', vector: Float32Array.of(-1, 0, 0), text: 'the opening hours of the zeppelin museum' },
];

/** As a cross-encoder that knows what it wants. */
const prefers = (word: string): Ranker & { read: string[][] } => {
  const read: string[][] = [];
  const rank = async (_: string, texts: readonly string[]) => {
    read.push([...texts]);
    return texts.map((text) => (text.includes(word) ? 0.9 : 0.1));
  };
  return { read, rank };
};

async function aStore(): Promise<VectorStore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'resk-retrieval-'));
  const config = readConfig([vectorStoreSection], environmentSources({ env: {}, envFile: false }));
  const sealer = new PlainSealer();
  const store = (await openVectorStore(config[vectorStoreSection.name], { dataDir, plugins: [], sealer }))!;
  onTestFinished(async () => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  await store.openCollection(REF, { dimension: 3, metric: 'cosine' });
  await store.upsert(REF, POINTS);
  return store;
}

const QUERY: Wanted = { vector: Float32Array.of(1, 0, 0), k: 3 };
const idsOf = (found: { matches: { id: string }[] }) => found.matches.map(({ id }) => id);

describe('a plain retrieval', () => {
  test('gives the nearest, tells its time, and keeps vectors to itself', async () => {
    const found = await new Retriever(await aStore(), null).find(REF, QUERY);
    expect(idsOf(found)).toEqual(['tea', 'tea-again', 'silent']);
    expect(Object.keys(found.latencies)).toEqual(['vectordb']);
    expect(found.matches.every((match) => !('vector' in match))).toBe(true);
  });
});

describe('variety', () => {
  test('leaves out what says the same', async () => {
    const found = await new Retriever(await aStore(), null).find(REF, { ...QUERY, k: 2, mmr: { lambda: 0.3 } });
    expect(idsOf(found)).toEqual(['tea', 'words']);
    expect(Object.keys(found.latencies)).toEqual(['vectordb', 'mmr']);
    expect(found.matches.every((match) => !('vector' in match))).toBe(true);
  });

  test('looks at as many candidates as it is told', async () => {
    const find = (candidates: number) => ({ ...QUERY, k: 2, mmr: { lambda: 0, candidates } });
    const retriever = new Retriever(await aStore(), null);
    expect(idsOf(await retriever.find(REF, find(2)))).toEqual(['tea', 'tea-again']);
    expect(idsOf(await retriever.find(REF, find(5)))).toEqual(['tea', 'words']);
  });

  test('fetches the vectors from a store whose matches bring none, and drops what was deleted meanwhile', async () => {
    const store = await aStore();
    const without = Object.create(store, {
      query: {
        value: async (...asked: Parameters<VectorStore['query']>) => {
          const matches = await store.query(...asked);
          await store.delete(REF, { ids: ['words'] });
          return matches.map(({ vector: _, ...match }) => match);
        },
      },
    }) as VectorStore;
    const found = await new Retriever(without, null).find(REF, { ...QUERY, k: 2, mmr: { lambda: 0.3 } });
    expect(idsOf(found)).toEqual(['tea', 'coffee']);
  });
});

describe('a reranker', () => {
  test('orders the candidates by its own scores, beyond the k nearest', async () => {
    const ranker = prefers('museum');
    const found = await new Retriever(await aStore(), ranker).find(REF, {
      ...QUERY,
      k: 2,
      text: 'zeppelins',
      rerank: true,
    });
    expect(found.matches).toMatchObject([
      { id: 'words', score: 0.9 },
      { id: 'tea', score: 0.1 },
    ]);
    expect(Object.keys(found.latencies)).toEqual(['vectordb', 'rerank']);
  });

  test('is not given what has no text', async () => {
    const ranker = prefers('museum');
    await new Retriever(await aStore(), ranker).find(REF, { ...QUERY, text: 'zeppelins', rerank: true });
    expect(ranker.read).toEqual([POINTS.filter(({ text }) => text).map(({ text }) => text)]);
  });

  test('drops what it scores below the threshold, and reads no more than the candidates', async () => {
    const ranker = prefers('coffee');
    const wanted = { ...QUERY, text: 'what to drink', rerank: { threshold: 0.5, candidates: 4 } };
    expect(idsOf(await new Retriever(await aStore(), ranker).find(REF, wanted))).toEqual(['coffee']);
    expect(ranker.read[0]).toHaveLength(3);
  });

  test('comes before variety, which is chosen by its scores', async () => {
    const wanted = { ...QUERY, k: 2, text: 'what to drink', rerank: true, mmr: { lambda: 0.9 } };
    const found = await new Retriever(await aStore(), prefers('coffee')).find(REF, wanted);
    expect(idsOf(found)).toEqual(['coffee', 'words']);
    expect(Object.keys(found.latencies)).toEqual(['vectordb', 'rerank', 'mmr']);
  });

  test('is not asked where nothing can be read', async () => {
    const ranker = prefers('tea');
    const filter = { op: 'eq', field: 'kind', value: 'none' } as const;
    const found = await new Retriever(await aStore(), ranker).find(REF, {
      ...QUERY,
      text: 'tea',
      filter,
      rerank: true,
    });
    expect(found.matches).toEqual([]);
    expect(ranker.read).toEqual([]);
  });

  test('that this server does not have is a refusal, before anything is asked', async () => {
    const retriever = new Retriever(await aStore(), null);
    await expect(retriever.find(REF, { ...QUERY, text: 'tea', rerank: true })).rejects.toMatchObject({
      code: 'rerank.disabled',
    });
  });
});

describe('words', () => {
  test('find what vectors alone do not', async () => {
    const retriever = new Retriever(await aStore(), null);
    const wanted = { ...QUERY, k: 1, text: 'zeppelin museum', hybrid: { alpha: 0.1 } };
    expect(idsOf(await retriever.find(REF, wanted))).toEqual(['words']);
    const fused = await retriever.find(REF, { ...QUERY, k: 2, text: 'zeppelin museum', hybrid: true });
    expect(idsOf(fused).sort()).toEqual(['tea', 'words']);
  });

  test('need a text, and so does a reranker', async () => {
    const retriever = new Retriever(await aStore(), prefers('tea'));
    for (const asked of [{ hybrid: true }, { rerank: true }]) {
      await expect(retriever.find(REF, { ...QUERY, ...asked })).rejects.toMatchObject({ code: 'request.invalid' });
    }
  });

  test('that a store cannot search by are a refusal', async () => {
    const store = await aStore();
    const wordless = Object.create(store, {
      capabilities: { value: { ...store.capabilities, hybrid: false } },
    }) as VectorStore;
    const find = new Retriever(wordless, null).find(REF, { ...QUERY, text: 'tea', hybrid: true });
    await expect(find).rejects.toMatchObject({ code: 'vector.hybrid_unsupported' });
  });
});

test('every step is announced with its time and its candidates', async () => {
  const steps: Announcements['retrieval.step'][] = [];
  onTestFinished(listen('retrieval.step', (step) => void steps.push(step)));
  const wanted = { ...QUERY, k: 2, text: 'tea', rerank: { candidates: 4 }, mmr: { candidates: 3 } };
  await new Retriever(await aStore(), prefers('tea')).find(REF, wanted);
  expect(steps.map(({ step, candidates }) => [step, candidates])).toEqual([
    ['search', 4],
    ['rerank', 4],
    ['mmr', 3],
  ]);
  expect(steps.every(({ durationMs }) => durationMs >= 0)).toBe(true);
});

describe('a reply of a store', () => {
  const whole = { id: 'a', score: 0.5, metadata: {} };

  test('is taken as it was asked for, and no more of it', () => {
    expect(checkedMatches([whole, { ...whole, text: 't' }], { k: 1 }, 'p')).toEqual([whole]);
  });

  test.each([
    ['no list', { matches: [] }],
    ['nothing', [null]],
    ['no id', [{ ...whole, id: '' }]],
    ['a score beyond 1', [{ ...whole, score: 1.5 }]],
    ['no score', [{ ...whole, score: Number.NaN }]],
    ['a text that is none', [{ ...whole, text: 7 }]],
    ['no metadata', [{ ...whole, metadata: null }]],
    ['a list of metadata', [{ ...whole, metadata: [] }]],
  ])('is refused with %s', (_, reply) => {
    const take = () => checkedMatches(reply as never, { k: 5 }, 'odd');
    expect(take).toThrow(
      expect.objectContaining({
        code: 'vector.reply_invalid',
        facts: expect.objectContaining({ provider: 'odd' }),
      }),
    );
  });
});
