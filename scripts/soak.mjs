// npm run soak: a server answers many requests, and its memory after them is what it was near the beginning. `-- --short` for a minute.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';

const LONG = '200000,1000000,3000000';
const SHORT = '50000,100000,200000';
/** What a heap may differ by after a collection, for reasons that do not add up. */
const ALLOWED_MEBIBYTES = 12;

await main(async (args) => {
  ensureInstalled();
  ensureBuilt();
  const folder = mkdtempSync(join(tmpdir(), 'resk-soak-'));
  const json = join(folder, 'soak.json');
  const marks = args.includes('--short') ? SHORT : LONG;
  try {
    const code = await runNode([
      ...['--enable-source-maps', '--expose-gc', 'dist/bench/main.js'],
      ...['--only', 'soak', '--marks', marks, '--json', json],
    ]);
    return code === 0 ? verdict(JSON.parse(readFileSync(json, 'utf8')).soak) : code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function verdict(soak) {
  const grown = soak.at(-1).heapMiB - soak[0].heapMiB;
  const held = grown <= ALLOWED_MEBIBYTES;
  console.log(
    `The heap ${grown >= 0 ? 'grew' : 'shrank'} by ${Math.abs(grown).toFixed(1)} MiB from ${soak[0].after} to ${soak.at(-1).after} requests; ${held ? 'it is held' : `more than ${ALLOWED_MEBIBYTES}`}.`,
  );
  return held ? 0 : 1;
}
