// One connection to the file of the records, on which each statement is prepared once and transactions run.
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { failure } from '#ports';

export type Row = Record<string, unknown>;

/** One connection to the file, with each statement prepared once. Failures are `records.unavailable`. */
export class Statements {
  readonly #prepared = new Map<string, StatementSync>();

  constructor(private readonly database: DatabaseSync) {}

  get(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return translated(() => this.#statement(sql).get(...parameters));
  }

  all(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return translated(() => this.#statement(sql).all(...parameters));
  }

  /** Gives how many rows changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return translated(() => Number(this.#statement(sql).run(...parameters).changes));
  }

  /** All of it or nothing, as if nobody else were there. */
  atomically<T>(work: () => T): T {
    return this.#transaction('BEGIN IMMEDIATE', work);
  }

  /** Reads all as it stands at one moment, and keeps no writer out. */
  atOnce<T>(work: () => T): T {
    return this.#transaction('BEGIN', work);
  }

  close(): void {
    this.#prepared.clear();
    if (this.database.isOpen) this.database.close();
  }

  #transaction<T>(begin: string, work: () => T): T {
    translated(() => this.database.exec(begin));
    try {
      const result = work();
      translated(() => this.database.exec('COMMIT'));
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #rollBack(): void {
    try {
      this.database.exec('ROLLBACK');
    } catch {
      // What failed for want of room was rolled back by SQLite itself.
    }
  }

  #statement(sql: string): StatementSync {
    const known = this.#prepared.get(sql) ?? this.database.prepare(sql);
    this.#prepared.set(sql, known);
    return known;
  }
}

function translated<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw failure('records.unavailable', { backend: 'sqlite' }, { cause });
  }
}
