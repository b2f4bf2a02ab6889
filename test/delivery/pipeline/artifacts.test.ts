// The files of a release hold what they must and nothing else, can be installed, and are what their checksums say.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { emptied, pythonClient, run, SUMS } from '../../../scripts/release/artifacts.js';
import { type Packed, POLICIES, pack, packProblems } from '../../../scripts/release/packing.js';
import { isPublished } from '../../../scripts/release/publishing.js';
import { stagedClient } from '../../../scripts/release/staged-client.js';
import { pythonVersion, versionOf } from '../../../scripts/release/versions.js';
import { ensureBuilt } from '../../support/child-server.js';
import { put, ROOT, scratch, script } from './scratch.js';

const version = versionOf(ROOT);
const inPython = pythonVersion(version)!;
const REPOSITORY = 'git+https://example.org/owner/resk-caching.git';

describe('a release that is built', () => {
  const out = scratch();
  beforeAll(() => {
    ensureBuilt();
    // As the workflow does: a folder by a relative path, and the repository that built it.
    const { code, output } = script('release/build', ['--out', relative(ROOT, out), '--repository', REPOSITORY]);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('sbom.cdx.json') });
  }, 360_000);

  test('has the packages, the chart, the Python client, the API, the bill of materials, and their checksums', () => {
    expect(readdirSync(out).sort()).toEqual(
      [
        SUMS,
        'openapi.json',
        'sbom.cdx.json',
        `resk-caching-${version}.tgz`,
        `resk-caching-chart-${version}.tgz`,
        `resk-caching-client-${version}.tgz`,
        `resk_caching_client-${inPython}-py3-none-any.whl`,
        `resk_caching_client-${inPython}.tar.gz`,
      ].sort(),
    );
  });

  test.each([
    ['resk-caching', POLICIES.product],
    ['resk-caching-client', POLICIES.client],
  ])('packs %s as its policy says, and names the repository that built it', (name, policy) => {
    const file = join(out, `${name}-${version}.tgz`);
    const listed = run(out, 'tar', '-tvzf', file).trim().split('\n');
    const files = listed.map((line) => {
      const [, , size, , , path] = line.split(/\s+/);
      return { path: path!.replace(/^package\//, ''), size: Number(size) };
    });
    const unpackedSize = files.reduce((sum, { size }) => sum + size, 0);
    expect(packProblems(policy, { name, version, filename: file, unpackedSize, files })).toEqual([]);
    const manifest = JSON.parse(run(out, 'tar', '-xzOf', file, 'package/package.json'));
    expect(manifest).toMatchObject({ name, version, repository: { type: 'git', url: REPOSITORY } });
    const before = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    if (name === before.name) expect({ ...manifest, repository: undefined }).toEqual(before);
  });

  test('publishes maps without the sources, and without the folder in which they were made', () => {
    const folder = scratch();
    run(folder, 'tar', '-xzf', join(out, `resk-caching-${version}.tgz`));
    const maps = readdirSync(join(folder, 'package/dist'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.map'),
    );
    expect(maps.length).toBeGreaterThan(100);
    for (const map of maps) {
      const text = readFileSync(join(folder, 'package/dist', map), 'utf8');
      expect(JSON.parse(text).sourcesContent).toBeUndefined();
      expect(text).not.toContain(ROOT);
    }
  });

  test('holds a chart of this version', () => {
    const folder = scratch();
    run(folder, 'tar', '-xzf', join(out, `resk-caching-chart-${version}.tgz`));
    expect(readFileSync(join(folder, 'resk-caching/Chart.yaml'), 'utf8')).toContain(`version: ${version}`);
    expect(readdirSync(join(folder, 'resk-caching'))).toEqual(expect.arrayContaining(['templates', 'values.yaml']));
  });

  test('holds a wheel and sources that Python imports from, in this version and under its licence', () => {
    const wheel = join(out, `resk_caching_client-${inPython}-py3-none-any.whl`);
    const sources = scratch();
    run(sources, 'tar', '-xzf', join(out, `resk_caching_client-${inPython}.tar.gz`), '--strip-components', '1');
    const program = 'import resk_caching_client as c; print(c.__file__)';
    for (const place of [wheel, sources]) {
      const said = run(
        out,
        'python3',
        '-I',
        '-c',
        `import sys; sys.path.insert(0, ${JSON.stringify(place)}); ${program}`,
      );
      expect(said.trim()).toBe(join(place, 'resk_caching_client/__init__.py'));
    }
    const asked =
      'd = m.distribution("resk-caching-client"); print(d.version, d.metadata["License"], d.metadata["Requires-Python"])';
    const from = `import sys; sys.path.insert(0, ${JSON.stringify(wheel)}); import importlib.metadata as m`;
    const told = run(out, 'python3', '-I', '-c', `${from}; ${asked}`);
    expect(told.trim()).toBe(`${inPython} Apache-2.0 >=3.9`);
  });

  test('lists in the wheel what is in it, with its digests', () => {
    const wheel = join(out, `resk_caching_client-${inPython}-py3-none-any.whl`);
    const program = [
      'import sys, zipfile, hashlib, base64, csv',
      'w = zipfile.ZipFile(sys.argv[1])',
      'rows = list(csv.reader(w.read(next(n for n in w.namelist() if n.endswith("RECORD"))).decode().splitlines()))',
      'good = lambda n, d: d == "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(w.read(n)).digest()).rstrip(b"=").decode()',
      'print(sorted(n for n, _, _ in rows) == sorted(w.namelist()), all(good(n, d) for n, d, _ in rows if d), len(rows) > 10)',
    ].join('\n');
    expect(run(out, 'python3', '-I', '-c', program, wheel).trim()).toBe('True True True');
    const listed = run(out, 'python3', '-m', 'zipfile', '-l', wheel);
    for (const name of ['resk_caching_client/py.typed', `resk_caching_client-${inPython}.dist-info/LICENSE`])
      expect(listed).toContain(name);
  });

  test('makes the same Python files from the same sources', () => {
    const again = scratch();
    pythonClient(ROOT, again);
    for (const name of readdirSync(again))
      expect(readFileSync(join(again, name)).equals(readFileSync(join(out, name)))).toBe(true);
  });

  test('is what its checksums say, and another file is not', () => {
    const check = () => spawnSync('sha256sum', ['--check', '--strict', SUMS], { cwd: out, encoding: 'utf8' }).status;
    expect(check()).toBe(0);
    const file = join(out, `resk-caching-${version}.tgz`);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(1));
    expect(check()).toBe(1);
    writeFileSync(file, whole);
  });
});

