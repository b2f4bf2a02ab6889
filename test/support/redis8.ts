// A real Redis 8, whose vector sets Redis 7 does not have: the machine's own, or Debian's package beside the machine's.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type RedisServer, startRedis } from './redis.js';

const run = promisify(execFile);

/** Kept between runs: a dozen packages, unpacked and not installed. */
const ROOT = join(tmpdir(), 'resk-redis8');
const SUITE = 'trixie';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const PACKAGES = `redis-tools redis-server libc6 libgcc-s1 libatomic1 libstdc++6 libjemalloc2 liblzf1 libzstd1 zlib1g
  libssl3t64 libsystemd0 libcap2`.split(/\s+/);

/** `undefined` where none is to be had: no Redis 8 is installed, and no package manager of Debian can fetch one. */
export async function startRedis8(): Promise<RedisServer | undefined> {
  const command = (await isRedis8('redis-server')) ? ['redis-server'] : await beside().catch(() => undefined);
  if (command) return startRedis({ command });
  console.warn('NOT RUN: tests that need Redis 8, which is neither installed nor to be fetched with apt-get.');
  return undefined;
}

async function isRedis8(command: string): Promise<boolean> {
  const version = await run(command, ['--version']).catch(() => undefined);
  return Number(/v=(\d+)/.exec(version?.stdout ?? '')?.[1]) >= 8;
}

/** The package of a newer Debian under its own C library, for the machine's may be too old for it. */
async function beside(): Promise<string[]> {
  if (!existsSync(ROOT)) await unpack();
  const libraries = await onlyFolder(join(ROOT, 'usr/lib'), /-linux-gnu$/);
  const loader = join(libraries, (await readdir(libraries)).find((name) => /^ld-linux/.test(name))!);
  // The server is one program with redis-check-rdb, and tells by its name which it is to be.
  return [loader, '--library-path', libraries, '--argv0', 'redis-server', join(ROOT, 'usr/bin/redis-check-rdb')];
}

/** Nothing of the machine's own package lists or packages is read or written. */
async function unpack(): Promise<void> {
  const made = await mkdtemp(`${ROOT}-`);
  try {
    await fetchInto(made);
    // Another process may have been faster: then its folder is there, and as good.
    await rename(join(made, 'root'), ROOT).catch(() => {});
  } finally {
    await rm(made, { recursive: true, force: true });
  }
}

async function fetchInto(made: string): Promise<void> {
  for (const folder of ['state/lists/partial', 'cache/archives/partial', 'packages', 'root']) {
    await mkdir(join(made, folder), { recursive: true });
  }
  await writeFile(join(made, 'state/status'), '');
  await writeFile(join(made, 'sources'), `deb [signed-by=${KEYRING}] ${await mirror()} ${SUITE} main\n`);
  const settings = {
    'Dir::State': join(made, 'state'),
    'Dir::State::status': join(made, 'state/status'),
    'Dir::Cache': join(made, 'cache'),
    'Dir::Etc::sourcelist': join(made, 'sources'),
    'Dir::Etc::sourceparts': '-',
    'Acquire::Languages': 'none',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const cwd = join(made, 'packages');
  await run('apt-get', [...options, 'update'], { cwd });
  await run('apt-get', [...options, 'download', ...PACKAGES], { cwd });
  for (const file of await readdir(cwd)) await run('dpkg-deb', ['-x', join(cwd, file), join(made, 'root')]);
}

/** Where the machine itself gets Debian's packages. */
async function mirror(): Promise<string> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']);
  const found = stdout.split('\n').find((uri) => /\/debian\/?$/.test(uri));
  if (found === undefined) throw new Error('the machine names no mirror of Debian');
  return found;
}

async function onlyFolder(parent: string, name: RegExp): Promise<string> {
  return join(parent, (await readdir(parent)).find((folder) => name.test(folder))!);
}
