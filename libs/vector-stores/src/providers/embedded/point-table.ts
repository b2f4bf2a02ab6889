// The points of the file: vectors as little-endian float32, payloads as sealed bytes.
import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { attempt } from './collection-table.js';
import { floatsOf } from './load-rows.js';
import type { SegmentRow } from './write-row.js';

/** What is written of a point. */
export interface PointDraft {
  id: string;
  vector: Float32Array;
  expiresAt: number | undefined;
  consent: boolean;
  purposed: boolean;
  ingestedAt: number;
  /** Sealed. */
  payload: Uint8Array;
}

export interface PointRow extends PointDraft {
  number: number;
}

const COLUMNS = 'number, id, expires_at, consent, purposed, ingested_at, vector, payload';

export class PointTable {
  private readonly statements: ReturnType<typeof statementsOf>;

  constructor(private readonly database: DatabaseSync) {
    this.statements = statementsOf(database);
  }

  /** Changes when another process (or connection) has written to the file. */
  foreignChanges(): SQLOutputValue {
    return attempt(() => first(this.statements.dataVersion));
  }

  /** Writes all points or none. Gives their numbers: a point that is replaced keeps its number. */
  write(collection: number, drafts: readonly PointDraft[]): number[] {
    return this.transaction(() =>
      drafts.map(({ id, vector, expiresAt = null, consent, purposed, ingestedAt, payload }) => {
        const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
        const repeated = [expiresAt, Number(consent), Number(purposed), ingestedAt] as const;
        return Number(first(this.statements.upsert, collection, id, ...repeated, bytes, payload));
      }),
    );
  }

  /** The collection is asked for as well: numbers of deleted points are used again, for any tenant's. */
  byNumber(collection: number, number: number): PointRow | undefined {
    return attempt(() => pointOf(this.statements.byNumber.get(number, collection)));
  }

  byId(collection: number, id: string): PointRow | undefined {
    return attempt(() => pointOf(this.statements.byId.get(collection, id)));
  }

  /** Vectors in the order of their numbers, from the one after `last`. */
  page(collection: number, last: number, limit: number): SegmentRow[] {
    return attempt(() => this.statements.page.all(collection, last, limit).map((row) => rowOf(row)));
  }

  /** Numbers of points in their order, from the one after `last`. */
  numbers(collection: number, last: number, limit: number): number[] {
    return attempt(() => numbersOf(this.statements.numbers.all(collection, last, limit)));
  }

  /** The number of the point so many places after `last`; `undefined` where there are not so many. */
  numberAfter(collection: number, last: number, places: number): number | undefined {
    return attempt(() => numbersOf(this.statements.numberAfter.all(collection, last, places - 1))[0]);
  }

  /** Numbers of up to `limit` points ingested before `time`. */
  older(collection: number, time: number, limit: number): number[] {
    return attempt(() => numbersOf(this.statements.older.all(collection, time, limit)));
  }

  /** Puts another payload in place of this one. `false` where the point has been written or deleted meanwhile. */
  replacePayload(collection: number, { number, payload }: PointRow, by: Uint8Array): boolean {
    return attempt(() => Number(this.statements.replace.run(by, number, collection, payload).changes) === 1);
  }

  /** Deletes by id, all or none. Gives the numbers of those that were there. */
  deleteIds(collection: number, ids: readonly string[]): number[] {
    return this.transaction(() => ids.flatMap((id) => numbersOf(this.statements.deleteId.all(collection, id))));
  }

  /** Deletes by number, all or none. Gives how many there were. */
  deleteNumbers(collection: number, numbers: readonly number[]): number {
    const deleteOne = (number: number) => Number(this.statements.deleteNumber.run(number, collection).changes);
    return this.transaction(() => numbers.reduce((sum, number) => sum + deleteOne(number), 0));
  }

  /** Deletes up to `limit` points past their end. Gives how many. */
  deleteExpired(now: number, limit: number): number {
    return attempt(() => Number(this.statements.deleteExpired.run(now, limit).changes));
  }

  /** Deletes up to `limit` points of collections that are no more. Gives how many. */
  deleteOrphans(limit: number): number {
    return attempt(() => Number(this.statements.deleteOrphans.run(limit).changes));
  }

