// A SQLite file that cannot be used stops the boot with the reason and the fix; one that fails later costs hits only.
import { execFileSync } from 'node:child_process';
import { chmod, chown, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type AnnouncementName, type Announcements, failure, listen } from '#ports';
import { LocalBus } from '#records';
import { SqliteStore } from '../src/index.js';
import { refusal } from '../src/stores/sqlite-refusal.js';
import { aCache, aDraft, aFolder, anEntry, Clock } from './support/a-cache.js';

const REF = anEntry('north', 'opening hours');
const HOUR = 3_600_000;

function heard<Name extends AnnouncementName>(name: Name): Announcements[Name][] {
  const messages: Announcements[Name][] = [];
  onTestFinished(listen(name, (message) => messages.push(message)));
  return messages;
}

async function aStore(options: Partial<Parameters<typeof SqliteStore.open>[0]> = {}) {
  const file = options.file ?? join(await aFolder(), 'cache.sqlite');
  const store = await SqliteStore.open({ ...options, file });
  onTestFinished(() => store.close());
  return { store, file };
}

/** Runs as a user whom file modes bind, which they do not bind the superuser. */
async function asNobody<T>(folder: string, run: () => Promise<T>): Promise<T> {
  if (process.geteuid!() !== 0) return run();
  const nobody = 65534;
  for (const one of [folder, join(folder, 'cache.sqlite')]) await chown(one, nobody, nobody).catch(() => {});
  process.seteuid!(nobody);
  try {
    return await run();
  } finally {
    process.seteuid!(0);
  }
}

describe('the boot is refused, without naming a path of the machine,', () => {
  const refusedBecause = async (dataDir: string, reason: string, fix: string) => {
    const error = await aCache({}, { dataDir }).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(error).toMatchObject({ code: 'cache.store_refused', facts: { tier: 'sqlite', reason, fix } });
    expect(error!.message).not.toContain(dataDir);
    expect(error!.message).not.toMatch(/\/\w+\//);
  };

  test('when the file is read-only', async () => {
    const folder = await aFolder();
    await (await aStore({ file: join(folder, 'cache.sqlite') })).store.close();
    await chmod(join(folder, 'cache.sqlite'), 0o444);
    await asNobody(folder, () =>
      refusedBecause(folder, 'its file or folder is read-only', 'Let the service write to DATA_DIR.'),
    );
  });

  test('when the folder is read-only', async () => {
    const folder = await aFolder();
    await chmod(folder, 0o555);
    await asNobody(folder, () =>
      refusedBecause(
        folder,
        'its file cannot be opened or made',
        'Check that DATA_DIR is a folder and that the service may write to it.',
      ),
    );
    await asNobody(folder, () =>
      refusedBecause(join(folder, 'deeper'), 'its file or folder is read-only', 'Let the service write to DATA_DIR.'),
    );
  });

  test('when the folder is a file', async () => {
    const file = join(await aFolder(), 'data');
    await writeFile(file, '');
    await refusedBecause(
      file,
      'its file cannot be opened or made',
      'Check that DATA_DIR is a folder and that the service may write to it.',
    );
  });

  test.each([
    ['is no database', () => Buffer.from('this is a text of some length, and no database at all')],
    ['is damaged', (sound: Buffer) => Buffer.concat([sound.subarray(0, 100), Buffer.alloc(sound.length - 100, 0x5a)])],
  ])('when the file %s', async (_, damaged) => {
    const folder = await aFolder();
    const { store, file } = await aStore({ file: join(folder, 'cache.sqlite') });
    await store.close();
    await writeFile(file, damaged(await readFile(file)));
    const fix = 'Move cache.sqlite out of DATA_DIR: a new one is made, and only cached answers are lost.';
    await refusedBecause(folder, 'its file is not a sound SQLite database', fix);
  });

  test('when the file was written by a newer version', async () => {
    const folder = await aFolder();
    const database = new DatabaseSync(join(folder, 'cache.sqlite'));
    database.exec('PRAGMA user_version = 2');
    database.close();
    const reason = 'its file was written by a newer version of this service';
    await refusedBecause(folder, reason, 'Update the service, or set another DATA_DIR.');
  });

  test('when another process holds the file', async () => {
    const folder = await aFolder();
    const database = new DatabaseSync(join(folder, 'cache.sqlite'));
    onTestFinished(() => database.close());
    database.exec('BEGIN EXCLUSIVE');
    await refusedBecause(folder, 'another process holds its file', 'Stop that process, or set another DATA_DIR.');
  });

  test('when the disk is full', async () => {
    const folder = await aFolder();
    const unmount = aFullDisk(folder);
    if (unmount) {
      onTestFinished(unmount);
      await writeFile(join(folder, 'filler'), Buffer.alloc(2 ** 20)).catch(() => {});
      await refusedBecause(folder, 'the disk is full', 'Make room where DATA_DIR lies.');
    } else {
      // Only the superuser may mount a small disk: elsewhere the codes alone are told apart.
      for (const code of ['SQLITE_FULL', 'ENOSPC']) expect(refusal({ code }).facts.reason).toBe('the disk is full');
    }
  });

  test('when the package is missing', async () => {
    const importPackage = () => Promise.reject(new Error('ERR_MODULE_NOT_FOUND'));
    await expect(SqliteStore.open({ file: 'unused', importPackage })).rejects.toMatchObject({
      code: 'cache.client_missing',
      message: expect.stringContaining('npm install @keyv/sqlite'),
    });
  });
});

/** A disk of 100 KiB in the folder; `undefined` where this user may not mount one. */
function aFullDisk(folder: string): (() => void) | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100k', 'tmpfs', folder], { stdio: 'ignore' });
    return () => void execFileSync('umount', ['-l', folder]);
  } catch {
    return undefined;
  }
}

