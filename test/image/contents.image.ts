// What the image holds, and what it does not: measured on its files, not on its Dockerfile.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textOf } from '../delivery/delivery-files.js';
import { type BuiltImage, built, Container } from './container.js';

const { server, again, full } = built;
const lock = JSON.parse(textOf('package-lock.json')) as {
  packages: Record<string, { dev?: boolean; version: string }>;
};

/** Paths in the image, e.g. `/app/package.json`. What runc makes to mount on is not the image's. */
const files = walk(server.rootfs).filter((path) => !['/etc/hosts', '/etc/resolv.conf'].includes(path));
const status = (path: string) => statSync(join(server.rootfs, path));

function walk(root: string, below = ''): string[] {
  return readdirSync(join(root, below), { withFileTypes: true }).flatMap((entry) => {
    const path = `${below}/${entry.name}`;
    return entry.isDirectory() ? [path, ...walk(root, path)] : [path];
  });
}

/** Packages by their paths, as the lockfile names them. */
function packagesOf({ rootfs }: BuiltImage): string[] {
  const manifests = walk(rootfs, '/app/node_modules').filter((path) =>
    /\/node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(path),
  );
  return manifests.map((path) => path.slice('/app/'.length, -'/package.json'.length));
}

test('says what it is, and how it is run', () => {
  expect(server.config).toMatchObject({
    User: '10001:10001',
    WorkingDir: '/app',
    Cmd: ['node', '--enable-source-maps', 'dist/apps/server/src/main.js'],
    StopSignal: 'SIGTERM',
    Volumes: { '/data': {} },
    ExposedPorts: { '3000/tcp': {} },
    Healthcheck: { Test: ['CMD', 'node', '/app/health.mjs'] },
  });
  expect(server.config.Entrypoint ?? []).toEqual([]);
  expect(server.config.Labels).toMatchObject({
    'org.opencontainers.image.title': 'resk-caching',
    'org.opencontainers.image.version': (JSON.parse(textOf('package.json')) as { version: string }).version,
    'org.opencontainers.image.licenses': 'Apache-2.0',
  });
});

test('holds no shell, no package manager, and no program but Node and resk', () => {
  const tools = /\/(sh|bash|dash|ash|busybox|env|apt|apt-get|dpkg|npm|npx|yarn|pnpm|corepack|curl|wget|ld\.so)$/;
  // node_modules holds libraries; a folder of that name is no program.
  const programs = files.filter((path) => !path.includes('/node_modules/') && status(path).isFile());
  expect(programs.filter((path) => tools.test(path))).toEqual([]);
  expect(files.filter((path) => /\/bin\/[^/]+$/.test(path) && !path.startsWith('/app/'))).toEqual([
    '/usr/local/bin/node',
    '/usr/local/bin/resk',
  ]);
});

test('lets its user write to /data and /tmp, and lends nobody rights', () => {
  const modes = files.map((path) => ({ path, ...status(path) }));
  const writable = modes.filter(({ mode, uid, gid }) => mode & 0o002 || uid === 10001 || gid === 10001 || uid !== 0);
  expect(writable.map(({ path }) => path).sort()).toEqual(['/data', '/tmp']);
  expect(modes.filter(({ mode }) => mode & 0o6000).map(({ path }) => path)).toEqual([]);
});

test('holds the packages of the lockfile that a server needs, at their versions, and none for development', () => {
  const packages = packagesOf(server);
  expect(packages.length).toBeGreaterThan(100);
  const strange = packages.filter((path) => {
    const locked = lock.packages[path];
    return !locked || locked.dev;
  });
  // sqlite3 is the stand-in of this repository: a link in the lockfile, a folder in the image.
  expect(strange.filter((path) => path !== 'node_modules/sqlite3')).toEqual([]);
  for (const path of packages.filter((one) => one !== 'node_modules/sqlite3')) {
    const manifest = JSON.parse(readFileSync(join(server.rootfs, '/app', path, 'package.json'), 'utf8')) as object;
    expect(manifest, path).toMatchObject({ version: lock.packages[path]!.version });
  }
});

test('holds no test, no source of ours but its compiled form, no declaration, no map of a package', () => {
  const unread = files.filter((path) => /\.(test|spec|image)\.[cm]?[jt]s$|\.d\.[cm]?ts$|(?<!\.js)\.map$/.test(path));
  expect(unread).toEqual([]);
  expect(files.filter((path) => path.startsWith('/app/node_modules/') && path.endsWith('.map'))).toEqual([]);
  expect(readdirSync(join(server.rootfs, '/app')).sort()).toEqual(
    ['LICENSE', 'apps', 'dist', 'examples', 'health.mjs', 'node_modules', 'package.json'].sort(),
  );
  expect(files.filter((path) => /^\/app\/dist\/(?!apps|libs)/.test(path))).toEqual([]);
});

test('holds every template of a provider, with its test', () => {
  const templatesOf = (root: string) => walk(root, '/apps/cli/templates').sort();
  expect(templatesOf(process.cwd()).filter((path) => path.endsWith('/contract.test.ts.template')).length).toBe(3);
  expect(templatesOf(join(server.rootfs, 'app'))).toEqual(templatesOf(process.cwd()));
});

