// Lays out what stands for an operating system in the image: Node, the libraries it is linked with, roots of trust, two users.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { copyFile } from './leaves.mjs';

export const UID = 10001;

const FILES = {
  'etc/passwd': `root:x:0:0:root:/:/nonexistent\nresk:x:${UID}:${UID}:resk:/data:/nonexistent\n`,
  'etc/group': `root:x:0:\nresk:x:${UID}:\n`,
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/** Fills `to` with the system; gives the names of the packages that its libraries come from. */
export function layOutSystem(to) {
  for (const [path, text] of Object.entries(FILES)) write(join(to, path), text);
  // The authorities that this Node trusts by itself (Mozilla's), for whoever asks OpenSSL instead: --use-openssl-ca, NODE_EXTRA_CA_CERTS.
  write(join(to, 'etc/ssl/certs/ca-certificates.crt'), `${rootCertificates.join('\n')}\n`);
  copyFile(realpathSync(process.execPath), join(to, 'usr/local/bin/node'));
  const licence = ['/usr/local/LICENSE', join(dirname(realpathSync(process.execPath)), '../LICENSE')].find(existsSync);
  if (licence) copyFile(licence, join(to, 'usr/local/LICENSE'));
  const folder = join(to, 'tmp');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o1777);
  return layOutLibraries(process.execPath, to);
}

/** Copies the libraries that a program is linked with into `to`, but for those that `present` knows, with their packages' notes for scanners. */
export function layOutLibraries(program, to, present = () => false) {
  const libraries = librariesOf(program).filter((path) => !present(path) && !existsSync(join(to, path)));
  for (const path of libraries) copyFile(realpathSync(path), join(to, path));
  copyIfThere('/etc/os-release', join(to, 'etc/os-release'));
  const owners = [...new Set(libraries.map(ownerOf).filter(Boolean))].sort();
  for (const name of owners) describe(name, to);
  return owners;
}

/** Absolute paths, the loader included. */
export function librariesOf(program) {
  const { status, stdout, stderr } = spawnSync('ldd', [program], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ldd ${program}: ${stderr || stdout}`);
  const missing = stdout.match(/^.*not found$/gm);
  if (missing) throw new Error(`${program} needs what this base lacks:\n${missing.join('\n')}`);
  return stdout.match(/(?<=^\s*(?:\S+ => )?)\/\S+/gm) ?? [];
}

/** The Debian package that holds the file, under whichever of its names dpkg knows it. */
function ownerOf(path) {
  const real = realpathSync(path);
  for (const name of [path, real, real.replace(/^\/usr/, ''), `/usr${path}`]) {
    const { status, stdout } = spawnSync('dpkg-query', ['--search', name], { encoding: 'utf8' });
    if (status === 0) return stdout.slice(0, stdout.indexOf(':'));
  }
  return undefined;
}

/** As distroless images do: one status file a package, by which scanners know its version. */
function describe(name, to) {
  const { stdout } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' });
  write(join(to, 'var/lib/dpkg/status.d', name), stdout);
  copyIfThere(`/usr/share/doc/${name}/copyright`, join(to, 'usr/share/doc', name, 'copyright'));
}

function copyIfThere(from, to) {
  if (existsSync(from)) write(to, readFileSync(from));
}

function write(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o644 });
}
