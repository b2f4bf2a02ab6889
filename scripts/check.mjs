// npm run check: everything that can be said of the code without running the product, side by side, with one summary.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, environment, main, nodeBinary, root } from './bootstrap.mjs';

/** Name → the program in node_modules and its arguments. */
const CHECKS = {
  'format and lint': ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'],
  types: [
    'typescript/bin/tsc',
    '--noEmit',
    '--incremental',
    '--tsBuildInfoFile',
    'node_modules/.cache/check.tsbuildinfo',
  ],
  'floating promises': [
    'oxlint/bin/oxlint',
    '--type-aware',
    '--deny-warnings',
    'apps',
    'libs',
    'test',
    'bench',
    'scripts',
    'deploy',
    'clients',
    'helm',
  ],
  architecture: ['vitest/vitest.mjs', 'run', 'test/architecture'],
  'OpenAPI document': ['@redocly/cli/bin/cli.js', 'lint', 'docs/openapi.json'],
};

/** Name → the built script and its arguments. */
const BUILT_CHECKS = {
  'generated documents': ['dist/scripts/generate/main.js', '--check'],
  'API compatibility': ['dist/scripts/api-compat/main.js'],
  'security rules': ['dist/scripts/sast/main.js'],
  licences: ['dist/scripts/supply-chain/licences.js'],
  secrets: ['dist/scripts/supply-chain/secrets.js'],
  'secrets of the past': ['dist/scripts/supply-chain/secrets.js', '--history'],
  workflows: ['dist/scripts/workflows/main.js'],
  versions: ['dist/scripts/release/verify.js'],
};

await main(async () => {
  const started = performance.now();
  ensureInstalled();
  const build = built();
  const checks = Object.entries(CHECKS).map(([name, [program, ...args]]) => [
    name,
    [join('node_modules', program), ...args],
  ]);
  const results = [build, ...(await outcomes([...checks, ...(build.ok ? Object.entries(BUILT_CHECKS) : [])]))];
  for (const { name, ok, output } of results) if (!ok) console.log(`\n── ${name} ──\n${output.trim()}`);
  console.log('');
  for (const { name, ok, seconds } of results) console.log(`${ok ? '✓' : '✗'} ${name} (${seconds} s)`);
  const failed = results.filter(({ ok }) => !ok).length;
  console.log(`${results.length - failed} checks passed, ${failed} failed in ${secondsSince(started)} s`);
  return failed === 0 ? 0 : 1;
});

/** The generators run from dist; a build that fails is a check that fails. */
function built() {
  const started = performance.now();
  let output = '';
  try {
    ensureBuilt();
  } catch (error) {
    output = error.message;
  }
  return { name: 'build', ok: output === '', output, seconds: secondsSince(started) };
}

function secondsSince(started) {
  return ((performance.now() - started) / 1000).toFixed(1);
}

/** As many at a time as there are processors: more would only wait for each other, until their limits of time. */
async function outcomes(checks) {
  const left = checks.entries();
  const results = [];
  const worker = async () => {
    for (const [at, [name, args]] of left) results[at] = await outcome(name, args);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}

function outcome(name, args) {
  const started = performance.now();
  const env = { ...environment(), REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const child = spawn(nodeBinary(), args, { cwd: root, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ name, ok: code === 0, output, seconds: secondsSince(started) });
    });
  });
}
