// Measures a million documents in a process of its own, whose memory is the store's.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BruteForce, seeded, vectorsOf } from './vector-data.js';
import { batchesOf, inFolder, openStore, REF } from './vector-folder.js';
import { NEIGHBOURS, QUERIES, recallOf } from './vector-search.js';

const SIZE = 1_000_000;

export interface MillionFigures {
  size: number;
  p50Ms: number;
  recall: number;
  /** From an open file to the first answer. */
  loadMs: number;
  /** The most that the process ever held, Node and all. */
  peakMiB: number;
}

/** What the process that asks gives back. */
export interface Answers {
  p50Ms: number;
  loadMs: number;
  peakBytes: number;
  found: string[][];
}

export function benchMillion(): Promise<MillionFigures[]> {
  return inFolder(async (dataDir) => {
    const vectors = vectorsOf('clustered', SIZE + QUERIES, seeded(SIZE));
    const queries = Array.from({ length: QUERIES }, () => vectors.next().value as Float32Array);
    const brute = new BruteForce(queries, NEIGHBOURS);
    const store = await openStore(dataDir);
    for (const batch of batchesOf(vectors)) {
      for (const { vector } of batch) brute.add(vector);
      await store.upsert(REF, batch);
    }
    await store.close();
    const { found, peakBytes, ...times } = await asked(dataDir, queries);
    const truth = queries.map((_, at) => brute.nearest(at));
    return [{ size: SIZE, ...times, recall: recallOf(truth, found), peakMiB: Math.round(peakBytes / 1024 ** 2) }];
  });
}

async function asked(dataDir: string, queries: readonly Float32Array[]): Promise<Answers> {
  const asker = fork(fileURLToPath(new URL('./vector-asker.js', import.meta.url)), { serialization: 'advanced' });
  const ended = once(asker, 'exit');
  asker.send({ dataDir, queries });
  const [answers] = (await Promise.race([
    once(asker, 'message'),
    ended.then(() => Promise.reject(new Error('the process that asks ended'))),
  ])) as [Answers];
  await ended;
  return answers;
}
