// Remembers vectors in this process, within a bound of memory; the other instances are told whom to forget.
import { LRUCache } from 'lru-cache';
import { announce, SERVICE_ACCOUNT } from '#ports';
import type { Bus } from '#records';
import {
  PassingNames,
  type Remembered,
  VectorCache,
  type VectorNames,
  type VectorPlace,
  vectorName,
} from './vector-cache.js';

export interface MemoryVectorsOptions {
  provider: string;
  /** Bytes of vectors and their names, at most. */
  maxBytes: number;
  ttlMs: number;
  names?: VectorNames | undefined;
  /** Carries to other instances whom to forget. */
  bus?: Bus | undefined;
  now?: () => number;
}

const TOPIC = 'embedding-forget';
/** What an entry takes besides its numbers: its name, and its place in the cache. */
const ENTRY_BYTES = 256;

type Vectors = LRUCache<string, Float32Array>;

export class MemoryVectors extends VectorCache {
  private readonly names: VectorNames;
  /** Questions come again and documents seldom do: half of the room each, so that an ingest does not drive them out. */
  private readonly questions: Vectors;
  private readonly others: Vectors;
  /** Counts up when anything is forgotten: what was asked for before is then not kept. */
  private forgotten = 0;
  private stop: (() => Promise<void>) | undefined;

  constructor(private readonly o: MemoryVectorsOptions) {
    super();
    this.names = o.names ?? new PassingNames();
    this.questions = vectorsWithin(o);
    this.others = vectorsWithin(o);
  }

  /** Hears what other instances forget. */
  async open(): Promise<this> {
    const missed = () => this.wipe('');
    this.stop = await this.o.bus?.subscribe(TOPIC, (tag) => this.wipe(tag), { missed });
    return this;
  }

  async find(place: VectorPlace, texts: readonly string[]): Promise<Remembered> {
    const { tenant = SERVICE_ACCOUNT, purpose } = place;
    const held = purpose === 'query' ? this.questions : this.others;
    const tag = this.names.tenantTag(tenant);
    const keys = new Map(texts.map((text) => [text, `${tag}/${vectorName(this.names, place, text)}`]));
    const vectors = new Map<string, Float32Array>();
    for (const [text, key] of keys) {
      const vector = held.get(key);
      if (vector) vectors.set(text, vector);
    }
    announce('embedding.remembered', {
      provider: this.o.provider,
      hits: vectors.size,
      misses: texts.length - vectors.size,
    });
    const before = this.forgotten;
    return {
      vectors,
      keep: async (fresh) => {
        if (this.forgotten !== before) return;
        for (const [text, vector] of fresh) held.set(keys.get(text)!, vector);
      },
    };
  }

  /** @throws Failure `cache.store_unavailable` where the other instances cannot be told; here it is done by then. */
  async forget(tenant: string): Promise<void> {
    const tag = this.names.tenantTag(tenant);
    this.wipe(tag);
    await this.o.bus?.publish(TOPIC, tag);
  }

  async close(): Promise<void> {
    await this.stop?.();
    this.stop = undefined;
    this.wipe('');
  }

  private wipe(tag: string): void {
    this.forgotten++;
    for (const held of [this.questions, this.others]) {
      for (const key of [...held.keys()]) if (key.startsWith(tag)) held.delete(key);
    }
  }
}

function vectorsWithin({ maxBytes, ttlMs, now }: MemoryVectorsOptions): Vectors {
  return new LRUCache({
    maxSize: Math.ceil(maxBytes / 2),
    sizeCalculation: (vector) => vector.byteLength + ENTRY_BYTES,
    ttl: ttlMs,
    ...(now && { perf: { now }, ttlResolution: 0 }),
  });
}