test('holds no secret, no setting of a machine, and no name of a folder in which it was built', () => {
  const named = /\/(\.env[^/]*|\.npmrc|\.git|id_[a-z0-9]+|[^/]+\.(pem|key|p12|pfx|jks)|development-secret)$/;
  expect(files.filter((path) => named.test(path))).toEqual([]);
  const ours = files.filter(
    (path) => !path.startsWith('/usr/') && status(path).isFile() && status(path).size < 2 ** 20,
  );
  expect(ours.length).toBeGreaterThan(1000);
  const telling = ours.filter((path) => {
    const text = readFileSync(join(server.rootfs, path), 'latin1');
    return text.includes('/build/node_modules') || text.includes(`${process.cwd()}/`);
  });
  expect(telling).toEqual([]);
  const key = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}/;
  expect(ours.filter((path) => key.test(readFileSync(join(server.rootfs, path), 'latin1')))).toEqual([]);
  expect(server.config.Env.filter((line) => /SECRET|TOKEN|PASSWORD|KEY|registry|proxy/i.test(line))).toEqual([]);
});

test('keeps the licences of what it holds, and names its libraries to scanners', () => {
  const licensed = packagesOf(server).filter((path) =>
    readdirSync(join(server.rootfs, '/app', path)).some((name) => /^(licen[cs]e|copying|notice)/i.test(name)),
  );
  const source = packagesOf(server).filter((path) =>
    readdirSync(path).some((name) => /^(licen[cs]e|copying|notice)/i.test(name)),
  );
  expect(licensed).toEqual(source);
  expect(files).toEqual(expect.arrayContaining(['/app/LICENSE', '/etc/os-release']));
  const libc = readFileSync(join(server.rootfs, '/var/lib/dpkg/status.d/libc6'), 'utf8');
  expect(libc).toMatch(/^Package: libc6$[\s\S]*^Version: \d/m);
  expect(files).toContain('/usr/share/doc/libc6/copyright');
});

test('built twice from nothing, it is the same byte by byte', () => {
  expect(again.layers).toEqual(server.layers);
  // buildah notes the name of its working container, which no engine reads.
  const { Hostname: _one, ...first } = server.config;
  const { Hostname: _other, ...second } = again.config;
  expect(second).toEqual(first);
});

describe('the providers that may be left out', () => {
  test('are layers that are empty unless they are asked for, and share all others', () => {
    const of = (image: BuiltImage) => image.sizes.map(({ bytes }) => bytes);
    const differing = full.layers.flatMap((digest, at) => (digest === server.layers[at] ? [] : [at]));
    expect(full.layers).toHaveLength(server.layers.length);
    expect(differing).toEqual([3, 4]);
    for (const at of differing) {
      expect(of(server)[at]).toBeLessThan(20_000);
      expect(of(full)[at]).toBeGreaterThan(1_000_000);
    }
  });

  const load = (name: string, image: BuiltImage) =>
    Container.run(['node', '-e', `import('${name}').then(() => console.log('loaded'), (e) => console.log(e.code))`], {
      image,
    });

  test.each(['@aws-sdk/client-kms', '@huggingface/transformers'])(
    '%s loads where it is, and is not elsewhere',
    async (name) => {
      expect((await load(name, full)).stdout.trim()).toBe('loaded');
      expect((await load(name, server)).stdout.trim()).toBe('ERR_MODULE_NOT_FOUND');
    },
  );
});

describe('its size', () => {
  const mebibytes = (bytes: number) => bytes / 2 ** 20;
  const sum = (image: BuiltImage, of: 'bytes' | 'packed') =>
    mebibytes(image.sizes.reduce((whole, layer) => whole + layer[of], 0));
  /** Rows of the table in docs/IMAGE.md: what, MiB unpacked, MiB packed. */
  const stated = Object.fromEntries(
    [...textOf('docs/IMAGE.md').matchAll(/^\| (.+?) \| ([\d.]+) MiB \| ([\d.]+) MiB \|/gm)].map(
      ([, what, bytes, packed]) => [what!, { bytes: Number(bytes), packed: Number(packed) }],
    ),
  );

  test('is small', () => {
    expect(sum(server, 'bytes')).toBeLessThan(180);
    expect(sum(server, 'packed')).toBeLessThan(65);
  });

  test.each([
    ['the image', (at: 'bytes' | 'packed') => sum(server, at)],
    ['`aws-kms` adds', (at: 'bytes' | 'packed') => mebibytes(full.sizes[3]![at])],
    ['`onnx` adds', (at: 'bytes' | 'packed') => mebibytes(full.sizes[4]![at])],
  ])('of %s is what docs/IMAGE.md says, within a tenth', (what, measured) => {
    for (const at of ['bytes', 'packed'] as const) {
      expect(stated[what], `docs/IMAGE.md has no row “${what}”`).toBeDefined();
      // Other processors have another Node, and other libraries.
      if (process.arch !== 'x64') continue;
      expect(
        Math.abs(measured(at) / stated[what]![at] - 1),
        `${what}: ${measured(at).toFixed(1)} MiB ${at}`,
      ).toBeLessThan(0.1);
    }
  });
});
