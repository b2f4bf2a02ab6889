// Backups: what is copied, in which order, and what a copy that cannot be trusted leaves behind.
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { aFolder, resk } from './command-line.js';

/** A database as a running server has it: in WAL mode, with changes that are not in its main file yet. */
function aDatabase(file: string, ...lines: string[]): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 7; CREATE TABLE lines (line TEXT)');
  for (const line of lines) database.prepare('INSERT INTO lines VALUES (?)').run(line);
  return database;
}

const linesOf = (file: string) => {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT line FROM lines').all();
  const { user_version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  database.close();
  return [user_version, ...rows.map(({ line }) => line)];
};

test('copies every database with what is still in its journal, records last, and the secret; nothing else', async () => {
  const folder = await aFolder();
  const open = ['cache', 'records', 'vectors'].map((name) => aDatabase(join(folder, `${name}.sqlite`), 'a', name));
  writeFileSync(join(folder, 'development-secret'), 'secret');
  writeFileSync(join(folder, 'other.txt'), 'other');
  const to = join(folder, 'backups/monday');
  const { code, out } = await resk(['backup', to], { env: { DATA_DIR: folder } });
  expect(code).toBe(0);
  expect([...out.matchAll(/^ {2}(\S+),/gm)].map(([, name]) => name)).toEqual([
    'cache.sqlite',
    'development-secret',
    'vectors.sqlite',
    'records.sqlite',
  ]);
  expect(out).toContain(`4 files copied to ${to}`);
  expect(readdirSync(to).sort()).toEqual(['cache.sqlite', 'development-secret', 'records.sqlite', 'vectors.sqlite']);
  for (const name of ['cache', 'records', 'vectors'])
    expect(linesOf(join(to, `${name}.sqlite`))).toEqual([7, 'a', name]);
  expect(readFileSync(join(to, 'development-secret'), 'utf8')).toBe('secret');
  expect(readdirSync(to).map((name) => statSync(join(to, name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600, 0o600]);
  for (const database of open) database.close();
});

test('holds nothing of what was deleted', async () => {
  const folder = await aFolder();
  const database = aDatabase(join(folder, 'cache.sqlite'), 'kept', 'a-secret-that-was-deleted');
  database.exec("PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM lines WHERE line LIKE 'a-secret%'");
  expect((await resk(['backup', `${folder}/b`], { env: { DATA_DIR: folder } })).code).toBe(0);
  expect(readFileSync(`${folder}/b/cache.sqlite`).includes('a-secret-that-was-deleted')).toBe(false);
  database.close();
});

test('never writes over a folder, and says where there is nothing to copy', async () => {
  const folder = await aFolder();
  aDatabase(join(folder, 'cache.sqlite')).close();
  const there = await resk(['backup', folder], { env: { DATA_DIR: folder } });
  expect([there.code, there.err]).toEqual([2, expect.stringContaining('it exists already')]);
  for (const nowhere of [await aFolder(), `${folder}/nowhere`]) {
    const { code, err } = await resk(['backup', `${folder}/b`], { env: { DATA_DIR: nowhere } });
    expect([code, err]).toEqual([2, expect.stringContaining('no database lies in DATA_DIR')]);
  }
});

test('leaves nothing under the name where a database is damaged or is none', async () => {
  const folder = await aFolder();
  const database = aDatabase(
    join(folder, 'cache.sqlite'),
    ...Array.from({ length: 500 }, (_, n) => `line ${n} `.repeat(40)),
  );
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  truncateSync(join(folder, 'cache.sqlite'), 40_000);
  for (const damage of ['cut', 'no database']) {
    if (damage === 'no database') writeFileSync(join(folder, 'cache.sqlite'), 'no database at all '.repeat(99));
    const { code, err } = await resk(['backup', `${folder}/b`], { env: { DATA_DIR: folder } });
    expect([code, err]).toEqual([2, expect.stringContaining('[cli.backup_refused]')]);
    expect([existsSync(`${folder}/b`), existsSync(`${folder}/b.partial`)]).toEqual([false, false]);
  }
});
