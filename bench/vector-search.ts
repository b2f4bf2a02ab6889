// Measures the embedded vector store against plain JavaScript in the same run, on clustered and on random vectors.
import type { VectorStore } from '#ports';
import { BruteForce, type Lie, quantile, seeded, timed, vectorsOf } from './vector-data.js';
import { batchesOf, inFolder, openStore, REF } from './vector-folder.js';

export const NEIGHBOURS = 10;
export const QUERIES = 40;
/** The same queries before those that are measured: the engine compiles what runs often. */
const WARM_UP_ROUNDS = 4;

export interface VectorSearchFigures {
  /** How the vectors lie: `clustered` or `random`. */
  name: string;
  size: number;
  p50Ms: number;
  /** Share of the true ten nearest that were found. */
  recall: number;
  /** How many times faster than plain JavaScript. */
  ratioToBruteForce: number;
  /** From an open file to the first answer: threads start, and the collection is read into memory. */
  loadMs: number;
}

/** Measures collections of the given sizes, each both ways. */
export async function benchVectorSearch(sizes: number[]): Promise<VectorSearchFigures[]> {
  const figures: VectorSearchFigures[] = [];
  for (const size of sizes) {
    for (const lie of ['clustered', 'random'] as const) figures.push(await measured(lie, size));
  }
  return figures;
}

async function measured(name: Lie, size: number): Promise<VectorSearchFigures> {
  const vectors = [...vectorsOf(name, size + QUERIES, seeded(size))];
  const queries = vectors.splice(0, QUERIES);
  return inFolder(async (dataDir) => {
    const writer = await openStore(dataDir);
    for (const batch of batchesOf(vectors)) await writer.upsert(REF, batch);
    await writer.close();
    const store = await openStore(dataDir);
    const loadMs = await timed(() => store.query(REF, { vector: queries[0]!, k: NEIGHBOURS }));
    const { times, found } = await answered(store, queries);
    await store.close();
    const bruteTimes: number[] = [];
    const truth: number[][] = [];
    for (const query of queries) {
      const brute = new BruteForce([query], NEIGHBOURS);
      bruteTimes.push(await timed(async () => vectors.forEach((vector) => void brute.add(vector))));
      truth.push(brute.nearest(0));
    }
    const p50Ms = quantile(times, 0.5);
    const ratioToBruteForce = quantile(bruteTimes, 0.5) / p50Ms;
    return { name, size, p50Ms, recall: recallOf(truth, found), ratioToBruteForce, loadMs };
  });
}

/** Asks all queries, after some rounds that are not measured. */
export async function answered(store: VectorStore, queries: readonly Float32Array[], warmUps = WARM_UP_ROUNDS) {
  for (let round = 0; round < warmUps; round++) await ask(store, queries);
  return ask(store, queries);
}

async function ask(store: VectorStore, queries: readonly Float32Array[]) {
  const times: number[] = [];
  const found: string[][] = [];
  for (const vector of queries) {
    const asking = async () => found.push((await store.query(REF, { vector, k: NEIGHBOURS })).map(({ id }) => id));
    times.push(await timed(asking));
  }
  return { times, found };
}

/** Share of the true neighbours, by place, that were found by id. */
export function recallOf(truth: readonly number[][], found: readonly string[][]): number {
  const hits = truth.map((places, at) => places.filter((place) => found[at]!.includes(`d${place}`)).length);
  return hits.reduce((sum, one) => sum + one, 0) / truth.flat().length;
}