  /** Deletes up to `limit` points of a collection. Gives how many. */
  deleteSome(collection: number, limit: number): number {
    return attempt(() => Number(this.statements.deleteSome.run(collection, limit).changes));
  }

  /** Points in the file, those past their end among them. */
  stored(collection: number): number {
    return attempt(() => Number(first(this.statements.stored, collection)));
  }

  expired(collection: number, now: number): number {
    return attempt(() => Number(first(this.statements.expired, collection, now)));
  }

  private transaction<T>(run: () => T): T {
    return attempt(() => {
      this.database.exec('BEGIN IMMEDIATE');
      try {
        const result = run();
        this.database.exec('COMMIT');
        return result;
      } catch (error) {
        this.rollBack();
        throw error;
      }
    });
  }

  private rollBack(): void {
    try {
      this.database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself, as it does after some errors, a full disk among them.
    }
  }
}

function statementsOf(database: DatabaseSync) {
  const prepare = (sql: string): StatementSync => database.prepare(sql);
  const someOf = (condition: string) =>
    `DELETE FROM points WHERE number IN (SELECT number FROM points WHERE ${condition} LIMIT ?)`;
  return {
    dataVersion: prepare('PRAGMA data_version'),
    upsert: prepare(`
      INSERT INTO points (collection, id, expires_at, consent, purposed, ingested_at, vector, payload)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (collection, id) DO UPDATE SET expires_at = excluded.expires_at, consent = excluded.consent,
        purposed = excluded.purposed, ingested_at = excluded.ingested_at, vector = excluded.vector,
        payload = excluded.payload
      RETURNING number`),
    byNumber: prepare(`SELECT ${COLUMNS} FROM points WHERE number = ? AND collection = ?`),
    byId: prepare(`SELECT ${COLUMNS} FROM points WHERE collection = ? AND id = ?`),
    page: prepare(`
      SELECT number, expires_at, consent, purposed, ingested_at, vector FROM points INDEXED BY points_of_collection
      WHERE collection = ? AND number > ? ORDER BY number LIMIT ?`),
    numbers: prepare(`
      SELECT number FROM points INDEXED BY points_of_collection
      WHERE collection = ? AND number > ? ORDER BY number LIMIT ?`),
    numberAfter: prepare(`
      SELECT number FROM points INDEXED BY points_of_collection
      WHERE collection = ? AND number > ? ORDER BY number LIMIT 1 OFFSET ?`),
    older: prepare(`
      SELECT number FROM points INDEXED BY points_by_age WHERE collection = ? AND ingested_at < ? LIMIT ?`),
    replace: prepare('UPDATE points SET payload = ? WHERE number = ? AND collection = ? AND payload = ?'),
    deleteId: prepare('DELETE FROM points WHERE collection = ? AND id = ? RETURNING number'),
    deleteNumber: prepare('DELETE FROM points WHERE number = ? AND collection = ?'),
    deleteExpired: prepare(someOf('expires_at <= ?')),
    deleteOrphans: prepare(someOf('collection NOT IN (SELECT number FROM collections)')),
    deleteSome: prepare(someOf('collection = ?')),
    stored: prepare('SELECT count(*) FROM points INDEXED BY points_of_collection WHERE collection = ?'),
    expired: prepare('SELECT count(*) FROM points WHERE collection = ? AND expires_at <= ?'),
  };
}

type Row = Record<string, SQLOutputValue>;

/** The first column of the first row. */
function first(statement: StatementSync, ...parameters: Array<string | number | null | Uint8Array>): SQLOutputValue {
  const row = statement.get(...parameters) as Row;
  for (const name in row) return row[name]!;
  throw new Error('a statement gave no column');
}

function numbersOf(rows: readonly Row[]): number[] {
  return rows.map(({ number }) => Number(number));
}

function rowOf({ number, expires_at, consent, purposed, ingested_at, vector }: Row): SegmentRow {
  return {
    number: Number(number),
    expiresAt: expires_at === null ? undefined : Number(expires_at),
    consent: consent === 1,
    purposed: purposed === 1,
    ingestedAt: Number(ingested_at),
    vector: floatsOf(vector),
  };
}

function pointOf(row: Row | undefined): PointRow | undefined {
  return row && { ...rowOf(row), id: row.id as string, payload: row.payload as Uint8Array };
}
