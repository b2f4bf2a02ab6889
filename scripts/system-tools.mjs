// Finds the programs that the tests start, and installs the missing ones where the system's package manager may be used.
import { spawnSync } from 'node:child_process';
import { Unready } from './bootstrap.mjs';

/** Program → Debian package that holds it. */
const TOOLS = { 'redis-server': 'redis-server', promtool: 'prometheus' };

export function ensureSystemTools() {
  const missing = Object.keys(TOOLS).filter((program) => !runs(program, '--version'));
  if (missing.length === 0) return;
  const packages = missing.map((program) => TOOLS[program]);
  const asRoot = debianPrefix();
  if (!asRoot) throw new Unready(advice(missing));
  console.log(`Installing ${packages.join(' and ')} from the system's packages …`);
  install(asRoot, ['update', '-q']);
  install(asRoot, ['install', '-q', '-y', '--no-install-recommends', ...packages]);
  const still = missing.filter((program) => !runs(program, '--version'));
  if (still.length > 0) throw new Unready(advice(still));
}

/** How apt-get is called here: `[]` as root, `['sudo', …]` without a password, `undefined` where it cannot be. */
function debianPrefix() {
  if (!runs('apt-get', '--version')) return undefined;
  if (process.getuid?.() === 0) return [];
  return runs('sudo', '-n', 'true') ? ['sudo', '-n'] : undefined;
}

function install(asRoot, args) {
  // RUNLEVEL=1 keeps the packages from starting services: the tests start their own, on ports of their own.
  const command = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', ...args];
  const done = spawnSync(command[0], command.slice(1), { encoding: 'utf8' });
  if (done.status !== 0)
    throw new Unready(`${done.stdout ?? ''}${done.stderr ?? ''}\n${command.join(' ')} failed; see above.`);
}

function runs(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function advice(programs) {
  const packages = programs.map((program) => TOOLS[program]).join(' ');
  return [
    `The tests need ${programs.join(' and ')}, which cannot be installed from here. Install it and run npm test again:`,
    `  Debian, Ubuntu   sudo apt-get install ${packages}`,
    `  macOS            brew install ${packages.replace('redis-server', 'redis')}`,
  ].join('\n');
}
