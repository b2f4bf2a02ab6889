// Builds, then runs a script that is written in TypeScript: `node scripts/run-built.mjs sast/main` runs scripts/sast/main.ts.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

await main(([script, ...args]) => {
  ensureInstalled();
  ensureBuilt();
  return runNode([`dist/scripts/${script}.js`, ...args]);
});
