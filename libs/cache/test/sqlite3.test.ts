// Our sqlite3 answers @keyv/sqlite as the real one would.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { KeyvSqlite } from '@keyv/sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { aFolder } from './support/a-cache.js';

type Done = (error: { code: string; errno?: number; message: string } | null, rows?: unknown[]) => void;
interface Database {
  configure(option: string, value: number): void;
  all(sql: string, ...rest: unknown[]): void;
  close(done: Done): void;
}
const sqlite3 = createRequire(import.meta.url)('sqlite3') as {
  Database: new (file: string, opened?: Done) => Database;
};

function opened(file: string): Promise<Database> {
  return new Promise((resolve, reject) => {
    const database: Database = new sqlite3.Database(file, (error) => (error ? reject(error) : resolve(database)));
  });
}

function all(database: Database, sql: string, ...parameters: unknown[]): Promise<unknown[] | undefined> {
  return new Promise((resolve, reject) => {
    database.all(sql, ...parameters, (error: unknown, rows?: unknown[]) => (error ? reject(error) : resolve(rows)));
  });
}

test('the whole of @keyv/sqlite works over it', async () => {
  const keyv = new KeyvSqlite({ uri: `sqlite://${join(await aFolder(), 'a.sqlite')}`, busyTimeout: 100 });
  onTestFinished(() => keyv.disconnect());
  keyv.namespace = 'n';
  await keyv.set('n:a', '1');
  await keyv.set('n:a', '2');
  await keyv.set('n:b', '3');
  expect([await keyv.get('n:a'), await keyv.get('n:none')]).toEqual(['2', undefined]);
  expect(await keyv.getMany(['n:b', 'n:none', 'n:a'])).toEqual(['3', undefined, '2']);
  expect([await keyv.has('n:a'), await keyv.has('n:none')]).toEqual([true, false]);
  const rows: unknown[] = [];
  for await (const row of keyv.iterator('n')) rows.push(row);
  expect(rows).toEqual([
    ['n:a', '2'],
    ['n:b', '3'],
  ]);
  expect([await keyv.delete('n:a'), await keyv.delete('n:a'), await keyv.deleteMany(['n:b'])]).toEqual([
    true,
    false,
    true,
  ]);
  await keyv.clear();
});

test('parameters come one by one or as an array, and callbacks never before the call returns', async () => {
  const database = await opened(':memory:');
  expect(await all(database, 'SELECT ?1 AS a, ?2 AS b', 1, 'x')).toEqual([{ a: 1, b: 'x' }]);
  expect(await all(database, 'SELECT ?1 AS a, ?2 AS b', [2, 'y'])).toEqual([{ a: 2, b: 'y' }]);
  let called = false;
  database.all('SELECT 1', () => {
    called = true;
  });
  expect(called).toBe(false);
  await expect.poll(() => called).toBe(true);
});

test('errors carry the codes of sqlite3', async () => {
  const database = await opened(':memory:');
  await expect(all(database, 'SELECT nonsense')).rejects.toMatchObject({ code: 'SQLITE_ERROR', errno: 1 });
  await all(database, 'CREATE TABLE t (a UNIQUE)');
  await all(database, 'INSERT INTO t VALUES (1)');
  await expect(all(database, 'INSERT INTO t VALUES (1)')).rejects.toMatchObject({
    code: 'SQLITE_CONSTRAINT',
    errno: 19,
  });
  await expect(opened(join(await aFolder(), 'none', 'a.sqlite'))).rejects.toMatchObject({
    code: 'SQLITE_CANTOPEN',
    errno: 14,
  });
  expect(() => database.configure('trace', 1)).toThrow('trace is not supported');
  await new Promise<void>((closed) => database.close(() => closed()));
  await expect(all(database, 'SELECT 1')).rejects.toMatchObject({ code: 'SQLITE_MISUSE' });
});

test('any number of different statements may be run', async () => {
  const database = await opened(':memory:');
  for (let at = 0; at < 250; at++) expect(await all(database, `SELECT ${at} AS n`)).toEqual([{ n: at }]);
});