test('a preview is made for Python under the name that Python gives it', () => {
  const root = scratch();
  for (const path of ['package.json', 'clients/python', 'scripts/release/python_client.py'])
    cpSync(join(ROOT, path), join(root, path), { recursive: true });
  const manifest = readFileSync(join(root, 'package.json'), 'utf8');
  const preview = (of: string) =>
    put(root, { 'package.json': manifest.replace(`"version": "${version}"`, `"version": "${of}"`) });
  const out = scratch();
  preview('1.0.0-rc.1');
  pythonClient(root, out);
  const wheel = 'resk_caching_client-1.0.0rc1-py3-none-any.whl';
  expect(readdirSync(out).sort()).toEqual([wheel, 'resk_caching_client-1.0.0rc1.tar.gz']);
  const asked = 'import importlib.metadata as m; print(m.distribution("resk-caching-client").version)';
  const from = `import sys; sys.path.insert(0, ${JSON.stringify(join(out, wheel))})`;
  expect(run(out, 'python3', '-I', '-c', `${from}; ${asked}`).trim()).toBe('1.0.0rc1');
  expect(run(out, 'python3', '-m', 'zipfile', '-l', wheel)).toContain('client-1.0.0rc1.dist-info/METADATA');
  preview('1.0.0-1');
  expect(() => pythonClient(root, out)).toThrow('1.0.0-1 has no form in Python');
});

