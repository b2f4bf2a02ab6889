// SQLite files that cannot be used stop the boot with a reason and a fix; a disk that fails later costs hits only.
import { chmod, chown, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Failure, isFailure } from '#ports';
import { aFolder, ensureBuilt, refusedStart, startChildServer } from '../support/child-server.js';
import { metric } from '../support/metrics.js';
import { startTestServer, type TestServer } from '../support/server.js';

const SECRET = 'a secret of the tests that is long enough';
/** An absolute path: what no message may hold. Paths of the API are none. */
const MACHINE_PATH = /(^|[\s'"(])\/(?!api\/)[\w.-]+\//;

beforeAll(() => ensureBuilt());

/** A folder in which a server has run, so that both its files are there. */
async function aUsedFolder(): Promise<string> {
  const dataDir = await aFolder();
  const server = await startTestServer({ DATA_DIR: dataDir, JWT_SECRET: SECRET });
  await server.send('POST', '/api/cache', { body: { query: 'a', response: 'b' } });
  await server.send('POST', '/api/vectors/upsert', { body: { documents: [{ id: 'one', text: 'a text' }] } });
  await server.stop();
  return dataDir;
}

const CACHE_ONLY = { VECTORDB_TYPE: 'none', RECORDS_BACKEND: 'memory' };
const VECTORS_ONLY = { CACHE_BACKEND: 'memory', RECORDS_BACKEND: 'memory' };
const RECORDS_ONLY = { CACHE_BACKEND: 'memory', VECTORDB_TYPE: 'none' };

/** What a server says that does not start. */
async function refusal(env: Record<string, string>): Promise<Failure> {
  const error = await startTestServer({ JWT_SECRET: SECRET, ...env }).then(
    (server) => server.stop(),
    (failed: unknown) => failed,
  );
  if (!isFailure(error)) throw new Error('The server started, or failed without a name.', { cause: error });
  return error;
}

describe('the boot is refused in words, without a path of the machine,', () => {
  const trouble: [string, Record<string, string>, (dataDir: string) => Promise<string>, string[]][] = [
    [
      'where a file stands in the place of the folder',
      CACHE_ONLY,
      async (folder) => {
        const file = join(folder, 'a-file');
        await writeFile(file, '');
        return join(file, 'below');
      },
      ['The sqlite store', 'cannot be opened or made', 'Check that DATA_DIR is a folder'],
    ],
    [
      'where a folder stands in the place of the cache file',
      CACHE_ONLY,
      async (dataDir) => {
        await mkdir(join(dataDir, 'cache.sqlite'));
        return dataDir;
      },
      ['cannot be opened or made', 'Check that DATA_DIR is a folder'],
    ],
    [
      'where the cache file is corrupt',
      CACHE_ONLY,
      () => corrupted('cache.sqlite'),
      ['not a sound SQLite database', 'Move cache.sqlite out of DATA_DIR'],
    ],
    [
      'where a folder stands in the place of the file of records',
      RECORDS_ONLY,
      async (dataDir) => {
        await mkdir(join(dataDir, 'records.sqlite'));
        return dataDir;
      },
      ['The records of the service', 'cannot be opened', 'Check that DATA_DIR is a folder'],
    ],
    [
      'where the file of records is corrupt',
      RECORDS_ONLY,
      () => corrupted('records.sqlite'),
      ['The records of the service', 'records.sqlite'],
    ],
    [
      'where a folder stands in the place of the vector file',
      VECTORS_ONLY,
      async (dataDir) => {
        await mkdir(join(dataDir, 'vectors.sqlite'));
        return dataDir;
      },
      ['vector store embedded', 'cannot be opened', 'Check that DATA_DIR is a folder'],
    ],
    [
      'where the vector file is corrupt',
      VECTORS_ONLY,
      () => corrupted('vectors.sqlite'),
      ['vector store embedded', 'vectors.sqlite'],
    ],
  ];

  it.each(trouble)('%s', async (_, env, prepare, words) => {
    const { message } = await refusal({ ...env, DATA_DIR: await prepare(await aFolder()) });
    for (const word of words) expect(message).toContain(word);
    expect(message).not.toMatch(MACHINE_PATH);
  });

  it.each([
    ['cache', CACHE_ONLY],
    ['vector', VECTORS_ONLY],
    ['records', RECORDS_ONLY],
  ])('and with exit code 1, where the disk takes no more of the %s file', async (_, env) => {
    const { code, stderr } = await refusedStart({ ...env, DATA_DIR: await aFolder() }, { fileBlocks: 4 });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^resk-caching did not start\.\nThe .* cannot be opened: the disk .* DATA_DIR.*\.\n$/);
    expect(stderr).not.toMatch(MACHINE_PATH);
  });

  it.each([
    ['cache.sqlite', CACHE_ONLY, 'cache.store_refused'],
    ['vectors.sqlite', VECTORS_ONLY, 'vector.store_refused'],
    ['records.sqlite', RECORDS_ONLY, 'records.refused'],
  ])('where %s may only be read', async (name, env, expected) => {
    const dataDir = await aUsedFolder();
    const { code, message } = await withoutWriting(dataDir, name, () => refusal({ ...env, DATA_DIR: dataDir }));
    expect(code).toBe(expected);
    expect(message).toMatch(/(read-only|denied)\. Let the service write to DATA_DIR( and the files in it)?\.$/);
    expect(message).not.toMatch(MACHINE_PATH);
  });
});

/** Overwrites a file that was sound, all but its first 100 bytes. */
async function corrupted(name: string): Promise<string> {
  const dataDir = await aUsedFolder();
  const file = join(dataDir, name);
  const sound = await readFile(file);
  await rm(`${file}-wal`, { force: true });
  await writeFile(file, Buffer.concat([sound.subarray(0, 100), Buffer.alloc(sound.length - 100, 0x5a)]));
  return dataDir;
}

/** Runs where a file cannot be written. File modes do not bind the superuser, who becomes somebody else for it. */
async function withoutWriting<T>(dataDir: string, name: string, run: () => Promise<T>): Promise<T> {
  const file = join(dataDir, name);
  const superuser = process.geteuid!() === 0;
  const nobody = 65_534;
  if (superuser) for (const path of [dataDir, file]) await chown(path, nobody, nobody);
  await chmod(file, 0o444);
  if (superuser) process.seteuid!(nobody);
  try {
    return await run();
  } finally {
    if (superuser) process.seteuid!(0);
  }
}

describe('while the server runs,', () => {
  const ask = (server: Pick<TestServer, 'send'>, query: string) =>
    server.send('POST', '/api/cache/query', { body: { query } });
  const write = (server: Pick<TestServer, 'send'>, query: string, response: string) =>
    server.send('POST', '/api/cache', { body: { query, response } });
  const failures = (server: Pick<TestServer, 'send'>) =>
    metric(server, 'resk_cache_store_failures_total', { tier: 'sqlite' });

  it('a disk that takes no more costs what is stored, and no answer: memory and flow go on, and it is counted', async () => {
    const server = await startChildServer({}, { fileBlocks: 2048 });
    const large = 'x'.repeat(200_000);
    await write(server, 'kept before', 'early');
    const statuses: number[] = [];
    for (let at = 0; at < 12; at++) statuses.push((await write(server, `question ${at}`, large)).status);
    expect(statuses).toEqual(Array(12).fill(200));
    expect(await failures(server)).toBeGreaterThan(0);
    expect((await ask(server, 'kept before')).json.result).toBe('early');
    expect((await ask(server, 'question 11')).json).toMatchObject({ hit: true, tier: 'memory' });
    expect(await ask(server, 'never asked')).toMatchObject({ status: 200, json: { hit: false } });
    expect(await server.send('GET', '/health/ready')).toMatchObject({ status: 200 });
  });

  it('a file that loses its tables is a degraded cache, named in readiness, and works again when they are back', async () => {
    const server = await startTestServer({ READY_REQUIRES: 'cache', CACHE_MEMORY_MAX: '0B', VECTOR_THRESHOLD: '0' });
    onTestFinished(() => server.stop());
    await write(server, 'Is a lost card replaced?', 'yes');
    const documents = [{ id: 'card', text: 'A lost card is replaced.' }];
    await server.send('POST', '/api/vectors/upsert', { body: { documents } });
    const database = new DatabaseSync(join(server.dataDir, 'cache.sqlite'));
    onTestFinished(() => database.close());

    for (const table of ['entries', 'retired']) database.exec(`ALTER TABLE ${table} RENAME TO ${table}_away`);
    const degraded = await ask(server, 'Is a lost card replaced?');
    expect(degraded).toMatchObject({ status: 200, json: { source: 'vectordb' } });
    expect(await failures(server)).toBeGreaterThan(0);
    expect(await server.send('GET', '/health/ready')).toMatchObject({ status: 503 });
    const purged = await server.send('DELETE', '/api/cache');
    expect(purged).toMatchObject({ status: 503, json: { code: 'cache.store_unavailable' } });
    expect(purged.text).not.toMatch(MACHINE_PATH);

    for (const table of ['entries', 'retired']) database.exec(`ALTER TABLE ${table}_away RENAME TO ${table}`);
    expect((await ask(server, 'Is a lost card replaced?')).json).toMatchObject({ result: 'yes', tier: 'sqlite' });
    expect(await server.send('GET', '/health/ready')).toMatchObject({ status: 200 });
  });
});
