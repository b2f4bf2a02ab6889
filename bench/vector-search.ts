// Measures the embedded vector store against plain JavaScript in the same run, on clustered and on random vectors.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentSources, readConfig } from '#config';
import type { VectorPoint, VectorStore } from '#ports';
import { openVectorStore, type PayloadSealer, vectorStoreSection } from '#vector-stores';

const DIMENSION = 384;
const NEIGHBOURS = 10;
const QUERIES = 40;
/** The same queries before those that are measured: the engine compiles what runs often. */
const WARM_UP_ROUNDS = 4;
const BATCH = 512;
const REF = { tenant: 'bench', collection: 'bench' };

export interface VectorSearchFigures {
  /** How the vectors lie: `clustered` or `random`. */
  name: string;
  size: number;
  p50Ms: number;
  /** Share of the true ten nearest that were found. */
  recall: number;
  /** How many times faster than plain JavaScript. */
  ratioToBruteForce: number;
  /** From an open file to the first answer: the collection is read into memory. */
  loadMs: number;
}

/** Measures collections of the given sizes, each both ways. */
export async function benchVectorSearch(sizes: number[]): Promise<VectorSearchFigures[]> {
  const figures: VectorSearchFigures[] = [];
  for (const size of sizes) {
    for (const [name, make] of [
      ['clustered', clustered],
      ['random', scattered],
    ] as const) {
      figures.push(await measured(name, make(size + QUERIES, seeded(size))));
    }
  }
  return figures;
}

async function measured(name: string, vectors: Float32Array[]): Promise<VectorSearchFigures> {
  const queries = vectors.splice(0, QUERIES);
  const dataDir = await mkdtemp(join(tmpdir(), 'bench-vectors-'));
  try {
    await write(dataDir, vectors);
    const store = await open(dataDir);
    const loadMs = await timed(() => store.query(REF, { vector: queries[0]!, k: NEIGHBOURS }));
    for (let round = 0; round < WARM_UP_ROUNDS; round++) await answered(store, queries);
    const { times, found } = await answered(store, queries);
    await store.close();
    const bruteTimes: number[] = [];
    let hits = 0;
    for (const [at, query] of queries.entries()) {
      const began = performance.now();
      const truth = bruteForce(vectors, query);
      bruteTimes.push(performance.now() - began);
      hits += truth.filter((one) => found[at]!.has(`d${one}`)).length;
    }
    const p50Ms = median(times);
    const recall = hits / (QUERIES * NEIGHBOURS);
    return { name, size: vectors.length, p50Ms, recall, ratioToBruteForce: median(bruteTimes) / p50Ms, loadMs };
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function write(dataDir: string, vectors: readonly Float32Array[]): Promise<void> {
  const store = await open(dataDir);
  await store.openCollection(REF, { dimension: DIMENSION, metric: 'cosine' });
  const points = vectors.map(
    (vector, i): VectorPoint => ({ id: `d${i}`, vector, text: `document ${i}`, metadata: { i } }),
  );
  for (let at = 0; at < points.length; at += BATCH) await store.upsert(REF, points.slice(at, at + BATCH));
  await store.close();
}

async function answered(store: VectorStore, queries: readonly Float32Array[]) {
  const times: number[] = [];
  const found: Array<Set<string>> = [];
  for (const vector of queries) {
    times.push(
      await timed(async () =>
        found.push(new Set((await store.query(REF, { vector, k: NEIGHBOURS })).map(({ id }) => id))),
      ),
    );
  }
  return { times, found };
}

async function open(dataDir: string): Promise<VectorStore> {
  const unsealed: PayloadSealer = {
    seal: async (plain) => plain,
    open: async (sealed) => sealed,
    isCurrent: async () => true,
  };
  const env = { VECTORDB_TIMEOUT: '60s', VECTORDB_MEMORY_MAX: '1GiB' };
  const { vectorStore: config } = readConfig([vectorStoreSection], environmentSources({ env, envFile: false }));
  const store = await openVectorStore(config, { dataDir, plugins: [], sealer: unsealed });
  if (!store) throw new Error('no vector store');
  return store;
}

/** The fastest that plain JavaScript does: unit vectors, one pass, ten kept in order. */
function bruteForce(vectors: readonly Float32Array[], query: Float32Array): number[] {
  const top: Array<{ at: number; score: number }> = [];
  for (let at = 0; at < vectors.length; at++) {
    const vector = vectors[at]!;
    let score = 0;
    for (let i = 0; i < DIMENSION; i++) score += vector[i]! * query[i]!;
    if (top.length === NEIGHBOURS && score <= top.at(-1)!.score) continue;
    top.push({ at, score });
    top.sort((a, b) => b.score - a.score);
    if (top.length > NEIGHBOURS) top.pop();
  }
  return top.map(({ at }) => at);
}

function scattered(count: number, random: () => number): Float32Array[] {
  return Array.from({ length: count }, () => unit(gaussian(random)));
}

/** A hundred documents a topic, as paraphrases lie. */
function clustered(count: number, random: () => number): Float32Array[] {
  const centres = Array.from({ length: Math.ceil(count / 100) }, () => unit(gaussian(random)));
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)]!;
    const noise = unit(gaussian(random));
    return unit(centre.map((one, i) => one + 0.5 * noise[i]!));
  });
}

function gaussian(random: () => number): Float32Array {
  return Float32Array.from({ length: DIMENSION }, () => {
    return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  });
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((one) => one / length);
}

function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
