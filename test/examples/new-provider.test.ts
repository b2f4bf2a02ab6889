// A stranger begins providers, from nothing but what is published: generated, built, proven, packed, installed, and served.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureBuilt, root } from '../support/child-server.js';
import { send } from '../support/server.js';

const run = promisify(execFile);
const FAMILIES = ['vector-store', 'embedding-model', 'reranker'];
let folder: string;
let tools: string[];

beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), 'resk-strangers-'));
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  const { stdout } = await npm(root, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  const [packed] = Object.values(JSON.parse(stdout) as Record<string, { filename: string }>);
  const ours = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).devDependencies;
  tools = ['typescript', '@types/node'].map((name) => `${name}@${ours[name]}`);
  await install(folder, `./${packed!.filename}`, ...tools);
}, 180_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Packages that lie in the cache of npm are not asked for again: after `npm ci` nothing is downloaded. */
async function install(cwd: string, ...packages: string[]): Promise<void> {
  await npm(cwd, 'install', '--prefer-offline', '--omit=optional', '--ignore-scripts', ...packages);
}

function npm(cwd: string, ...args: string[]) {
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  return run('npm', [...args, ...quiet], { cwd, maxBuffer: 2 ** 26 }).catch((error: Error & { stdout: string }) => {
    throw new Error(`npm ${args.join(' ')}: ${error.message}\n${error.stdout}`);
  });
}

const resk = () => join(folder, 'node_modules/.bin/resk');

describe.each(FAMILIES)('a new %s', (family) => {
  test('builds, passes its tests and is packed, as it was generated', async () => {
    await run(resk(), ['provider', 'create', `acme-${family}`, '--family', family], { cwd: folder });
    const own = join(folder, `acme-${family}`);
    await npm(own, 'run', 'build');
    const { stdout } = await npm(own, 'test');
    expect(stdout).toMatch(/^[ℹ#] pass [1-9]\d*$/m);
    expect(stdout).toMatch(/^[ℹ#] fail 0$/m);
    const packed = JSON.parse((await npm(own, 'pack', '--json')).stdout) as Record<
      string,
      { files: { path: string }[] }
    >;
    const [{ files }] = Object.values(packed) as [{ files: { path: string }[] }];
    const paths = files.map(({ path }) => path);
    expect(paths).toContain('dist/src/index.js');
    expect(paths.filter((path) => path.includes('test'))).toEqual([]);
  }, 120_000);
});

test('a provider that is begun in a clone takes the ports from there, published or not', async () => {
  const own = join(folder, 'from-a-clone');
  const clone = join(root, 'apps/cli/bin/resk.mjs');
  await run(process.execPath, [clone, 'provider', 'create', 'acme', '--family', 'reranker', '--dir', own]);
  await install(own, ...tools);
  const { stdout } = await npm(own, 'test');
  expect(stdout).toMatch(/^[ℹ#] fail 0$/m);
  const listed = await run(join(own, 'node_modules/.bin/resk'), ['provider', 'list'], {
    cwd: own,
    env: { PATH: process.env.PATH, PLUGINS: 'acme' },
  });
  expect(listed.stdout).toMatch(/reranker +acme +acme\n/);
}, 240_000);

describe('the providers of a stranger', () => {
  const env = () => ({
    PATH: process.env.PATH,
    PORT: '0',
    LOG_LEVEL: 'silent',
    CACHE_BACKEND: 'memory',
    DATA_DIR: join(folder, 'data'),
    PLUGINS: FAMILIES.map((family) => `acme-${family}`).join(','),
    VECTORDB_TYPE: 'acme-vector-store',
    EMBEDDING_PROVIDER: 'acme-embedding-model',
    RERANK_PROVIDER: 'acme-reranker',
  });

  beforeAll(() => install(folder, ...FAMILIES.map((family) => `./acme-${family}/acme-${family}-0.1.0.tgz`)), 120_000);

  test('are listed once they are installed, and proven on the configuration', async () => {
    const { stdout } = await run(resk(), ['provider', 'list'], { cwd: folder, env: env() });
    for (const family of FAMILIES) expect(stdout).toMatch(new RegExp(`${family} +acme-${family} +acme-${family}\\n`));
    const checked = await run(resk(), ['provider', 'check', '--yes'], { cwd: folder, env: env() });
    for (const family of FAMILIES) expect(checked.stdout).toContain(`${family} acme-${family}\n`);
    expect(checked.stdout).not.toContain('BROKEN');
  }, 60_000);

  test('serve a server', async ({ onTestFinished }) => {
    const server = spawn(resk(), ['serve'], { cwd: folder, env: env() });
    onTestFinished(() => void server.kill('SIGKILL'));
    const ended = once(server, 'close');
    let said = '';
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (text) => (said += text));
    const greeting = /Resk-Caching {3}(?<url>\S+)[\s\S]*Bearer (?<token>[\w.-]+)/;
    await expect.poll(() => said, { timeout: 30_000 }).toMatch(greeting);
    const { url, token } = greeting.exec(said)!.groups as { url: string; token: string };
    const post = (path: string, body: object) => send(url + path, 'POST', { token, body });
    const documents = [
      { id: 'card', text: 'a lost card' },
      { id: 'hours', text: 'opening hours' },
    ];
    expect((await post('/api/vectors/upsert', { documents })).json).toEqual({ upserted: 2 });
    const { json } = await post('/api/vectors/query', { text: 'my card is lost', k: 2, rerank: true });
    expect(json.matches.map(({ id }: { id: string }) => id)).toEqual(['card', 'hours']);
    expect((await post('/api/embeddings', { input: 'a lost card' })).json.dimensions).toBe(256);
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  }, 60_000);
});
