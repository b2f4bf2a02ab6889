// The example over PostgreSQL compiles against the published ports alone, keeps their promises, and serves a server that lists it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureBuilt, root, startChildServer } from '../support/child-server.js';
import { type ExamplePackage, examplePackage } from '../support/example-package.js';

const run = promisify(execFile);
let example: ExamplePackage;
let postgres: { url: string; stop(): Promise<void> };

beforeAll(async () => {
  ensureBuilt();
  example = await examplePackage('pgvector');
  const { href } = pathToFileURL(join(example.folder, 'dist/test/postgres.js'));
  postgres = await (await import(/* @vite-ignore */ href)).startPostgres();
}, 180_000);
afterAll(async () => {
  await postgres?.stop();
  await example?.remove();
});

const configured = () => ({
  PLUGINS: 'resk-caching-pgvector',
  VECTORDB_TYPE: 'pgvector',
  VECTORDB_URL: postgres.url,
  VECTORDB_API_KEY: 'not asked for here',
  CACHE_BACKEND: 'memory',
});

test('passes its own tests, the published contract among them, with every kind of index', async () => {
  await example.test({});
}, 180_000);

test('is proven by resk provider check, from the folder of the package', async () => {
  const resk = [join(root, 'dist/apps/cli/src/main.js'), 'provider', 'check', '--family', 'vector-store', '--yes'];
  const env = { PATH: process.env.PATH, DATA_DIR: join(example.folder, 'data'), ...configured() };
  const { stdout } = await run(process.execPath, [...resk, '--json'], { cwd: example.folder, env });
  const { holds, providers } = JSON.parse(stdout);
  expect([holds, providers[0].provider]).toEqual([true, 'pgvector']);
  expect(providers[0].outcomes.length).toBeGreaterThan(40);
}, 120_000);

test('serves a server: documents are found, walled by tenant, and its failures are those of the table', async () => {
  const server = await startChildServer(configured(), { cwd: example.folder });
  const south = server.token({ tenant: 'south' });
  const documents = [
    { id: 'card', text: 'a lost card', metadata: { lang: 'en' } },
    { id: 'hours', text: 'opening hours', metadata: { lang: 'en' } },
  ];
  expect((await server.send('POST', '/api/vectors/upsert', { body: { documents } })).json).toEqual({ upserted: 2 });
  const body = { text: 'a lost card', k: 5, filter: { lang: 'en' } };
  const { json } = await server.send('POST', '/api/vectors/query', { body });
  expect(json.matches.map(({ id }: { id: string }) => id)).toEqual(['card', 'hours']);
  const elsewhere = await server.send('POST', '/api/vectors/query', { body, token: south });
  expect(elsewhere.json.matches ?? []).toEqual([]);
  const odd = await server.send('POST', '/api/vectors/query', { body: { ...body, hybrid: { alpha: 0.5 } } });
  // A failure of the package is one of ours: its code, and the status of its kind.
  expect([odd.status, odd.json.code]).toEqual([400, 'vector.hybrid_unsupported']);
}, 60_000);
