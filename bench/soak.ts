// Whether a process that has answered a million requests holds more memory than after its first hundred thousand.
import { benchServer } from './hits.js';
import { load } from './load.js';

export interface SoakFigures {
  after: number;
  heapMiB: number;
  rssMiB: number;
}

const MIB = 1024 ** 2;

/** Sends questions of which each hit, and reports memory after garbage collection at the given request counts. */
export async function benchSoak(marks: readonly number[]): Promise<SoakFigures[]> {
  const { process, headers, body, close } = await benchServer();
  const figures: SoakFigures[] = [];
  let sent = 0;
  try {
    for (const mark of marks) {
      while (sent < mark) {
        const amount = Math.min(50_000, mark - sent);
        const { requests, failed } = await load({ url: `${process.url}/api/cache/query`, body, headers, amount });
        if (failed > 0) throw new Error(`${failed} requests of the soak failed`);
        sent += requests;
      }
      const { heapBytes, rssBytes } = await process.memory();
      figures.push({ after: sent, heapMiB: heapBytes / MIB, rssMiB: rssBytes / MIB });
    }
    return figures;
  } finally {
    await close();
  }
}
