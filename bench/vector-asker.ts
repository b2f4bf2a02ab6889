// The process that asks a collection which another one wrote, and tells what that took.
import { quantile, timed } from './vector-data.js';
import { openStore, REF } from './vector-folder.js';
import type { Answers } from './vector-million.js';
import { answered, NEIGHBOURS } from './vector-search.js';

process.once('message', async ({ dataDir, queries }: { dataDir: string; queries: Float32Array[] }) => {
  const store = await openStore(dataDir);
  const loadMs = await timed(() => store.query(REF, { vector: queries[0]!, k: NEIGHBOURS }));
  const { times, found } = await answered(store, queries);
  await store.close();
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  const answers: Answers = { p50Ms: quantile(times, 0.5), loadMs, peakBytes, found };
  process.send?.(answers, () => process.disconnect());
});
