// The part of sqlite3's callback API that @keyv/sqlite 4 uses, over Node's own node:sqlite: nothing to compile or download.
'use strict';
const { DatabaseSync } = require('node:sqlite');

/** The primary result codes of SQLite, as sqlite3 names them in `error.code`. https://sqlite.org/rescode.html */
const CODES = {
  1: 'SQLITE_ERROR',
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  17: 'SQLITE_SCHEMA',
  19: 'SQLITE_CONSTRAINT',
  21: 'SQLITE_MISUSE',
  26: 'SQLITE_NOTADB',
};
const MOST_STATEMENTS = 100;

/** `sqlite3.Database`: statements run at once, on this thread; callbacks come later, as with sqlite3. */
class Database {
  #database;
  #statements = new Map();

  constructor(file, opened) {
    let failed = null;
    try {
      this.#database = new DatabaseSync(file);
    } catch (error) {
      failed = translated(error);
    }
    queueMicrotask(() => opened?.(failed));
  }

  configure(option, value) {
    if (option === 'busyTimeout') this.#database.exec(`PRAGMA busy_timeout = ${Number(value)}`);
    else throw new Error(`Database.configure: ${option} is not supported`);
  }

  /** `all(sql, ...parameters, callback)` or `all(sql, [parameters], callback)`. */
  all(sql, ...rest) {
    const done = rest.pop();
    const parameters = Array.isArray(rest[0]) ? rest[0] : rest;
    answer(done, () => this.#prepared(sql).all(...parameters));
  }

  close(done) {
    answer(done, () => {
      this.#statements.clear();
      this.#database.close();
    });
  }

  #prepared(sql) {
    let statement = this.#statements.get(sql);
    if (!statement) {
      if (this.#statements.size === MOST_STATEMENTS) this.#statements.clear();
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function answer(done, run) {
  let failed = null;
  let result;
  try {
    result = run();
  } catch (error) {
    failed = translated(error);
  }
  queueMicrotask(() => done(failed, result));
}

function translated(error) {
  const primary = error.errcode === undefined ? undefined : error.errcode & 0xff;
  const code = CODES[primary] ?? 'SQLITE_MISUSE';
  return Object.assign(new Error(`${code}: ${error.message}`, { cause: error }), { code, errno: primary });
}

module.exports = { Database };
