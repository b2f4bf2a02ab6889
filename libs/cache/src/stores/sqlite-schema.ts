// The tables of the SQLite store and every statement on them.

export const TABLE = 'entries';
export const SCHEMA_VERSION = 1;

/*
 * @keyv/sqlite writes a key and a value, no more. So the value begins with two times in epoch milliseconds, 13 digits
 * each (enough until the year 2286): when the row ends, and when it was written. Indexes reach them by expression.
 */
const TIME_LENGTH = 13;
export const HEAD_LENGTH = 2 * TIME_LENGTH;
/** The end of a row that does not end. */
export const NEVER = 9_999_999_999_999;

export function headOf(expires: number, written: number): string {
  return timeOf(expires) + timeOf(written);
}

export function readRow(row: string): { value: string; expires: number } {
  return { value: row.slice(HEAD_LENGTH), expires: Number(row.slice(0, TIME_LENGTH)) };
}

function timeOf(ms: number): string {
  return String(Math.min(NEVER, Math.round(ms))).padStart(TIME_LENGTH, '0');
}

const EXPIRES = `CAST(substr(value, 1, ${TIME_LENGTH}) AS INTEGER)`;
const WRITTEN = `CAST(substr(value, ${TIME_LENGTH + 1}, ${TIME_LENGTH}) AS INTEGER)`;
const TEXT = `substr(value, ${HEAD_LENGTH + 1})`;
/** As bytes: of a text, substr takes what stands before its first NUL. */
const IS_TEXT = `substr(CAST(value AS BLOB), ${HEAD_LENGTH + 1}) = CAST(?2 AS BLOB)`;

/** @keyv/sqlite makes the table itself. */
export const SCHEMA = [
  'PRAGMA journal_mode = WAL',
  'PRAGMA synchronous = NORMAL',
  `CREATE INDEX IF NOT EXISTS ${TABLE}_by_end ON ${TABLE} (${EXPIRES})`,
  // Ranges of keys whose rows are of no more use, swept from `next` on.
  'CREATE TABLE IF NOT EXISTS retired (low TEXT PRIMARY KEY, high TEXT, until INTEGER, next TEXT)',
  // Shows at boot whether the file can be written at all.
  `PRAGMA user_version = ${SCHEMA_VERSION}`,
];

export const SQL = {
  version: 'PRAGMA user_version',
  health: 'SELECT count(*) AS count FROM retired',
  increment:
    `INSERT INTO ${TABLE} (key, value) VALUES (?1, ?2 || '1') ON CONFLICT (key) DO UPDATE SET value = ?2 ||` +
    ` (CASE WHEN ${EXPIRES} > ?3 THEN CAST(${TEXT} AS INTEGER) ELSE 0 END + 1) RETURNING ${TEXT} AS count`,
  replace:
    `UPDATE ${TABLE} SET value = substr(value, 1, ${HEAD_LENGTH}) || ?3` +
    ` WHERE key = ?1 AND ${IS_TEXT} AND ${EXPIRES} > ?4 RETURNING key`,
  deleteThis: `DELETE FROM ${TABLE} WHERE key = ?1 AND ${IS_TEXT} AND ${EXPIRES} > ?3 RETURNING key`,
  list: `SELECT key FROM ${TABLE} WHERE key >= ?1 AND key < ?2 AND key > ?3 AND ${EXPIRES} > ?4 ORDER BY key LIMIT ?5`,
  countUnder:
    `SELECT count(*) AS count FROM ${TABLE} WHERE key >= ?1 AND key < ?2 AND ${EXPIRES} > ?3` +
    ` AND ${WRITTEN} > coalesce((SELECT until FROM retired WHERE low = ?1), 0)`,
  retire:
    'INSERT INTO retired (low, high, until, next) VALUES (?1, ?2, ?3, ?1)' +
    ' ON CONFLICT (low) DO UPDATE SET until = excluded.until, next = excluded.low',
  deleteEnded:
    `DELETE FROM ${TABLE} WHERE rowid IN (SELECT rowid FROM ${TABLE} WHERE ${EXPIRES} <= ?1 LIMIT ?2)` +
    ` RETURNING length(value) AS bytes`,
  firstRetired: 'SELECT low, high, until, next FROM retired LIMIT 1',
  lastOfStep: `SELECT max(key) AS last, count(*) AS count FROM (SELECT key FROM ${TABLE} WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3)`,
  deleteRetired: `DELETE FROM ${TABLE} WHERE key >= ?1 AND key <= ?2 AND ${WRITTEN} <= ?3`,
  advanceRetired: 'UPDATE retired SET next = ?1 WHERE low = ?2 AND until = ?3',
  forgetRetired: 'DELETE FROM retired WHERE low = ?1 AND until = ?2',
} as const;

/** The end of the range of keys with a prefix: keys hold ASCII up to `z` only. */
export function above(prefix: string): string {
  return `${prefix}~`;
}
