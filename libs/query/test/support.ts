// The services of this room over a real cache and a real embedded vector store, for one test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cacheSection, openCache } from '#cache';
import { environmentSources, readConfig } from '#config';
import { KeyNames, PlainSealer } from '#crypto';
import { embeddingSection, openEmbedder } from '#embeddings';
import { openVectorStore, vectorStoreSection } from '#vector-stores';
import { AnswersService, EntryNames, KnowledgeService, QueryService, querySection } from '../src/index.js';

export async function aRoom(env: Record<string, string> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'resk-query-'));
  const sources = environmentSources({
    env: { CACHE_BACKEND: 'memory', CACHE_TTL_JITTER: '0', EMBEDDING_DIMENSIONS: '64', VECTOR_THRESHOLD: '0', ...env },
    envFile: false,
  });
  const config = readConfig([cacheSection, embeddingSection, vectorStoreSection, querySection], sources);
  const keyNames = new KeyNames(Buffer.alloc(32, 7));
  const sealer = new PlainSealer();
  const cache = await openCache(config.cache, { dataDir, sealer, names: keyNames });
  const embedder = await openEmbedder(config.embedding, { plugins: [] });
  const store = (await openVectorStore(config[vectorStoreSection.name], { dataDir, plugins: [], sealer })) ?? null;
  const names = new EntryNames(keyNames, config.cache.keyProfile);
  const knowledge = new KnowledgeService(embedder, store, config.query);
  onTestFinished(async () => {
    await cache.close();
    await store?.close();
    await embedder.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return {
    cache,
    names,
    knowledge,
    answers: new AnswersService(cache, names),
    queries: new QueryService(cache, knowledge, names, () => 0),
  };
}

export const asker = { tenant: 'north', subject: 'ann' };