describe('whether a version is published', () => {
  /** A registry on loopback that has one version of one package. */
  async function aRegistry(status?: number): Promise<string> {
    const manifest = { name: 'a-package', version: '1.0.0', dist: { tarball: 'http://127.0.0.1/a.tgz' } };
    const whole = { name: 'a-package', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': manifest } };
    const server = createServer((request, reply) => {
      const known = request.url === '/a-package';
      reply.writeHead(status ?? (known ? 200 : 404), { 'content-type': 'application/json' });
      reply.end(JSON.stringify(known && !status ? whole : { error: 'Not found' }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  }

  function aTarball(name: string, of: string): string {
    const folder = scratch({ 'package/package.json': JSON.stringify({ name, version: of }) });
    run(folder, 'tar', '-czf', 'a.tgz', 'package');
    return join(folder, 'a.tgz');
  }

  test('is what the registry says', async () => {
    const registry = await aRegistry();
    expect(await isPublished(aTarball('a-package', '1.0.0'), registry)).toBe(true);
    expect(await isPublished(aTarball('a-package', '1.0.1'), registry)).toBe(false);
    expect(await isPublished(aTarball('another-package', '1.0.0'), registry)).toBe(false);
  });

  test('is not guessed where the registry does not say', async () => {
    await expect(isPublished(aTarball('a-package', '1.0.0'), await aRegistry(403))).rejects.toThrow('does not say');
  });
});

describe('without a repository', () => {
  test('the packages are packed as they are', () => {
    const out = scratch();
    const client = stagedClient(ROOT);
    const { filename, files } = pack(client, out);
    expect(packProblems(POLICIES.client, { ...pack(client), files })).toEqual([]);
    expect(JSON.parse(run(out, 'tar', '-xzOf', filename, 'package/package.json')).repository).toBeUndefined();
  });
});

describe('refused is a package', () => {
  const good: Packed = {
    name: 'a',
    version: '1.0.0',
    filename: 'a.tgz',
    unpackedSize: 1000,
    files: POLICIES.product.required.map((path) => ({ path, size: 1 })),
  };
  const withFile = (path: string): Packed => ({ ...good, files: [...good.files, { path, size: 1 }] });

  test('but not one that holds what it must', () => expect(packProblems(POLICIES.product, good)).toEqual([]));

  test.each([
    'libs/cache/src/policy.ts',
    'dist/libs/cache/src/policy.ts',
    'dist/libs/cache/test/policy.test.js',
    'dist/libs/cache/src/policy.test.js',
    'dist/test/support/redis.js',
    'dist/bench/main.js',
    'dist/scripts/sast/main.js',
    'examples/pgvector/src/schema.ts',
    'examples/.env',
    'node_modules/zod/index.js',
    '.env',
    'data/secret',
    'docs/SECURITY_MODEL.md',
  ])('with %s', (path) => {
    expect(packProblems(POLICIES.product, withFile(path)).join()).toContain(path);
  });

  test.each(['dist/libs/cache/src/policy.js.map', 'dist/libs/vector-stores/src/kernel.wasm', 'examples/answers.jsonl'])(
    'but not one with %s',
    (path) => expect(packProblems(POLICIES.product, withFile(path))).toEqual([]),
  );

  test('without a file that it must have', () => {
    const lacking = { ...good, files: good.files.filter(({ path }) => path !== 'LICENSE') };
    expect(packProblems(POLICIES.product, lacking)).toEqual(['a: LICENSE is missing']);
  });

  test('that is too large, or of too many files', () => {
    expect(packProblems(POLICIES.client, { ...good, unpackedSize: 2 ** 30 }).join()).toContain('bytes unpacked');
    expect(packProblems({ ...POLICIES.product, maxFiles: 1 }, good).join()).toContain('files, more than 1');
  });
});

describe('what goes wrong is said', () => {
  test('a program that is not there', () => {
    expect(() => run(ROOT, 'no-such-program-here')).toThrow('no-such-program-here cannot be run here');
  });

  test('a program that fails', () => expect(() => run(ROOT, 'tar', '-xzf', 'nothing.tgz')).toThrow('tar -xzf failed'));

  test('a folder that is no package, in the words of npm', () =>
    expect(() => pack(scratch())).toThrow(/npm pack failed[\s\S]*package\.json/));

  test('a folder for packages that is not there, in the words of npm', () =>
    expect(() => pack(join(ROOT, 'clients/typescript'), join(scratch(), 'none'))).toThrow(/failed[\s\S]*ENOENT/));

  test('a client that does not compile', () => {
    const root = scratch();
    mkdirSync(join(root, 'node_modules'));
    run(root, 'ln', '-s', join(ROOT, 'node_modules/typescript'), 'node_modules/typescript');
    put(root, {
      'clients/typescript/tsconfig.json': '{"compilerOptions":{"strict":true,"types":[]},"files":["a.ts"]}',
      'clients/typescript/a.ts': 'export const a: string = 1;',
    });
    expect(() => stagedClient(root)).toThrow(/does not compile[\s\S]*a\.ts/);
  });

  test('what a former build left does not get into this one', () => {
    const folder = scratch({ 'old.tgz': '' });
    expect(readdirSync(emptied(folder))).toEqual([]);
  });
});
