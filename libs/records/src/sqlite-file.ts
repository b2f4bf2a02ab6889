// The file of the records: opens it, checks whose it is, makes its tables, and says why it cannot be used.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type Failure, failure, isFailure } from '#ports';
import { sqliteModule } from './sqlite-module.js';

/** "RRec": marks the file as ours. */
const APPLICATION_ID = 0x52526563;
const SCHEMA_VERSION = 1;
/** The thread waits as long for another process; its transactions take a few milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/** What has no end, ends then. */
export const NEVER = Number.MAX_SAFE_INTEGER;

const SCHEMA = `
  CREATE TABLE records (key TEXT PRIMARY KEY, value TEXT NOT NULL, ends_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX records_by_end ON records (ends_at) WHERE ends_at < ${NEVER};

  CREATE TABLE tallies (
    key TEXT NOT NULL, field TEXT NOT NULL, sum INTEGER NOT NULL, ends_at INTEGER NOT NULL, PRIMARY KEY (key, field)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tallies_by_end ON tallies (ends_at) WHERE ends_at < ${NEVER};

  CREATE TABLE accounts (account TEXT PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE holdings (
    account TEXT NOT NULL, item TEXT NOT NULL, bytes INTEGER NOT NULL, ends_at INTEGER NOT NULL,
    PRIMARY KEY (account, item)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX holdings_by_end ON holdings (account, ends_at);
  CREATE TRIGGER held AFTER INSERT ON holdings BEGIN
    INSERT INTO accounts VALUES (new.account, 1, new.bytes)
      ON CONFLICT DO UPDATE SET items = items + 1, bytes = bytes + new.bytes;
  END;
  CREATE TRIGGER resized AFTER UPDATE OF bytes ON holdings BEGIN
    UPDATE accounts SET bytes = bytes + new.bytes - old.bytes WHERE account = new.account;
  END;
  CREATE TRIGGER released AFTER DELETE ON holdings BEGIN
    UPDATE accounts SET items = items - 1, bytes = bytes - old.bytes WHERE account = old.account;
    DELETE FROM accounts WHERE account = old.account AND items = 0;
  END;

  CREATE TABLE journals (
    journal TEXT NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY (journal, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL, message TEXT NOT NULL, sender TEXT NOT NULL, sent_at INTEGER NOT NULL
  ) STRICT;
`;

/**
 * Opens the file for reading and writing, readable by its owner alone. In WAL mode a commit is in the operating
 * system's hands before it is acknowledged, so no death of the process loses it; `full` also waits for the disk, so
 * that no power cut does.
 * @throws Failure `records.refused`
 */
export function openFile(file: string, synchronous: 'normal' | 'full'): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a', 0o600));
    database = new (sqliteModule().DatabaseSync)(file);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    checkOwner(database);
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA secure_delete = ON`);
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw isFailure(error) ? error : refusal(error);
  }
}

function checkOwner(database: DatabaseSync): void {
  const [owner, version] = [pragma(database, 'application_id'), pragma(database, 'user_version')];
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()!;
  if (tables !== 0 && owner !== APPLICATION_ID) throw refused('its file belongs to another program', OTHER_FOLDER);
  if (version > SCHEMA_VERSION)
    throw refused(`its file was written by a newer version (schema ${version})`, `Run that version. ${OTHER_FOLDER}`);
}

/** Writes even where nothing is to be made, so that a disk that takes no writes shows now. */
function prepare(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  if (pragma(database, 'user_version') === 0) database.exec(SCHEMA);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0]);
}

const OTHER_FOLDER = 'Set another DATA_DIR.';
const LET_WRITE = 'Let the service write to DATA_DIR and the files in it.';
const CHECK_FOLDER = 'Check that DATA_DIR is a folder that the service may read and write.';

/** By the primary result codes of https://sqlite.org/rescode.html, and those of the operating system for the folder. */
const REASONS: Record<string, readonly [reason: string, fix: string]> = {
  3: ['access to its file is denied', LET_WRITE],
  5: ['another process is writing to its file', 'Stop that process, or give this one a DATA_DIR of its own.'],
  8: ['its file is read-only', LET_WRITE],
  10: ['the disk gave an I/O error', 'Check the disk under DATA_DIR.'],
  11: ['its file is corrupt', 'Restore records.sqlite in DATA_DIR from a backup: it holds the wrapped data keys.'],
  13: ['the disk is full', 'Make room on the disk under DATA_DIR.'],
  14: ['its file cannot be opened', CHECK_FOLDER],
  26: ['its file is not a SQLite database', 'Restore records.sqlite in DATA_DIR from a backup.'],
  EACCES: ['access to its file is denied', LET_WRITE],
  EPERM: ['access to its file is denied', LET_WRITE],
  EROFS: ['its file is read-only', LET_WRITE],
  ENOSPC: ['the disk is full', 'Make room on the disk under DATA_DIR.'],
};

function refusal(cause: unknown): Failure {
  const { errcode, code } = cause as { errcode?: number; code?: string };
  const known = REASONS[errcode === undefined ? String(code) : errcode & 0xff];
  return refused(...(known ?? (['its file cannot be opened or made', CHECK_FOLDER] as const)), cause);
}

function refused(reason: string, fix: string, cause?: unknown): Failure {
  return failure('records.refused', { reason, fix }, { cause });
}
