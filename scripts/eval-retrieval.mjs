// npm run eval:retrieval: builds, then measures how well questions find those of the same intent.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

await main((args) => {
  ensureInstalled();
  ensureBuilt();
  return runNode(['dist/bench/retrieval/main.js', ...args]);
});
