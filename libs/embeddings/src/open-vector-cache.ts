// Opens what remembers vectors, where the configuration wants it.
import { listen } from '#ports';
import type { Bus, Records } from '#records';
import type { EmbeddingConfig } from './embedding.section.js';
import { MemoryVectors } from './remembered-in-memory.js';
import { RecordedVectors, type VectorSealer } from './remembered-in-records.js';
import { VectorCache, type VectorNames, type VectorPlace } from './vector-cache.js';

/** The parts of a server that vectors are remembered with. */
export interface VectorMemory {
  records: Records;
  bus: Bus;
  sealer: VectorSealer;
  names: VectorNames;
}

/** `undefined` for `EMBEDDING_CACHE=off`. In a process that has no records, `records` means its memory. */
export async function openVectorCache(
  { cache, cacheMaxBytes: maxBytes, cacheTtlMs: ttlMs }: EmbeddingConfig,
  provider: string,
  memory?: VectorMemory,
): Promise<VectorCache | undefined> {
  if (cache === 'off') return undefined;
  if (cache === 'records' && memory)
    return new ForgettingTheShredded(new RecordedVectors({ ...memory, provider, ttlMs }));
  const { names, bus } = memory ?? {};
  return new ForgettingTheShredded(await new MemoryVectors({ provider, maxBytes, ttlMs, names, bus }).open());
}

/** A tenant whose data keys are destroyed leaves no vectors either. */
class ForgettingTheShredded extends VectorCache {
  private readonly stop: () => void;

  constructor(private readonly cache: VectorCache) {
    super();
    // Of a message that is lost there is no harm: sealed vectors no longer open, and those in memory are wiped first.
    this.stop = listen('key.shredded', ({ tenant }) => void cache.forget(tenant).catch(() => {}));
  }

  find(place: VectorPlace, texts: readonly string[], options?: { signal?: AbortSignal }) {
    return this.cache.find(place, texts, options);
  }

  forget(tenant: string): Promise<void> {
    return this.cache.forget(tenant);
  }

  async close(): Promise<void> {
    this.stop();
    await this.cache.close();
  }
}
