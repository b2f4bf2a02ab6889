// What was acknowledged survives: the death of the process, another process's writes, and a file that cannot be used is named.
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { EmbeddedStore } from '../src/providers/embedded/embedded-store.js';
import { runProgram, startProgram } from './support/children.js';
import { plainSealer } from './support/sealers.js';
import { aFolder, aStore, filled, HERE } from './support/stores.js';

const NOBODY = 65_534;

test.each([50, 512])(
  'holds every acknowledged point after the process was killed while it wrote batches of %i',
  async (batch) => {
    const folder = await aFolder();
    const child = startProgram('write-for-ever.ts', [folder, `${batch}`]);
    let last = -1;
    await new Promise<void>((resolve, reject) => {
      child.once('exit', () => (last < 0 ? reject(new Error('the writer ended before it wrote')) : resolve()));
      child.stdout?.on('data', (part: Buffer) => {
        last = Math.max(last, ...part.toString().split('\n').filter(Boolean).map(Number));
        if (last >= 2000) child.kill('SIGKILL');
      });
    });
    const store = await aStore({ folder });
    const count = await store.count(HERE);
    expect(last).toBeGreaterThanOrEqual(2000);
    expect(count).toBeGreaterThan(last);
    // So many points at a time are written all or none.
    expect(count % Math.min(batch, batch % 64 || 64)).toBe(0);
    const ids = Array.from({ length: last + 1 }, (_, i) => `${i}`);
    expect(await store.get(HERE, ids)).toHaveLength(last + 1);
    const [nearest] = await store.query(HERE, { vector: new Float32Array(8).fill(last), k: 1 });
    expect(nearest).toMatchObject({ id: `${last}`, score: 1 });
  },
);

test('sees with the next call what another process has written to the file', async () => {
  const folder = await aFolder();
  const [one, other] = [await aStore({ folder }), await aStore({ folder })];
  await filled(one, [{ id: 'a', vector: new Float32Array([1, 0]) }]);
  expect(await other.query(HERE, { vector: new Float32Array([0, 1]), k: 5 })).toHaveLength(1);
  await one.upsert(HERE, [{ id: 'b', vector: new Float32Array([0, 1]) }]);
  expect((await other.query(HERE, { vector: new Float32Array([0, 1]), k: 1 }))[0]?.id).toBe('b');
  await other.delete(HERE, { ids: ['b'] });
  expect((await one.query(HERE, { vector: new Float32Array([0, 1]), k: 5 })).map(({ id }) => id)).toEqual(['a']);
});

test('clears what has ended, and what a crash left of a dropped collection, when it opens', async () => {
  const folder = await aFolder();
  const before = await aStore({ folder, now: () => 1000 });
  await filled(before, [
    { id: 'short', vector: new Float32Array([1]), expiresAt: 2000 },
    { id: 'long', vector: new Float32Array([1]) },
  ]);
  await filled(before, [{ id: 'orphan', vector: new Float32Array([1]) }], { ref: { ...HERE, collection: 'dropped' } });
  await before.close();
  const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
  file.exec("DELETE FROM collections WHERE name = 'dropped'");
  const after = await aStore({ folder, now: () => 3000 });
  expect(
    file
      .prepare('SELECT id FROM points')
      .all()
      .map(({ id }) => id),
  ).toEqual(['long']);
  expect(await after.count(HERE)).toBe(1);
  file.close();
});

/** Removed, its documents could not be looked for again. */
const KEEPS_IT = 'Restore vectors.sqlite in DATA_DIR from a backup, or move it away and ingest anew.';

