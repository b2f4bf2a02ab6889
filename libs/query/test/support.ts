// The services of this room over a real cache and a real embedded vector store, for one test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { cacheSection, openCache, type StorageQuota } from '#cache';
import { environmentSources, readConfig } from '#config';
import { KeyNames, PlainSealer } from '#crypto';
import { Embedder, embeddingSection, openEmbedder } from '#embeddings';
import type { EmbeddingModel, VectorStore } from '#ports';
import { openTextGuard, privacySection } from '#privacy';
import { type Bus, LocalBus, MemoryRecords, type Records } from '#records';
import { TenantTurns } from '#resilience';
import type { Ranker } from '#retrieval';
import { openVectorStore, SegmentedStore, vectorStoreSection } from '#vector-stores';
import { AnswerTies } from '../src/answer-ties.js';
import { DocumentIntake } from '../src/document-intake.js';
import {
  AnswersService,
  DocumentsService,
  EntryNames,
  Erasures,
  KnowledgeService,
  PersonalDocuments,
  PoliciesService,
  QueryService,
  querySection,
  retentionSection,
  TenantPolicies,
} from '../src/index.js';
import { KnownTenants } from '../src/privacy/known-tenants.js';
import { Screening } from '../src/privacy/screening.js';
import { SimilarQuestions } from '../src/similar-questions.js';

export interface Shared {
  records?: Records;
  bus?: Bus;
  /** Takes the place of the model that the configuration names. */
  model?: EmbeddingModel;
  quota?: StorageQuota;
  ranker?: Ranker;
  /** Takes the place of the store that the configuration names. */
  store?: (made: VectorStore) => VectorStore;
}

export async function aRoom(env: Record<string, string> = {}, shared: Shared = {}) {
  const dataDir = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), 'resk-query-')));
  const sources = environmentSources({
    env: { CACHE_BACKEND: 'memory', CACHE_TTL_JITTER: '0', EMBEDDING_DIMENSIONS: '64', VECTOR_THRESHOLD: '0', ...env },
    envFile: false,
  });
  const config = readConfig(
    [cacheSection, embeddingSection, vectorStoreSection, querySection, retentionSection, privacySection],
    sources,
  );
  const { records = new MemoryRecords(), bus = new LocalBus() } = shared;
  const keyNames = new KeyNames(Buffer.alloc(32, 7));
  const sealer = new PlainSealer();
  const { personal, secret } = config.privacy;
  const defaults = { retention: config.retention, detection: { personal, secret, kinds: {} } };
  const policies = new TenantPolicies({ records, bus, defaults });
  await policies.open();
  const { lifeLimit } = policies;
  const cache = await openCache(config.cache, {
    dataDir,
    sealer,
    names: keyNames,
    bus,
    lifeLimit,
    quota: shared.quota,
  });
  const embedder = shared.model
    ? new Embedder(shared.model, config.embedding)
    : await openEmbedder(config.embedding, { plugins: [] });
  const opened = (await openVectorStore(config[vectorStoreSection.name], { dataDir, plugins: [], sealer })) ?? null;
  const inner = opened && shared.store ? shared.store(opened) : opened;
  const store = inner && (await SegmentedStore.open(inner, { records, bus }));
  const guard = await openTextGuard(config.privacy, { plugins: [] });
  const names = new EntryNames(keyNames, config.cache.keyProfile);
  const turns = new TenantTurns({ concurrency: 8, perTenant: 4, queue: 100 });
  const tenants = new KnownTenants(records);
  const screening = new Screening(guard, policies);
  const erasures = new Erasures(records, keyNames);
  const ties = new AnswerTies(cache, keyNames);
  const knowledge = new KnowledgeService(
    { embedder, store, ranker: shared.ranker ?? null, policies, screening, turns },
    config.query,
  );
  const intake = new DocumentIntake(embedder, screening, policies);
  const documents = new DocumentsService(store, intake, ties, erasures, {
    collection: config.query.collection,
    dimensions: () => embedder.dimensions,
    turns,
    noted: (tenant) => tenants.note(tenant),
  });
  const { similarThreshold: threshold } = config.query;
  const similar =
    threshold === undefined ? undefined : new SimilarQuestions(cache, embedder, store!, names, { threshold });
  const options = { screening, ties, similar, defaultTtlMs: config.cache.ttlMs, random: () => 0 };
  const policiesService = new PoliciesService(policies, cache, guard.kinds);
  policiesService.open();
  onTestFinished(async () => {
    policiesService.close();
    await policies.close();
    await cache.close();
    await store?.close();
    await embedder.close();
    await guard.close();
    if (!env.DATA_DIR) await rm(dataDir, { recursive: true, force: true });
  });
  return {
    dataDir,
    records,
    bus,
    keyNames,
    cache,
    names,
    store,
    ties,
    turns,
    tenants,
    erasures,
    screening,
    policies,
    policiesService,
    knowledge,
    documents,
    personal: new PersonalDocuments(store, ties, policies, embedder),
    answers: new AnswersService(cache, names, screening, erasures, similar),
    queries: new QueryService(cache, knowledge, names, options),
  };
}

export type Room = Awaited<ReturnType<typeof aRoom>>;

export const asker = { tenant: 'north', subject: 'ann' };
