// Keeps entries in one SQLite file of this machine, shared safely by processes, swept of what has ended.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeyvSqlite } from '@keyv/sqlite';
import { ByteStore, type CallOptions, failure, isFailure, type KeyPage } from '#ports';
import { ManagedTexts } from './managed-texts.js';
import { newerSchema, refusal } from './sqlite-refusal.js';
import { above, headOf, NEVER, readRow, SCHEMA, SCHEMA_VERSION, SQL, TABLE } from './sqlite-schema.js';
import { type Query, SqliteSweeper } from './sqlite-sweeper.js';

export interface SqliteStoreOptions {
  /** Path of the file; its folder is made when absent. */
  file: string;
  /** How long a write waits for another process. The thread waits with it, so keep it short. */
  busyTimeoutMs?: number;
  sweepEveryMs?: number;
  now?: () => number;
  importPackage?: (name: string) => Promise<unknown>;
}

export class SqliteStore extends ByteStore {
  readonly tier = 'sqlite';
  readonly sweeper: SqliteSweeper;
  readonly #texts: ManagedTexts;
  readonly #query: Query;
  #lastWritten = 0;
  #retiredUntil = 0;
  #closed: Promise<void> | undefined;

  private constructor(
    private readonly adapter: KeyvSqlite,
    private readonly now: () => number,
    sweepEveryMs: number,
  ) {
    super();
    this.#query = adapter.query as Query;
    this.#texts = new ManagedTexts(adapter, {
      write: (text, expires = NEVER) => headOf(expires, this.#stamp()) + text,
      read: readRow,
    });
    this.sweeper = new SqliteSweeper(this.#query, now, sweepEveryMs);
  }

  /** @throws Failure `cache.client_missing`, or `cache.store_refused` with the reason and what to do. */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const { file, busyTimeoutMs = 250, sweepEveryMs = 30_000, now = Date.now, importPackage = importByName } = options;
    const Adapter = await importAdapter(importPackage);
    let adapter: KeyvSqlite | undefined;
    try {
      await mkdir(dirname(file), { recursive: true });
      adapter = new Adapter({ uri: `sqlite://${file}`, table: TABLE, busyTimeout: busyTimeoutMs });
      adapter.on('error', () => {}); // Each call rejects with the same error.
      await prepare(adapter.query as Query);
    } catch (error) {
      await adapter?.close().catch(() => {});
      throw isFailure(error) ? error : refusal(error);
    }
    const store = new SqliteStore(adapter, now, sweepEveryMs);
    store.sweeper.start();
    return store;
  }

  getMany(keys: readonly string[], options?: CallOptions): Promise<(string | undefined)[]> {
    return this.#call(options, () => this.#texts.getMany([...keys]));
  }

  set(key: string, value: string, ttlMs: number, options?: CallOptions): Promise<void> {
    return this.#call(options, () => this.#texts.set(key, value, ttlMs));
  }

  async replace(key: string, expected: string, value: string | undefined, options?: CallOptions): Promise<boolean> {
    const now = this.now();
    const rows = await this.#call(options, () =>
      value === undefined
        ? this.#query(SQL.deleteThis, key, expected, now)
        : this.#query(SQL.replace, key, expected, value, now),
    );
    return rows.length === 1;
  }

  delete(keys: readonly string[], options?: CallOptions): Promise<undefined> {
    return this.#call(options, async () => void (await this.#texts.delete([...keys])));
  }

  async increment(key: string, options?: CallOptions & { idleMs?: number }): Promise<number> {
    const now = this.now();
    const head = headOf(options?.idleMs === undefined ? NEVER : now + options.idleMs, this.#stamp());
    const rows = await this.#call(options, () => this.#query(SQL.increment, key, head, now));
    return Number(rows[0]!.count);
  }

  async counters(keys: readonly string[], options?: CallOptions): Promise<number[]> {
    return (await this.getMany(keys, options)).map((text) => Number(text ?? 0));
  }

  /** Pages by key, so that a page costs the same wherever it begins. */
  async list(prefix: string, page: { cursor?: string; limit: number }, options?: CallOptions): Promise<KeyPage> {
    const { cursor = '', limit } = page;
    const rows = await this.#call(options, () =>
      this.#query(SQL.list, prefix, above(prefix), cursor, this.now(), limit),
    );
    const keys = rows.map((row) => String(row.key));
    return { keys, cursor: keys.length < limit ? undefined : keys.at(-1) };
  }

  async retire(prefix: string, options?: CallOptions): Promise<number> {
    return this.#call(options, async () => {
      const [row] = await this.#query(SQL.countUnder, prefix, above(prefix), this.now());
      this.#retiredUntil = Math.max(this.now(), this.#lastWritten);
      await this.#query(SQL.retire, prefix, above(prefix), this.#retiredUntil);
      this.sweeper.hurry();
      return Number(row!.count);
    });
  }

  async health(options?: CallOptions): Promise<void> {
    await this.#call(options, () => this.#query(SQL.health));
  }

  close(): Promise<void> {
    this.sweeper.close();
    this.#closed ??= this.adapter.close();
    return this.#closed;
  }

  /** When a row is written: always after the last retirement, even within one millisecond. */
  #stamp(): number {
    this.#lastWritten = Math.max(this.now(), this.#retiredUntil + 1);
    return this.#lastWritten;
  }

  async #call<T>(options: CallOptions | undefined, run: () => Promise<T>): Promise<T> {
    try {
      options?.signal?.throwIfAborted();
      return await run();
    } catch (cause) {
      throw failure('cache.store_unavailable', { tier: this.tier }, { cause });
    }
  }
}

async function prepare(query: Query): Promise<void> {
  const [row] = await query(SQL.version);
  if (Number(row!.user_version) > SCHEMA_VERSION) throw newerSchema();
  for (const statement of SCHEMA) await query(statement);
}

async function importAdapter(importPackage: (name: string) => Promise<unknown>): Promise<typeof KeyvSqlite> {
  try {
    return ((await importPackage('@keyv/sqlite')) as { KeyvSqlite: typeof KeyvSqlite }).KeyvSqlite;
  } catch (cause) {
    throw failure('cache.client_missing', { backend: 'sqlite', package: '@keyv/sqlite' }, { cause });
  }
}

function importByName(name: string): Promise<unknown> {
  return import(name);
}
