// A PostgreSQL with pgvector for the tests: PGlite behind a socket, or the server that PGVECTOR_TEST_URL names.
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

export interface Postgres {
  url: string;
  stop(): Promise<void>;
}

/**
 * PGlite is PostgreSQL itself, compiled to WebAssembly: same SQL, same planner, same pgvector. It has one session behind
 * all connections, so what depends on many at once is better seen on a server: PGVECTOR_TEST_URL names one whose schemas
 * `resk_test…` may be dropped.
 */
export async function startPostgres(): Promise<Postgres> {
  const url = process.env.PGVECTOR_TEST_URL;
  if (url) return { url, stop: async () => {} };
  const db = await PGlite.create({ extensions: { vector } });
  const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0, maxConnections: 50 });
  await server.start();
  return {
    url: `postgres://postgres@${server.getServerConn()}/postgres?sslmode=disable`,
    async stop() {
      await server.stop();
      await db.close();
    },
  };
}
