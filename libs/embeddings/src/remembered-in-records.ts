// Remembers vectors in the records of the service, sealed: for all instances, and over a restart.
import { announce, isFailure, SERVICE_ACCOUNT } from '#ports';
import type { Records } from '#records';
import { untilAborted } from '#resilience';
import { type Remembered, VectorCache, type VectorNames, type VectorPlace, vectorName } from './vector-cache.js';

/** Where a sealed thing belongs; authenticated with it, so that it opens nowhere else. */
export interface VectorSealPlace {
  tenant: string;
  purpose: string;
  name: string;
}

/** Seals and opens vectors: the `Sealer` of the room of crypto is one. `open` fails for what it did not seal for that place. */
export abstract class VectorSealer {
  abstract seal(plain: Uint8Array, at: VectorSealPlace): Promise<Uint8Array>;
  abstract open(sealed: Uint8Array, at: VectorSealPlace): Promise<Uint8Array>;
}

export interface RecordedVectorsOptions {
  provider: string;
  records: Records;
  sealer: VectorSealer;
  names: VectorNames;
  ttlMs: number;
}

const PURPOSE = 'embedding';
const PAGE = 500;
/** Nothing is under way for longer. */
const LONGEST_CALL_MS = 3_600_000;

/** A tenant's vectors carry its generation. To forget is to begin another: what is written late carries the former one. */
const FIRST_GENERATION = '0';

export class RecordedVectors extends VectorCache {
  constructor(
    private readonly o: RecordedVectorsOptions,
    private readonly random: () => string = () => crypto.randomUUID(),
  ) {
    super();
  }

  async find(place: VectorPlace, texts: readonly string[], { signal }: { signal?: AbortSignal } = {}) {
    const { names, records, provider } = this.o;
    const { tenant = SERVICE_ACCOUNT } = place;
    const keys = texts.map((text) => `${this.prefix(tenant)}${vectorName(names, place, text)}`);
    const read = records.getMany([this.generationKey(tenant), ...keys]);
    const held = await this.unlessDown('get', untilAborted(signal, read), signal);
    const [generation = FIRST_GENERATION, ...values] = held ?? [];
    const opened = await Promise.all(
      values.map((value, at) => value && this.opened(value, { tenant, generation, key: keys[at]! })),
    );
    const vectors = new Map<string, Float32Array>();
    for (const [at, vector] of opened.entries()) if (vector) vectors.set(texts[at]!, vector);
    announce('embedding.remembered', { provider, hits: vectors.size, misses: texts.length - vectors.size });
    const keyOf = new Map(texts.map((text, at) => [text, keys[at]!]));
    const keep: Remembered['keep'] = async (fresh) => {
      // Where the generation could not be read, nobody knows which one it is.
      if (!held) return;
      const write = [...fresh].map(([text, vector]) => this.put(vector, { tenant, generation, key: keyOf.get(text)! }));
      await this.unlessDown('set', Promise.all(write));
    };
    return { vectors, keep };
  }

  /** @throws Failure `records.unavailable` */
  async forget(tenant: string): Promise<void> {
    const { records, ttlMs } = this.o;
    // Outlives all that carries the former generation.
    await records.put(this.generationKey(tenant), this.random(), { ttlMs: 2 * ttlMs + LONGEST_CALL_MS });
    let cursor: string | undefined;
    do {
      const page = await records.list(this.prefix(tenant), { limit: PAGE, ...(cursor !== undefined && { cursor }) });
      await records.delete(page.records.map(({ key }) => key));
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  async close(): Promise<void> {}

  private async put(vector: Float32Array, at: { tenant: string; generation: string; key: string }): Promise<void> {
    const { records, sealer, ttlMs } = this.o;
    const plain = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
    const sealed = await sealer.seal(plain, sealPlace(at));
    await records.put(at.key, `${at.generation} ${Buffer.from(sealed).toString('base64')}`, { ttlMs });
  }

  /** What does not open is as good as absent; it is written anew. */
  private async opened(value: string, at: { tenant: string; generation: string; key: string }) {
    const [generation, sealed = ''] = value.split(' ');
    if (generation !== at.generation) return undefined;
    const plain = await this.o.sealer.open(Buffer.from(sealed, 'base64'), sealPlace(at)).catch(() => undefined);
    // Copied, so that the numbers are aligned.
    return plain && plain.length % 4 === 0 ? new Float32Array(Uint8Array.from(plain).buffer) : undefined;
  }

  /** To remember is a saving, never a need: where the records are down, all goes on without. */
  private async unlessDown<T>(named: 'get' | 'set', work: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
    const call = { tier: this.o.records.backend, operation: `embedding ${named}` } as const;
    const began = performance.now();
    try {
      return await work;
    } catch (error) {
      signal?.throwIfAborted();
      const code = isFailure(error) ? error.code : 'internal.unexpected';
      announce('cache.store_failed', { ...call, code });
      return undefined;
    } finally {
      announce('cache.store_call', { ...call, durationMs: performance.now() - began });
    }
  }

  private prefix(tenant: string): string {
    return `embedding/${this.o.names.tenantTag(tenant)}/`;
  }

  private generationKey(tenant: string): string {
    return `embedding-generation/${this.o.names.tenantTag(tenant)}`;
  }
}

function sealPlace({ tenant, key }: { tenant: string; key: string }): VectorSealPlace {
  return { tenant, purpose: PURPOSE, name: key };
}
