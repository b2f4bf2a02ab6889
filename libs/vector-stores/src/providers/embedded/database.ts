// The file of the embedded store: opens it, checks whose it is, and makes or checks its schema.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { failure } from '#ports';
import { sqliteModule } from './sqlite-module.js';
import { refused } from './sqlite-reasons.js';

/** "RVec": marks the file as ours. */
const APPLICATION_ID = 0x52566563;
export const SCHEMA_VERSION = 2;
const BUSY_TIMEOUT_MS = 2000;
const CACHE_KIBIBYTES = 32 * 1024;

const POINTS = `
  CREATE TABLE points (
    number INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    id TEXT NOT NULL,
    expires_at INTEGER,
    consent INTEGER NOT NULL,
    purposed INTEGER NOT NULL,
    ingested_at INTEGER NOT NULL,
    vector BLOB NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (collection, id)
  ) STRICT;
`;

const INDEXES = `
  CREATE INDEX points_of_collection ON points (collection);
  CREATE INDEX points_that_expire ON points (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX points_by_age ON points (collection, ingested_at);
`;

/**
 * Numbers of collections are never used again, so that what a crash left of a dropped one belongs to nobody. The
 * vector stands before the payload: reading all vectors must not walk through long texts.
 *
 * Readable by whoever reads the file: names of tenants and collections, ids of documents, times, consent, and vectors.
 * Sealed: texts, metadata, subjects, sources, purposes and lineage.
 */
const SCHEMA = `
  CREATE TABLE collections (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    metric TEXT NOT NULL,
    UNIQUE (tenant, name)
  ) STRICT;
  ${POINTS}
  ${INDEXES}
`;

/**
 * From version 1, which knew neither purposes nor times: its points count as ingested now, so that a rule on age, which
 * is younger than they are, takes none of them at once. The table is made anew, since columns can only be added behind
 * the payload.
 */
const FROM_VERSION_1 = `
  ALTER TABLE points RENAME TO former_points;
  DROP INDEX points_of_collection;
  DROP INDEX points_that_expire;
  ${POINTS}
  INSERT INTO points SELECT number, collection, id, expires_at, consent, 0, CAST(unixepoch('subsec') * 1000 AS INTEGER),
    vector, payload FROM former_points;
  DROP TABLE former_points;
  ${INDEXES}
`;

export interface DatabaseOptions {
  /** Path of the file; its folder is made when absent. */
  file: string;
  synchronous: 'normal' | 'full';
}

/**
 * Opens the file for reading and writing.
 *
 * WAL with synchronous=NORMAL: a commit is in the operating system's hands before it is acknowledged, so no death of the
 * process (kill -9 too) loses it; a power cut may lose the last ones, but never tears the file. FULL waits for the disk.
 * secure_delete: what is erased is overwritten, since vectors tell something of their texts.
 * @throws Failure `vector.store_refused`
 */
export function openDatabase({ file, synchronous }: DatabaseOptions): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    makeFile(file);
    database = new (sqliteModule().DatabaseSync)(file);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA page_size = 8192`);
    checkOwner(database);
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${synchronous};
      PRAGMA secure_delete = ON;
      PRAGMA cache_size = -${CACHE_KIBIBYTES};
    `);
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw refused(error);
  }
}

/** Makes the file readable by its owner alone; SQLite gives its side files the same mode. */
function makeFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  closeSync(openSync(file, 'a', 0o600));
}

function checkOwner(database: DatabaseSync): void {
  const [owner, version] = [pragma(database, 'application_id'), pragma(database, 'user_version')];
  const tables = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()!.tables;
  if (tables !== 0 && owner !== APPLICATION_ID) {
    throw mismatch('its file belongs to another program', 'Set another DATA_DIR.');
  }
  if (version > SCHEMA_VERSION) {
    throw mismatch(
      `its file was written by a newer version (schema ${version})`,
      'Run that version, or set another DATA_DIR.',
    );
  }
}

/** Makes the schema in a new file, or brings an old one to it, all or nothing. In an old one this writes as well, so that a disk that takes no writes shows now. */
function prepare(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  const version = pragma(database, 'user_version');
  if (version === 0) database.exec(SCHEMA);
  if (version === 1) database.exec(FROM_VERSION_1);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0]);
}

function mismatch(reason: string, fix: string) {
  return failure('vector.store_refused', { provider: 'embedded', reason, fix });
}
