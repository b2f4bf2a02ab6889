#!/usr/bin/env node
// The command resk on whatever Node is there: makes a bare clone ready, then runs the command line on a Node that is new enough. Uses no package.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST_NODE = [22, 15];
// npx reaches a clone through a link in its cache: the real path is where the clone lies.
const root = dirname(dirname(dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))));
const entry = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
const bootstrap = join(root, 'scripts', 'bootstrap.mjs');

try {
  // A published package has dist and no scripts.
  if (existsSync(bootstrap)) await makeReady();
  if (isRecent(process.version)) await import(pathToFileURL(entry).href);
  else await runOn(recentNode());
} catch (error) {
  if (error?.constructor?.name !== 'Unready') throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function makeReady() {
  // What a command prints on stdout is its result, e.g. a token: the noise of getting ready goes to stderr.
  const { log } = console;
  console.log = console.error;
  try {
    const { ensureInstalled, ensureBuilt } = await import(pathToFileURL(bootstrap).href);
    await ensureInstalled();
    await ensureBuilt();
  } finally {
    console.log = log;
  }
}

/** The Node of the package's optional dependency: beside our packages in a clone, in the host's folder when installed. */
function recentNode() {
  for (let folder = root; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', '.bin', 'node');
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (status === 0 && isRecent(stdout)) return candidate;
    if (folder === dirname(folder)) break;
  }
  console.error(
    `resk needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.version}. See https://nodejs.org`,
  );
  process.exit(1);
}

function isRecent(version) {
  const [major, minor] = version.trim().replace(/^v/, '').split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/** Runs on the same terminal, in the caller's folder; signals are passed on, the exit code is its own. */
function runOn(node) {
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to every process of its foreground group: passing it on would make it two.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
      resolve();
    });
  });
}
