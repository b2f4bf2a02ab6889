// npm start: a bare clone becomes a running server.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

await main((args) => {
  ensureInstalled();
  ensureBuilt();
  return runNode(['--enable-source-maps', 'dist/apps/server/src/main.js', ...args]);
});
