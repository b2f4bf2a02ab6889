// The process that asks a collection which another one wrote, and tells what that took.
import { quantile, timed } from './vector-data.js';
import { openStore, REF } from './vector-folder.js';
import type { Answers } from './vector-million.js';
import { answered, NEIGHBOURS } from './vector-search.js';

interface Asked {
  dataDir: string;
  queries: Float32Array[];
}

process.once('message', (asked: Asked) => {
  void answersTo(asked).then((answers) => process.send?.(answers, () => process.disconnect()));
});

async function answersTo({ dataDir, queries }: Asked): Promise<Answers> {
  const store = await openStore(dataDir);
  const loadMs = await timed(() => store.query(REF, { vector: queries[0]!, k: NEIGHBOURS }));
  const { times, found } = await answered(store, queries);
  await store.close();
  return { p50Ms: quantile(times, 0.5), loadMs, peakBytes: process.resourceUsage().maxRSS * 1024, found };
}
