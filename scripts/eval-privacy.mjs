// npm run eval:privacy: builds, then measures the detectors on the labelled set. `npm run eval:privacy -- --errors` lists the errors.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

await main((args) => {
  ensureInstalled();
  ensureBuilt();
  return runNode(['dist/bench/privacy/main.js', ...args]);
});
