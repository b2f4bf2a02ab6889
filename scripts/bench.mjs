// npm run bench: builds, then measures. Arguments go to the bench: `npm run bench -- --json FILE`.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

await main((args) => {
  ensureInstalled();
  ensureBuilt();
  return runNode(['--enable-source-maps', '--expose-gc', 'dist/bench/main.js', ...args]);
});
