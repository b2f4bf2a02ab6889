// npm run soak: a server answers many requests, and its memory after them is what it was near the beginning. `-- --short` for a minute.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, main, runNode } from './bootstrap.mjs';
import { verdict } from './soak-verdict.mjs';

const LONG = '200000,1000000,3000000';
const SHORT = '50000,100000,200000';
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
    if (code !== 0) return code;
    const { held, text } = verdict(JSON.parse(readFileSync(json, 'utf8')).soak);
    console.log(text);
    return held ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
