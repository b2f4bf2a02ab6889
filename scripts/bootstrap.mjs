// Lets every command run on a bare clone: installs what is missing, builds what is stale, finds the Node to run on. Uses no package.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

const OLDEST_NODE = [22, 15];
const BIN = join(root, 'node_modules', '.bin');
const STAMP = join(root, 'dist', '.sources.json');
const BUILT_FROM = [
  'apps',
  'libs',
  'bench',
  'scripts',
  'package.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** A problem that the reader of the terminal can solve; shown without a stack. */
export class Unready extends Error {}

/** Runs a command's main function; its result is the exit code. */
export async function main(run) {
  process.chdir(root);
  try {
    process.exitCode = await run(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Unready)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Installs exactly what package-lock.json names, unless that already lies in node_modules. */
export function ensureInstalled() {
  if (isInstalled()) return;
  console.log('Installing packages from package-lock.json; this takes about half a minute …');
  // npm replaces node_modules, and must not run on a Node that lies inside it.
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => join(folder) !== BIN);
  // Scripts of packages would run with the rights of who works here; nothing of what is locked needs one.
  const done = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: path.join(delimiter) },
    shell: process.platform === 'win32',
  });
  if (done.status !== 0) throw new Unready(`${done.stdout ?? ''}${done.stderr ?? ''}\nnpm ci failed; see above.`);
}

function isInstalled() {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const present = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!present) return false;
  // Optional packages may rightly be absent: they depend on the platform.
  return Object.entries(wanted).every(([path, { version, link, optional, devOptional }]) => {
    if (!path.startsWith('node_modules/') || optional || devOptional) return true;
    return link ? present[path]?.link === true : present[path]?.version === version;
  });
}

/** The Node that runs the product: the lockfile's where the platform has one, else the one that runs this script. */
export function nodeBinary() {
  for (const candidate of [join(BIN, 'node'), process.execPath]) {
    const { status, stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
    if (status === 0 && isRecent(stdout)) return candidate;
  }
  throw new Unready(
    `This needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.version}. See https://nodejs.org`,
  );
}

function isRecent(version) {
  const [major, minor] = version.trim().slice(1).split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/** Compiles apps, libs, bench and scripts into dist, unless dist was made from these very files. */
export function ensureBuilt() {
  const sources = fingerprint();
  const built = readJson(STAMP);
  if (built && JSON.stringify(built) === JSON.stringify(sources)) return;
  console.log('Building …');
  // The compiler leaves the output of a source that is gone; only then is everything made anew.
  if (!built || Object.keys(built).some((path) => !(path in sources))) {
    rmSync(join(root, 'dist'), { recursive: true, force: true });
  }
  const done = spawnSync(nodeBinary(), [join('node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'], {
    cwd: root,
    encoding: 'utf8',
    env: environment(),
  });
  if (done.status !== 0) throw new Unready(`${done.stdout ?? ''}${done.stderr ?? ''}\nThe build failed; see above.`);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(STAMP, JSON.stringify(sources));
}

function fingerprint() {
  const prints = {};
  for (const path of BUILT_FROM.flatMap((name) => filesUnder(join(root, name))).sort()) {
    const { mtimeMs, size } = statSync(path);
    prints[relative(root, path).split(sep).join('/')] = `${mtimeMs}/${size}`;
  }
  return prints;
}

function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !['node_modules', 'test'].includes(name))
    .flatMap((entry) => filesUnder(join(path, entry.name)));
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The environment of child processes: the commands of node_modules first. */
export function environment() {
  return { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}` };
}

/** Runs Node on the same terminal until it ends; signals are passed on. Gives its exit code. */
export function runNode(args) {
  const child = spawn(nodeBinary(), args, { cwd: root, env: environment(), stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // A terminal sends Ctrl-C to every process of its foreground group: passing it on would make it two.
    process.on(signal, () => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
