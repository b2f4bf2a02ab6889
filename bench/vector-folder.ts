// Embedded stores to measure, in folders that are cleared away.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentSources, readConfig } from '#config';
import type { VectorPoint, VectorStore } from '#ports';
import { openVectorStore, type PayloadSealer, vectorStoreSection } from '#vector-stores';
import { DIMENSION } from './vector-data.js';

export const REF = { tenant: 'bench', collection: 'bench' };
export const BATCH = 512;

/** What the documents cost that are sealed is measured with the room of crypto. */
const unsealed: PayloadSealer = {
  seal: async (plain) => plain,
  open: async (sealed) => sealed,
  isCurrent: async () => true,
};

export async function inFolder<T>(run: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-vectors-'));
  try {
    return await run(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

export async function openStore(
  dataDir: string,
  { memoryMaxBytes = 1024 ** 3, sealer = unsealed }: { memoryMaxBytes?: number; sealer?: PayloadSealer } = {},
): Promise<VectorStore> {
  const { vectorStore } = readConfig([vectorStoreSection], environmentSources({ env: {}, envFile: false }));
  const config = { ...vectorStore, timeoutMs: 600_000, memoryMaxBytes };
  const store = await openVectorStore(config, { dataDir, plugins: [], sealer });
  if (!store) throw new Error('no vector store');
  await store.openCollection(REF, { dimension: DIMENSION, metric: 'cosine' });
  return store;
}

/** Documents around vectors, in batches, numbered from `first`. */
export function* batchesOf(
  vectors: Iterable<Float32Array>,
  { first = 0, textOf = (i: number) => `document ${i}` } = {},
): Generator<VectorPoint[]> {
  let [batch, i] = [[] as VectorPoint[], first];
  for (const vector of vectors) {
    batch.push({ id: `d${i}`, vector, text: textOf(i), metadata: { i } });
    i++;
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
