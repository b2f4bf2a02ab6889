// Copies what a server keeps in its folder while it runs: each database as of one moment, under its name only when all are whole.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { failure, isFailure } from '#ports';

/** Wrapped data keys lie here: copied last, it has the key of everything that was copied before it. */
const LAST = 'records.sqlite';
/** Waits as long for a server that writes; its transactions take milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

export interface CopiedFile {
  name: string;
  bytes: number;
}

type Sqlite = typeof import('node:sqlite');

/**
 * Copies databases and secrets of `from` into the new folder `to`, readable by its owner alone. What was deleted is in no
 * copy. A copy that fails leaves nothing under the name `to`.
 * @throws Failure `cli.backup_refused`
 */
export function copyData(from: string, to: string, sqlite: Sqlite): CopiedFile[] {
  const target = resolve(to);
  const partial = `${target}.partial`;
  const names = namesIn(from);
  if (existsSync(target)) throw refused(to, 'it exists already', 'Name a new folder.');
  try {
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(dirname(target), { recursive: true });
    mkdirSync(partial, { mode: 0o700 });
    const copied = names.map((name) => copyOf(join(from, name), join(partial, name), sqlite, name));
    renameSync(partial, target);
    return copied;
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    throw isFailure(error) ? error : refused(to, (error as Error).message, 'Nothing was kept of this copy.', error);
  }
}

/** Databases and the secret of development. What beside them is not copied is made anew: notes of ingestions, files of a lock. */
function namesIn(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const kept = names.filter((name) => name.endsWith('.sqlite') || name === 'development-secret');
  if (!kept.some((name) => name.endsWith('.sqlite'))) {
    throw refused(
      folder,
      'no database lies in DATA_DIR',
      'Run resk backup in the folder of the server, with its DATA_DIR.',
    );
  }
  return kept.sort((a, b) => Number(a === LAST) - Number(b === LAST) || a.localeCompare(b));
}

function copyOf(from: string, to: string, { DatabaseSync }: Sqlite, name: string): CopiedFile {
  if (name.endsWith('.sqlite')) {
    using(new DatabaseSync(from), (database) => {
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      // Reads every row, so a database that is damaged is no backup; what was deleted does not come along.
      database.prepare('VACUUM INTO ?').run(to);
    });
  } else copyFileSync(from, to);
  chmodSync(to, 0o600);
  return { name, bytes: statSync(to).size };
}

function using(database: DatabaseSync, use: (database: DatabaseSync) => void): void {
  try {
    use(database);
  } finally {
    database.close();
  }
}

function refused(file: string, reason: string, fix: string, cause?: unknown) {
  return failure('cli.backup_refused', { file, reason, fix }, { cause });
}
