// A PostgreSQL with pgvector for the tests: PGlite behind a socket, or the server that PGVECTOR_TEST_URL names.
import { createServer, type Socket } from 'node:net';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';

export interface Postgres {
  url: string;
  stop(): Promise<void>;
}

/**
 * PGlite is PostgreSQL itself, compiled to WebAssembly: same SQL, same planner, same pgvector, one session. Connections
 * take turns at it, by transactions. PGVECTOR_TEST_URL names a server instead, whose schemas `resk_test…` may be dropped.
 */
export async function startPostgres(): Promise<Postgres> {
  const url = process.env.PGVECTOR_TEST_URL;
  if (url) return { url, stop: async () => {} };
  const db = await PGlite.create({ extensions: { vector } });
  const turns = new Turns();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    serve(socket, db, turns);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await turns.taken();
      await db.close();
    },
  };
}

/** One connection: what it sends is handed over in groups that belong together, answers go back as they come. */
function serve(socket: Socket, db: PGlite, turns: Turns): void {
  let waiting = Buffer.alloc(0);
  let group: Buffer[] = [];
  let begun = false;
  let release: (() => void) | undefined;
  let work = Promise.resolve();
  const carryOut = async (messages: Buffer[]) => {
    release ??= await turns.taken();
    for (const message of messages) {
      await db.execProtocolRawStream(message, { onRawData: (data) => socket.writable && void socket.write(data) });
    }
    if (!db.isInTransaction()) letGo();
  };
  const letGo = () => {
    release?.();
    release = undefined;
  };
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let length = lengthOf(waiting, begun); length <= waiting.length; length = lengthOf(waiting, begun)) {
      const message = waiting.subarray(0, length);
      waiting = waiting.subarray(length);
      const type = begun ? String.fromCharCode(message[0]!) : 'startup';
      if (type === 'X') return void socket.end();
      begun = true;
      group.push(message);
      // The steps of a statement end with Sync: nobody else's come between them, for all share one unnamed statement.
      if (!['startup', 'Q', 'S', 'p'].includes(type)) continue;
      const whole = group;
      group = [];
      work = work.then(() => carryOut(whole)).catch(() => void socket.destroy());
    }
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    work = work.then(async () => {
      if (release && db.isInTransaction()) await db.exec('ROLLBACK');
      letGo();
    });
  });
}

/** Length of the first message; infinite where too little has come to tell. */
function lengthOf(bytes: Buffer, begun: boolean): number {
  const at = begun ? 1 : 0;
  return bytes.length < at + 4 ? Number.POSITIVE_INFINITY : at + bytes.readInt32BE(at);
}

/** One at a time. */
class Turns {
  private last = Promise.resolve();

  /** Resolves when it is the caller's turn, with what ends it. */
  async taken(): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.last;
    this.last = promise;
    await before;
    return resolve;
  }
}
