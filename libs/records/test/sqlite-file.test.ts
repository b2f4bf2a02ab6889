// A file that cannot hold the records stops the boot with the reason and the fix; what fails later loses nothing.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SqliteRecords } from '../src/index.js';
import { aFolder, someRecords } from './support/some-records.js';

async function aFile(prepare: (file: string) => unknown): Promise<string> {
  const file = join(await aFolder(), 'records.sqlite');
  await prepare(file);
  return file;
}

function refusedBecause(file: string, reason: string, fix: string): void {
  let refused: Error | undefined;
  try {
    SqliteRecords.open({ file });
  } catch (error) {
    refused = error as Error;
  }
  expect(refused).toMatchObject({ code: 'records.refused', facts: { reason, fix } });
  expect(refused!.message).not.toContain(file);
}

function written(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
}

describe('the boot is refused, without naming a path of the machine,', () => {
  const folder = 'Check that DATA_DIR is a folder that the service may read and write.';

  test('when the folder is a file', async () => {
    refusedBecause(
      join(await aFile((file) => writeFile(file, '')), 'deeper'),
      'its file cannot be opened or made',
      folder,
    );
  });

  test('when the file is a folder', async () => {
    refusedBecause(await aFile((file) => mkdir(file)), 'its file cannot be opened or made', folder);
  });

  test('when the file is no database', async () => {
    const file = await aFile((one) => writeFile(one, 'this is a text of some length, and no database at all'));
    refusedBecause(file, 'its file is not a SQLite database', 'Restore records.sqlite in DATA_DIR from a backup.');
  });

  test('when the file is damaged', async () => {
    const { records, file } = await someRecords();
    await records.put('a', 'x');
    await records.close();
    const sound = await readFile(file);
    await writeFile(file, Buffer.concat([sound.subarray(0, 100), Buffer.alloc(sound.length - 100, 0x5a)]));
    const fix = 'Restore records.sqlite in DATA_DIR from a backup: it holds the wrapped data keys.';
    refusedBecause(file, 'its file is corrupt', fix);
  });

  test('when the file belongs to another program', async () => {
    const file = await aFile((one) => written(one, 'CREATE TABLE theirs (a)'));
    refusedBecause(file, 'its file belongs to another program', 'Set another DATA_DIR.');
  });

  test('when the file was written by a newer version', async () => {
    const { records, file } = await someRecords();
    await records.close();
    written(file, 'PRAGMA user_version = 2');
    const reason = 'its file was written by a newer version (schema 2)';
    refusedBecause(file, reason, 'Run that version. Set another DATA_DIR.');
  });
});

test('a file that another process holds is waited for in vain, and its call alone fails', async () => {
  const { records, file } = await someRecords();
  const other = new DatabaseSync(file);
  onTestFinished(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  await expect(records.put('a', 'x')).rejects.toMatchObject({
    code: 'records.unavailable',
    facts: { backend: 'sqlite' },
  });
  other.exec('COMMIT');
  await records.put('a', 'x');
  expect(await records.get('a')).toBe('x');
});

test('changes that fail half-way are as if they had never begun', async () => {
  const { records } = await someRecords();
  const sound = { key: 't', field: 'n', by: 1 };
  await expect(records.add([sound, { ...sound, by: 0.5 }])).rejects.toMatchObject({ code: 'records.unavailable' });
  expect(await records.tallies(['t'])).toEqual([{}]);
  expect(await records.add([sound])).toEqual([1]);
});

test('only its owner may read the file', async () => {
  const { file } = await someRecords();
  const { stat } = await import('node:fs/promises');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});
