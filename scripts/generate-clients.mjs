// npm run generate:clients: writes clients in TypeScript and Python, of this service or of the document that --spec names.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

const [, , ...args] = process.argv;
// Paths are the caller's: npm starts scripts in the folder of package.json, and tells where it was called.
const folder = process.env.INIT_CWD ?? process.cwd();

await main(() => {
  ensureInstalled();
  ensureBuilt();
  return runNode(['dist/scripts/clients/main.js', ...args, '--from', folder]);
});
