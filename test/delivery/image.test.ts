// Which packages and files the image is made of: what a server needs, by the lockfile, and nothing that is asked for is left out.
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, matchesGlob } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { pack } from '../../scripts/release/packing.js';
import { textOf } from './delivery-files.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Lock {
  packages: Record<string, { dev?: boolean; devOptional?: boolean; [field: string]: unknown }>;
}

interface Packages {
  layersOf(lock: Lock, providers: readonly string[]): Record<string, string[]>;
}

interface Leaves {
  isUnread(name: string, path: string): boolean;
  copyPackage(from: string, to: string): string[];
}

const load = <T>(name: string) => import(join(root, 'deploy/image', name)) as Promise<T>;
const { layersOf } = await load<Packages>('packages.mjs');
const { isUnread, copyPackage } = await load<Leaves>('leaves.mjs');
const lock = JSON.parse(textOf('package-lock.json')) as Lock;

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'resk-image-parts-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function write(folder: string, files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

describe('the packages', () => {
  it('are those that npm would install for production, but for declarations, bare Nodes, and providers to be chosen', () => {
    const { server } = layersOf(lock, []);
    const production = Object.entries(lock.packages).flatMap(([path, { dev, devOptional, link }]) =>
      path.startsWith('node_modules/') && !dev && !devOptional && !link ? [path] : [],
    );
    const missing = production.filter((path) => !server!.includes(path));
    const providers = Object.values(layersOf(lock, ['aws-kms', 'onnx'])).flat();
    const left = missing.filter((path) => !providers.includes(path));
    expect(left.filter((path) => !/node_modules\/(@types\/[^/]+|undici-types|node-linux-\w+)$/.test(path))).toEqual([]);
    const more = server!.filter((path) => lock.packages[path]!.dev);
    expect(more).toEqual([]);
    expect(server).toContain('node_modules/sqlite3');
  });

  it('of a provider are not those that the server has already', () => {
    const { server, ...providers } = layersOf(lock, ['onnx', 'aws-kms']);
    expect(Object.keys(providers).sort()).toEqual(['aws-kms', 'onnx']);
    for (const paths of Object.values(providers)) expect(paths.filter((path) => server!.includes(path))).toEqual([]);
    expect(providers['aws-kms']).toContain('node_modules/@aws-sdk/client-kms');
    expect(providers.onnx).toContain('node_modules/onnxruntime-node');
    expect(providers.onnx).not.toContain('node_modules/onnxruntime-web');
  });

  it('are found as Node finds them: the nearest first', () => {
    const packages = {
      '': { dependencies: { a: '1' } },
      'node_modules/a': { dependencies: { b: '2' } },
      'node_modules/a/node_modules/b': {},
      'node_modules/b': {},
    };
    expect(layersOf({ packages }, []).server).toEqual(['node_modules/a', 'node_modules/a/node_modules/b']);
    const lacking = { packages: { '': { dependencies: { a: '1' } } } };
    expect(() => layersOf(lacking, [])).toThrow('package-lock.json has no a');
    expect(() => layersOf(lock, ['gcp'])).toThrow('No such provider: gcp');
  });
});

describe('the files of a package', () => {
  it.each([
    ['x', 'dist/index.js.map', true],
    ['x', 'dist/index.d.ts', true],
    ['x', 'README.md', true],
    ['x', 'LICENSE.md', false],
    ['@img/sharp-libvips-linux-x64', 'README.md', false],
    ['x', 'test', true],
    ['x', 'lib/test', false],
    ['x', 'lib/a.spec.js', true],
    ['x', '.github', true],
    ['x', 'package.json', false],
    ['rxjs', 'dist/esm5', true],
    ['rxjs', 'dist/cjs', false],
  ])('%s: %s is left out: %s', (name, path, left) => {
    expect(isUnread(name, path)).toBe(left);
  });

  it('are copied but for these, and a file that another asks for is missed aloud', () => {
    const [from, to] = [aFolder(), aFolder()];
    write(from, {
      'package.json': '{"name":"kettle"}',
      'index.js': "require('./lib/heat'); // require('./gone')\n",
      'lib/heat.js': "export * from '../test/cases.js';\nimport './none.js';\n",
      'test/cases.js': '',
      'index.d.ts': '',
      'node_modules/other/index.js': '',
    });
    expect(copyPackage(from, to)).toEqual([
      'kettle: lib/heat.js asks for ../test/cases.js, which the image would lack',
    ]);
    expect(readdirSync(to, { recursive: true }).sort()).toEqual(['index.js', 'lib', 'lib/heat.js', 'package.json']);
  });
});

