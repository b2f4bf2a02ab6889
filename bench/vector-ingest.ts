// Measures what queries feel of an ingestion into the same store.
import type { VectorStore } from '#ports';
import { quantile, seeded, vectorsOf } from './vector-data.js';
import { batchesOf, inFolder, openStore, REF } from './vector-folder.js';
import { NEIGHBOURS } from './vector-search.js';

const HELD = 100_000;
const INGESTED = 100_000;
const IDLE_QUERIES = 400;
const FED = { ...REF, collection: 'fed' };

export interface IngestFigures {
  /** Which collection is fed: the one that is asked, or another. */
  into: string;
  documentsPerSecond: number;
  queries: number;
  idleP95Ms: number;
  duringP95Ms: number;
  /** The same queries when all is written: a collection that has doubled takes longer by itself. */
  afterP95Ms: number;
  ratioToIdle: number;
}

/** One client asks without a pause while another one writes without a pause. */
export async function benchIngest(): Promise<IngestFigures[]> {
  return [await measured('another', FED), await measured('the same', REF)];
}

async function measured(into: string, fed: typeof REF): Promise<IngestFigures> {
  return inFolder(async (dataDir) => {
    const vectors = vectorsOf('clustered', HELD + INGESTED + IDLE_QUERIES, seeded(HELD));
    const queries = take(vectors, IDLE_QUERIES);
    const store = await openStore(dataDir);
    for (const batch of batchesOf(take(vectors, HELD))) await store.upsert(REF, batch);
    await store.openCollection(fed, { dimension: queries[0]!.length, metric: 'cosine' });
    const ingested = [...batchesOf(take(vectors, INGESTED), { first: HELD })];
    await timesOf(store, queries);
    const idle = await timesOf(store, queries);
    let ended = false;
    const asking = timesUntil(store, queries, () => ended);
    const began = performance.now();
    for (const batch of ingested) await store.upsert(fed, batch);
    const seconds = (performance.now() - began) / 1000;
    ended = true;
    const during = await asking;
    const after = await timesOf(store, queries);
    await store.close();
    const [idleP95Ms, duringP95Ms] = [quantile(idle, 0.95), quantile(during, 0.95)];
    return {
      into,
      documentsPerSecond: Math.round(INGESTED / seconds),
      queries: during.length,
      idleP95Ms,
      duringP95Ms,
      afterP95Ms: quantile(after, 0.95),
      ratioToIdle: duringP95Ms / idleP95Ms,
    };
  });
}

function take(vectors: Iterator<Float32Array>, count: number): Float32Array[] {
  return Array.from({ length: count }, () => vectors.next().value as Float32Array);
}

async function timesOf(store: VectorStore, queries: readonly Float32Array[]): Promise<number[]> {
  let asked = 0;
  return timesUntil(store, queries, () => asked++ === queries.length);
}

async function timesUntil(
  store: VectorStore,
  queries: readonly Float32Array[],
  ended: () => boolean,
): Promise<number[]> {
  const times: number[] = [];
  for (let at = 0; !ended(); at = (at + 1) % queries.length) {
    const began = performance.now();
    await store.query(REF, { vector: queries[at]!, k: NEIGHBOURS });
    times.push(performance.now() - began);
  }
  return times;
}