test('a store that fails while the service runs costs hits, and no reader an error', async () => {
  const failures = heard('cache.store_failed');
  const dataDir = await aFolder();
  const cache = await aCache({ CACHE_MEMORY_MAX: '0B', CACHE_STORE_TIMEOUT: '1ms' }, { dataDir });
  await cache.keep(REF, aDraft());
  const other = new DatabaseSync(join(dataDir, 'cache.sqlite'));
  onTestFinished(() => other.close());

  other.exec('BEGIN IMMEDIATE');
  expect(await cache.keep(REF, aDraft())).toMatchObject({ kept: false, tiers: [] });
  await expect(cache.forgetTenant('north')).rejects.toMatchObject({ code: 'cache.store_unavailable' });
  expect((await cache.look(REF))?.tier).toBe('sqlite');
  other.exec('COMMIT');
  expect(await cache.keep(REF, aDraft())).toMatchObject({ kept: true });

  other.exec('DROP TABLE entries; DROP TABLE retired');
  expect(await cache.look(REF)).toBeUndefined();
  expect(await cache.health()).toEqual([
    { tier: 'memory', ok: true },
    { tier: 'sqlite', ok: false },
  ]);
  expect(failures.map(({ operation }) => operation)).toEqual(['set', 'increment', 'get']);
});

test('a word to the other instances that fails is a call that failed, and fails no write', async () => {
  const [failures, calls] = [heard('cache.store_failed'), heard('cache.store_call')];
  const bus = new LocalBus();
  const cache = await aCache({}, { dataDir: await aFolder(), bus });
  await cache.keep(REF, aDraft());
  expect(failures).toEqual([]);
  Object.assign(bus, { publish: () => Promise.reject(failure('cache.store_unavailable', { tier: 'sqlite' })) });
  expect(await cache.keep(REF, aDraft())).toMatchObject({ kept: true });
  const publish = { tier: 'sqlite', operation: 'publish' };
  expect(failures).toEqual([{ ...publish, code: 'cache.store_unavailable' }]);
  expect(calls.filter(({ operation }) => operation === 'publish')).toMatchObject([publish, publish]);
});

test('a disk that fills while the service runs costs writes, and they work again when there is room', async () => {
  const { store } = await aStore();
  const adapter = (store as unknown as { adapter: { query(sql: string): Promise<unknown> } }).adapter;
  await store.set('small', 'kept', HOUR);
  await adapter.query('PRAGMA max_page_count = 1'); // SQLite's own limit stands for the disk's: no page beyond those there are.
  await expect(store.set('large', 'x'.repeat(100_000), HOUR)).rejects.toMatchObject({
    code: 'cache.store_unavailable',
    cause: { code: 'SQLITE_FULL' },
  });
  expect(await store.getMany(['small'])).toEqual(['kept']);
  await adapter.query('PRAGMA max_page_count = 1000000');
  await store.set('large', 'x'.repeat(100_000), HOUR);
});

test('rows that have ended are swept, a bounded number a step, and announced', async () => {
  const evicted = heard('cache.evicted');
  const clock = new Clock();
  const { store, file } = await aStore(clock);
  for (let at = 0; at < 510; at++) await store.set(`ends:${at}`, 'x', HOUR);
  await store.set('stays', 'x', 3 * HOUR);
  clock.advance(2 * HOUR);
  expect(await store.sweeper.step()).toBe(true);
  expect(evicted).toHaveLength(500);
  expect(await store.sweeper.step()).toBe(false);
  expect(evicted[0]).toEqual({ tier: 'sqlite', reason: 'expired', bytes: 27 });
  expect(rowsOf(file)).toEqual(['stays']);
});

test('rows of a retired prefix are swept step by step, and none that was written after', async () => {
  const { store, file } = await aStore();
  for (let at = 0; at < 1200; at++) await store.set(`p:${at}`, 'x', HOUR);
  await store.set('q:1', 'x', HOUR);
  expect(await store.retire('p:')).toBe(1200);
  for (const at of [3, 700, 2000]) await store.set(`p:${at}`, 'x', HOUR);
  let steps = 1;
  while (await store.sweeper.step()) steps++;
  expect(steps).toBe(4);
  expect(rowsOf(file)).toEqual(['p:2000', 'p:3', 'p:700', 'q:1']);
  expect(await store.retire('p:')).toBe(3);
});

test('the sweeper runs by itself, and after a failure again', async () => {
  const { store, file } = await aStore({ sweepEveryMs: 5 });
  const other = new DatabaseSync(file);
  onTestFinished(() => other.close());
  other.exec('ALTER TABLE retired RENAME TO away');
  await store.set('ends', 'x', 1);
  await expect.poll(() => rowsOf(file)).toEqual([]);
  other.exec('ALTER TABLE away RENAME TO retired');
  for (let at = 0; at < 600; at++) await store.set(`p:${at}`, 'x', HOUR);
  await store.retire('p:');
  await expect.poll(() => rowsOf(file)).toEqual([]);
});

function rowsOf(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database
      .prepare('SELECT key FROM entries ORDER BY key')
      .all()
      .map((row) => String(row.key));
  } finally {
    database.close();
  }
}
