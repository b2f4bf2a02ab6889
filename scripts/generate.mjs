// npm run generate: writes the documents that are made from code. With `-- --check` it names the stale ones instead.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

await main((args) => {
  ensureInstalled();
  ensureBuilt();
  return runNode(['dist/scripts/generate/main.js', ...args]);
});
