// The file that npx starts: finds its package through links, makes a clone ready, keeps folder, arguments and exit code.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFile } from '../src/package-folder.js';
import { aFolder } from './command-line.js';

const MAIN = `
if (process.argv[2] === 'wait') process.on('SIGTERM', () => process.exit(44)) && setInterval(() => {}, 1000);
console.log(JSON.stringify({ argv: process.argv.slice(2), cwd: process.cwd(), node: process.version }));
process.exitCode = 43;
`;

/** A package with the real bin, and a command line that tells how it was run. */
async function aPackage(files: Record<string, string> = {}): Promise<{ root: string; bin: string }> {
  const root = await aFolder();
  const bin = join(root, 'apps/cli/bin/resk.mjs');
  const all = { 'package.json': '{"type":"module"}', 'dist/apps/cli/src/main.js': MAIN, ...files };
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  await mkdir(dirname(bin), { recursive: true });
  await copyFile(packageFile('apps/cli/bin/resk.mjs'), bin);
  return { root, bin };
}

function start(bin: string, argv: string[], { cwd, flags = [] }: { cwd: string; flags?: string[] }) {
  const child = spawn(process.execPath, [...flags, bin, ...argv], { cwd });
  const caught = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (caught.out += chunk));
  child.stderr.on('data', (chunk) => (caught.err += chunk));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, ...caught }));
  return { child, ended };
}

/** Makes the wrapper believe that it runs on Node 20: the first thing that it looks at is the version. */
async function asNode20(root: string): Promise<string[]> {
  const file = join(root, 'as-node-20.mjs');
  await writeFile(file, "Object.defineProperty(process, 'version', { value: 'v20.20.2' });");
  return ['--import', file];
}

test('runs the command line in the folder of the caller, with its arguments and its exit code', async () => {
  const { bin } = await aPackage();
  const cwd = await aFolder();
  const { code, out } = await start(bin, ['ingest', 'a b.csv'], { cwd }).ended;
  expect([code, JSON.parse(out)]).toEqual([43, { argv: ['ingest', 'a b.csv'], cwd, node: process.version }]);
});

test('finds its package through a link, as npx and npm make them', async () => {
  const { root } = await aPackage();
  const cache = await aFolder();
  await symlink(root, join(cache, 'package'));
  await symlink(join(cache, 'package/apps/cli/bin/resk.mjs'), join(cache, 'resk'));
  expect((await start(join(cache, 'resk'), [], { cwd: cache }).ended).code).toBe(43);
});

test('in a clone it installs and builds first, and keeps that off stdout', async () => {
  const { bin } = await aPackage({
    'scripts/bootstrap.mjs':
      "export const ensureInstalled = () => console.log('installing'); export const ensureBuilt = () => console.log('building');",
  });
  const { code, out, err } = await start(bin, [], { cwd: await aFolder() }).ended;
  expect([code, err]).toEqual([43, 'installing\nbuilding\n']);
  expect(JSON.parse(out)).toMatchObject({ argv: [] });
});

test('what keeps a clone from being ready is said without a stack', async () => {
  const { bin } = await aPackage({
    'scripts/bootstrap.mjs':
      "class Unready extends Error {} export const ensureInstalled = () => { throw new Unready('npm ci failed; see above.'); }; export const ensureBuilt = () => {};",
  });
  const { code, out, err } = await start(bin, [], { cwd: await aFolder() }).ended;
  expect([code, out, err]).toEqual([1, '', 'npm ci failed; see above.\n']);
});

test('on an old Node it runs on the one that the package brings', async () => {
  const { root, bin } = await aPackage();
  const cwd = await aFolder();
  await mkdir(join(root, 'node_modules/.bin'), { recursive: true });
  await symlink(process.execPath, join(root, 'node_modules/.bin/node'));
  const { code, out } = await start(bin, ['token'], { cwd, flags: await asNode20(root) }).ended;
  expect([code, JSON.parse(out)]).toEqual([43, { argv: ['token'], cwd, node: process.version }]);
});

test('on an old Node it passes signals on', async () => {
  const { root, bin } = await aPackage();
  await mkdir(join(root, 'node_modules/.bin'), { recursive: true });
  await symlink(process.execPath, join(root, 'node_modules/.bin/node'));
  const { child, ended } = start(bin, ['wait'], { cwd: root, flags: await asNode20(root) });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect((await ended).code).toBe(44);
});

test('where there is no newer Node it says which one is needed', async () => {
  const { root, bin } = await aPackage();
  const { code, err } = await start(bin, [], { cwd: root, flags: await asNode20(root) }).ended;
  expect([code, err]).toEqual([1, 'resk needs Node 22.15 or newer; this is v20.20.2. See https://nodejs.org\n']);
});