describe('a file that cannot be used stops the boot by name, without a path of the machine', () => {
  const opening = async (folder: string) => {
    const error = await EmbeddedStore.open({
      file: join(folder, 'vectors.sqlite'),
      synchronous: 'normal',
      memoryMaxBytes: 2 ** 24,
      sealer: plainSealer,
    }).catch((failed: unknown) => failed);
    expect(String(error)).not.toContain(folder);
    return error;
  };

  test('not a database', async () => {
    const folder = await aFolder();
    await writeFile(
      join(folder, 'vectors.sqlite'),
      'these are not the bytes of a database, but they are many '.repeat(40),
    );
    expect(await opening(folder)).toMatchObject({
      code: 'vector.store_refused',
      facts: { reason: 'its file is not a SQLite database', fix: KEEPS_IT },
    });
  });

  test('corrupt', async () => {
    const folder = await aFolder();
    await (await aStore({ folder })).close();
    const file = join(folder, 'vectors.sqlite');
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0xff, 100, 4096));
    expect(await opening(folder)).toMatchObject({
      code: 'vector.store_refused',
      facts: { reason: 'its file is corrupt', fix: KEEPS_IT },
    });
  });

  test("another program's", async () => {
    const folder = await aFolder();
    const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
    file.exec('CREATE TABLE theirs (x)');
    file.close();
    expect(await opening(folder)).toMatchObject({ facts: { reason: 'its file belongs to another program' } });
  });

  test('of a newer version', async () => {
    const folder = await aFolder();
    await (await aStore({ folder })).close();
    const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
    file.exec('PRAGMA user_version = 9');
    file.close();
    expect(await opening(folder)).toMatchObject({
      facts: { reason: 'its file was written by a newer version (schema 9)' },
    });
  });

  test('a folder in its place, or a file in the place of its folder', async () => {
    const folder = await aFolder();
    await mkdir(join(folder, 'vectors.sqlite'));
    expect(await opening(folder)).toMatchObject({ facts: { reason: 'its file cannot be opened' } });
    await writeFile(join(folder, 'plain'), '');
    expect(await opening(join(folder, 'plain'))).toMatchObject({ facts: { reason: 'its file cannot be opened' } });
  });

  test('held by another writer', async () => {
    const folder = await aFolder();
    await (await aStore({ folder })).close();
    const file = new DatabaseSync(join(folder, 'vectors.sqlite'));
    file.exec('BEGIN IMMEDIATE');
    expect(await opening(folder)).toMatchObject({ facts: { reason: 'another process is writing to its file' } });
    file.close();
  });

  test('read-only', async () => {
    const folder = await aFolder();
    await (await aStore({ folder })).close();
    await chmod(join(folder, 'vectors.sqlite'), 0o444);
    await chmod(folder, 0o555);
    // Nothing is read-only to root: then somebody else tries.
    const printed = await runProgram('open-once.ts', [folder], process.getuid?.() === 0 ? { uid: NOBODY } : {});
    await chmod(folder, 0o755);
    expect(printed).toContain(
      'vector.store_refused: The vector store embedded cannot be opened: access to its file is denied',
    );
    expect(printed).not.toContain(folder);
  });

  test('no room to write', async () => {
    const folder = await aFolder();
    const store = await aStore({ folder });
    await filled(
      store,
      Array.from({ length: 200 }, (_, i) => ({ id: `${i}`, vector: new Float32Array(64).fill(i + 1) })),
    );
    await store.close();
    const printed = await runProgram('open-once.ts', [folder], { fileLimitKiB: 1 });
    expect(printed).toContain('vector.store_refused: The vector store embedded cannot be opened: the disk');
    expect(await runProgram('open-once.ts', [folder])).toBe('open\n');
  });
});

test('fails by name, and keeps what it had, when the disk fills up later', async () => {
  const folder = await aFolder();
  const store = await aStore({ folder });
  await filled(store, [{ id: 'kept', vector: new Float32Array([1, 0]) }]);
  const { database } = (store as unknown as { parts: { database: DatabaseSync } }).parts;
  database.exec('PRAGMA max_page_count = 12');
  const large = { vector: new Float32Array([0, 1]), text: 'x'.repeat(200_000) };
  const batch = [
    { id: 'small', vector: new Float32Array([0, 1]) },
    { id: 'large', ...large },
  ];
  await expect(store.upsert(HERE, batch)).rejects.toMatchObject({
    code: 'vector.store_unavailable',
    facts: { reason: 'the disk is full' },
  });
  expect((await store.query(HERE, { vector: new Float32Array([0, 1]), k: 5 })).map(({ id }) => id)).toEqual(['kept']);
  await store.upsert(HERE, [{ id: 'small', vector: new Float32Array([0, 1]) }]);
  expect(await store.count(HERE)).toBe(2);
});

test('fails by name once it is closed', async () => {
  const store = await aStore();
  await filled(store, [{ id: 'a', vector: new Float32Array([1]) }]);
  await store.close();
  const closed = { code: 'vector.store_unavailable', facts: { provider: 'embedded', reason: 'its file is closed' } };
  await expect(store.query(HERE, { vector: new Float32Array([1]), k: 1 })).rejects.toMatchObject(closed);
  await expect(store.health()).rejects.toMatchObject(closed);
});

test('keeps its file from other users of the machine', async () => {
  const folder = await aFolder();
  await aStore({ folder });
  expect((await stat(join(folder, 'vectors.sqlite'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'vectors.sqlite-wal'))).mode & 0o777).toBe(0o600);
});
