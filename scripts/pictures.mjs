// npm run pictures: draws the dashboards into docs/pictures from what a Prometheus measures of two busy servers for four minutes.
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';
import { ensureSystemTools } from './system-tools.mjs';

await main(() => {
  ensureInstalled();
  ensureSystemTools();
  ensureBuilt();
  console.log('Measuring for four minutes …');
  return runNode(['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/monitoring/pictures.config.ts']);
});
