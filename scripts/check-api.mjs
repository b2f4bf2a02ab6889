// npm run check:api: breaking changes of the API since the last release. With `-- --record` its document becomes the release's.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

await main((args) => {
  ensureInstalled();
  ensureBuilt();
  return runNode(['dist/scripts/api-compat/main.js', ...args]);
});
