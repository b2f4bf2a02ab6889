// Opens embedded stores in folders of their own, and clears them away after the test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CollectionRef, Metric, VectorPoint, VectorStore } from '#ports';
import { type EmbeddedOptions, EmbeddedStore } from '../../src/providers/embedded/embedded-store.js';
import { plainSealer } from './sealers.js';

export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vector-stores-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export const MEBIBYTE = 1024 ** 2;

/** A store in `folder`, or in a new one; closed after the test. */
export async function aStore(o: Partial<EmbeddedOptions> & { folder?: string } = {}): Promise<EmbeddedStore> {
  const file = join(o.folder ?? (await aFolder()), 'vectors.sqlite');
  const store = await EmbeddedStore.open({
    file,
    synchronous: 'normal',
    memoryMaxBytes: 64 * MEBIBYTE,
    sealer: plainSealer,
    ...o,
  });
  onTestFinished(() => store.close());
  return store;
}

export const HERE: CollectionRef = { tenant: 'north', collection: 'documents' };

/** A collection with these points. */
export async function filled(
  store: VectorStore,
  points: readonly VectorPoint[],
  { ref = HERE, metric = 'cosine' as Metric, dimension = points[0]!.vector.length } = {},
): Promise<void> {
  await store.openCollection(ref, { dimension, metric });
  for (let at = 0; at < points.length; at += 512) await store.upsert(ref, points.slice(at, at + 512));
}

/** Numbers in 0..1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function aVector(dimension: number, random: () => number): Float32Array {
  return Float32Array.from({ length: dimension }, () => random() - 0.5);
}