describe('the health check', () => {
  const check = (env: Record<string, string>, ...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'deploy/image/health.mjs'), ...args], { env, encoding: 'utf8' });

  it('fails where nobody answers, and says so', () => {
    const { status, stdout } = check({ PORT: '1', HOST: '0.0.0.0' });
    expect(status).toBe(1);
    expect(stdout).toContain('ECONNREFUSED');
  });

  it('is as well as the answer', async () => {
    const server = createServer((request, response) => response.writeHead(request.url === '/well' ? 200 : 503).end());
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const program = join(root, 'deploy/image/health.mjs');
    // Not spawnSync, for the server stands in this very process.
    const run = (...args: string[]) =>
      new Promise<string>((resolve) => {
        const env = { PORT: `${port}` };
        execFile(process.execPath, [program, ...args], { env }, (error, out) => resolve(`${error?.code ?? 0} ${out}`));
      });
    expect(await run('/well')).toBe('0 /well answers 200\n');
    expect(await run()).toBe('1 /health/ready answers 503\n');
  });
});

it('the build context holds what the Dockerfile copies, and no test and no secret', () => {
  const rules = textOf('.dockerignore').split('\n');
  expect(rules).toEqual(expect.arrayContaining(['*', '**/test', '**/node_modules', '**/.env*']));
  const copied = [...textOf('Dockerfile').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, what]) =>
    what!.split(' '),
  );
  expect(copied.length).toBeGreaterThan(8);
  for (const path of copied) {
    expect(existsSync(join(root, path)), path).toBe(true);
    const allowed = rules.some(
      (rule) => rule.startsWith('!') && `${path}/`.startsWith(`${rule.slice(1).replace(/\/\*\..*$/, '')}/`),
    );
    expect(allowed, `${path} is let in`).toBe(true);
  }
});

/** Whether a file gets into the build: the last rule that names it, or a folder above it, decides. */
function isInContext(path: string): boolean {
  const rules = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  const parts = path.split('/');
  const upTo = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  const named = (rule: string) => upTo.some((part) => matchesGlob(part, rule.replace(/^!/, '')));
  return rules.findLast(named)?.startsWith('!') ?? true;
}

it('the image is given the same templates of providers as the package, their tests among them', () => {
  const templates = (paths: string[]) => paths.filter((path) => path.startsWith('apps/cli/templates/')).sort();
  const inContext = readdirSync(join(root, 'apps/cli/templates'), { recursive: true, withFileTypes: true }).flatMap(
    (entry) => (entry.isFile() ? [join(entry.parentPath, entry.name).slice(root.length)] : []),
  );
  const packed = templates(pack(root).files.map(({ path }) => path));
  expect(packed.filter((path) => path.includes('/test/')).length).toBeGreaterThan(2);
  expect(templates(inContext.filter(isInContext))).toEqual(packed);
  expect(
    ['apps/cli/test/bin.test.ts', 'libs/cache/test/a.test.ts', 'apps/cli/.env', 'docs/IMAGE.md'].filter(isInContext),
  ).toEqual([]);
});

it.each([
  [['--base', 'arch'], 'There is no base arch.'],
  [['--providers', 'gcp'], 'There is no provider gcp.'],
  [['--nonsense'], "Unknown option '--nonsense'"],
])('npm run build:image with %j says what it takes', (args, message) => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-image.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain(message);
  expect(stderr).toContain('--providers LIST');
});

it('npm run build:image -- --help needs nothing', () => {
  const help = execFileSync(process.execPath, ['scripts/build-image.mjs', '--help'], { cwd: root, encoding: 'utf8' });
  expect(help).toContain('--base debian');
});
