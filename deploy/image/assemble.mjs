// Run inside the build: lays out the file systems of the image's layers under one folder, from what was installed and compiled.
//   node assemble.mjs SOURCE TARGET [PROVIDER…]
import { chmodSync, existsSync, lutimesSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { copyFile, copyPackage } from './leaves.mjs';
import { layersOf, PROVIDERS } from './packages.mjs';
import { layOutLibraries, layOutSystem } from './system.mjs';

const [source, target, ...providers] = process.argv.slice(2);
const stamp = Number(process.env.SOURCE_DATE_EPOCH ?? 0);

/** Folder of the repository → whether a file of it belongs into the image. */
const APP = {
  'dist/apps': (path) => !path.endsWith('.d.ts'),
  'dist/libs': (path) => !path.endsWith('.d.ts'),
  'apps/cli/templates': () => true,
  examples: (path) => /^examples\/[^/]+\.(jsonl|csv)$/.test(path),
};

const lock = JSON.parse(readFileSync(join(source, 'package-lock.json'), 'utf8'));
const layers = layersOf(lock, providers);

layOutSystem(join(target, 'system'));
// Builds of optional packages for other machines stand in the lockfile, and are installed on those.
const installed = (path) => !lock.packages[path].optional || existsSync(join(source, path));
const problems = Object.entries(layers).flatMap(([name, paths]) =>
  paths
    .filter(installed)
    .flatMap((path) =>
      copyPackage(join(source, path), join(target, name === 'server' ? 'packages' : name, 'app', path)),
    ),
);
if (problems.length > 0) throw new Error(problems.join('\n'));
for (const native of filesUnder(target).filter((path) => path.endsWith('.node'))) {
  // Into the layer of the library itself. What came with it is linked by its own place; what Node needs is in the image already.
  const layer = native.slice(target.length + 1).split('/')[0];
  const present = (path) => path.startsWith(target) || existsSync(join(target, 'system', path));
  const missing = layOutLibraries(native, join(target, layer), present);
  if (missing.length > 0) console.log(`${native}: with ${missing.join(', ')}`);
}
for (const [folder, belongs] of Object.entries(APP)) {
  for (const path of filesUnder(join(source, folder))) {
    const name = path.slice(source.length + 1);
    if (belongs(name)) copyFile(path, join(target, 'app/app', name));
  }
}
for (const name of ['package.json', 'LICENSE']) copyFile(join(source, name), join(target, 'app/app', name));
copyFile(join(source, 'deploy/image/health.mjs'), join(target, 'app/app/health.mjs'));
copyFile(join(source, 'deploy/image/resk'), join(target, 'app/usr/local/bin/resk'));
chmodSync(join(target, 'app/usr/local/bin/resk'), 0o755);
mkdirSync(join(target, 'state/data'), { recursive: true });
// A layer that was not asked for is an empty one.
for (const name of Object.keys(PROVIDERS)) mkdirSync(join(target, name), { recursive: true });
settle(target);
for (const name of readdirSync(target).sort()) console.log(`${name.padEnd(10)} ${mebibytes(join(target, name))} MiB`);

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

/** One time for all, so that two builds give the same bytes. */
function settle(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'tmp') chmodSync(path, 0o755);
      settle(path);
    }
    lutimesSync(path, stamp, stamp);
  }
}

function mebibytes(folder) {
  const bytes = filesUnder(folder).reduce((sum, path) => sum + statSync(path).size, 0);
  return (bytes / 2 ** 20).toFixed(1).padStart(7);
}
