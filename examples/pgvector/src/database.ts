// The connections to PostgreSQL: a pool, statements that end with their caller, and failures in the words of the port.
import pg from 'pg';
import { type CallOptions, failure } from 'resk-caching/ports';
import { PROVIDER, translated } from './failures.js';
import type { PgvectorOptions } from './options.js';

export type Row = Record<string, unknown>;

/** One connection, for statements that belong together. */
export interface Session {
  run<T extends Row>(sql: string, values?: readonly unknown[]): Promise<T[]>;
}

export class Database {
  private readonly pool: pg.Pool;
  private closed = false;

  constructor({ url, apiKey, maxConnections, connectTimeoutMs, statementTimeoutMs }: PgvectorOptions) {
    this.pool = new pg.Pool({
      connectionString: withPassword(url, apiKey?.reveal()),
      max: maxConnections,
      connectionTimeoutMillis: connectTimeoutMs,
      statement_timeout: statementTimeoutMs,
      // The server is gone without a word, or frozen: a little later than the server itself would have ended it.
      query_timeout: statementTimeoutMs + 1000,
      application_name: 'resk-caching',
    });
    // What is lost is replaced by the next call, and told to the one under way; unheard, the event would end the process.
    this.pool.on('error', () => {});
    this.pool.on('connect', (client) => void client.on('error', () => {}));
  }

  /** One statement. */
  run<T extends Row>(sql: string, values: readonly unknown[], options?: CallOptions): Promise<T[]> {
    return this.connected((session) => session.run<T>(sql, values), options);
  }

  /** Statements that all hold, or none of them. */
  transaction<T>(work: (session: Session) => Promise<T>, options?: CallOptions, begin = 'BEGIN'): Promise<T> {
    return this.connected(async (session) => {
      await session.run(begin);
      try {
        const result = await work(session);
        await session.run('COMMIT');
        return result;
      } catch (error) {
        await session.run('ROLLBACK').catch(() => {});
        throw error;
      }
    }, options);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await this.pool.end();
  }

  /** Lends a connection. Where the caller goes first, the connection is dropped with whatever it was doing. */
  private async connected<T>(work: (session: Session) => Promise<T>, { signal }: CallOptions = {}): Promise<T> {
    try {
      signal?.throwIfAborted();
      if (this.closed) throw failure('vector.store_unavailable', { provider: PROVIDER, reason: 'closed' });
      const client = await this.connection(signal);
      const gone = aborted(signal);
      try {
        const result = await Promise.race([work(sessionOver(client)), gone.promise]);
        client.release();
        return result;
      } catch (error) {
        client.release(!isAboutStatement(error));
        throw error;
      } finally {
        gone.forget();
      }
    } catch (error) {
      throw translated(error);
    }
  }

  private async connection(signal: AbortSignal | undefined): Promise<pg.PoolClient> {
    const coming = this.pool.connect();
    const gone = aborted(signal);
    try {
      return await Promise.race([coming, gone.promise]);
    } catch (error) {
      // It may still come: then it belongs to nobody.
      coming.then((client) => client.release()).catch(() => {});
      throw error;
    } finally {
      gone.forget();
    }
  }
}

function sessionOver(client: pg.PoolClient): Session {
  return {
    async run<T extends Row>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
      // Without values the simple protocol is used: it alone takes several statements at once.
      const { rows } = values.length > 0 ? await client.query<T>(sql, [...values]) : await client.query<T>(sql);
      return rows;
    },
  };
}

/** Rejects when the signal aborts. `forget` takes the listener away, for a signal may outlive thousands of calls. */
function aborted(signal: AbortSignal | undefined): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const heard = () => reject(signal?.reason as Error);
  promise.catch(() => {});
  if (signal?.aborted) heard();
  signal?.addEventListener('abort', heard, { once: true });
  return { promise, forget: () => signal?.removeEventListener('abort', heard) };
}

/** Whether the server answered with an error, so that the connection is as good as before. */
function isAboutStatement(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.severity === 'ERROR';
}

function withPassword(url: string, password: string | undefined): string {
  const parsed = new URL(url);
  if (password !== undefined && parsed.password === '') parsed.password = encodeURIComponent(password);
  return parsed.href;
}
