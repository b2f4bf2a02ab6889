// Chooses, opens and guards the vector store that the configuration names.
import { join } from 'node:path';
import { givenOptions, ProviderFamily } from '#config';
import { type CallOptions, failure, type VectorStore } from '#ports';
import { type Bounds, bounded } from './bounded.js';
import type { PayloadSealer } from './payload-sealer.js';
import { sealed } from './sealed/sealed-store.js';
import type { VectorStoreConfig } from './vector-stores.section.js';

const BUILT_INS = {
  chroma: async () => (await import('./providers/chroma/chroma.provider.js')).chromaProvider,
  embedded: async () => (await import('./providers/embedded/embedded.provider.js')).embeddedProvider,
  milvus: async () => (await import('./providers/milvus/milvus.provider.js')).milvusProvider,
  weaviate: async () => (await import('./providers/weaviate/weaviate.provider.js')).weaviateProvider,
  pinecone: async () => (await import('./providers/pinecone/pinecone.provider.js')).pineconeProvider,
};

export interface VectorStoreContext extends CallOptions {
  /** Folder of the embedded store's file; made when absent. */
  dataDir: string;
  /** npm packages that may bring a store. */
  plugins: readonly string[];
  /** Seals what the embedded store keeps of a document besides its vector and id. */
  sealer: PayloadSealer;
}

/** A store in this process fails for good or not at all: repeating or pausing it helps nobody. */
const EMBEDDED_BOUNDS: Omit<Bounds, 'timeoutMs'> = {
  retries: 0,
  backoffMs: 0,
  maxBackoffMs: 0,
  concurrency: 1024,
  queue: 4096,
};

const REMOTE_BOUNDS: Omit<Bounds, 'timeoutMs'> = {
  retries: 2,
  backoffMs: 100,
  maxBackoffMs: 2000,
  breaker: { failures: 5, cooldownMs: 10_000 },
  concurrency: 64,
  queue: 1024,
};

/**
 * Opens the store of `VECTORDB_TYPE`, guarded; `undefined` for `none`.
 * @throws Failure `vector.store_refused`, or a `provider.*` failure: both stop the boot.
 */
export async function openVectorStore(
  config: VectorStoreConfig,
  context: VectorStoreContext,
): Promise<VectorStore | undefined> {
  const { type, timeoutMs, memoryMaxBytes } = config;
  if (type === 'none') return undefined;
  // Before anything is opened: who asks for sealing must not be given less.
  if (type !== 'embedded' && config.seal !== 'off' && context.sealer.sealing === false)
    throw failure('crypto.sealing_off', {});
  const family = vectorStoreFamily(context.plugins);
  const embedded = type === 'embedded';
  const own = { file: join(context.dataDir, 'vectors.sqlite'), memoryMaxBytes, sealer: context.sealer };
  const { settings, origins } = optionsOf(config);
  const store = await family.open(
    type,
    { ...settings, ...(embedded && own) },
    { origins, ...(context.signal && { signal: context.signal }) },
  );
  const guarded = bounded(store, { ...(embedded ? EMBEDDED_BOUNDS : REMOTE_BOUNDS), timeoutMs });
  // The embedded store seals whatever it keeps.
  return embedded || config.seal === 'off' ? guarded : sealed(guarded, context.sealer, { mode: config.seal });
}

/** Whether the chosen store would take the settings; opens nothing. @throws Failure `provider.*` */
export async function checkVectorStore(config: VectorStoreConfig, plugins: readonly string[]): Promise<void> {
  const { type, memoryMaxBytes } = config;
  if (type === 'none') return;
  const own = { file: 'vectors.sqlite', memoryMaxBytes, sealer: NEVER_ASKED };
  const { settings, origins } = optionsOf(config);
  await vectorStoreFamily(plugins).check(type, { ...settings, ...(type === 'embedded' && own) }, origins);
}

/** Stands where the embedded store's settings want a sealer, when nothing is opened. */
const NEVER_ASKED = { seal: () => Promise.reject(new Error('nothing was opened')) };

/** The stores that can be chosen. */
export function vectorStoreFamily(plugins: readonly string[]): ProviderFamily<'vector-store'> {
  return new ProviderFamily({ family: 'vector-store', variable: 'VECTORDB_TYPE', builtIns: BUILT_INS, plugins });
}

function optionsOf({ type, options, url, apiKey, pineconeApiKey, pineconeIndexHost }: VectorStoreConfig) {
  const pinecone = type === 'pinecone';
  return givenOptions(options, {
    url: ['VECTORDB_URL', url],
    apiKey: apiKey || !pinecone ? ['VECTORDB_API_KEY', apiKey] : ['PINECONE_API_KEY', pineconeApiKey],
    indexHost: ['PINECONE_INDEX_HOST', pinecone ? pineconeIndexHost : undefined],
  });
}
