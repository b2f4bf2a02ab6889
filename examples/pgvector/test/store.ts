// Opens stores over the PostgreSQL of a test file, each test in a schema of its own.
import { after, before } from 'node:test';
import pg from 'pg';
import { optionsSchema } from '../src/options.js';
import { PgvectorStore } from '../src/pgvector-store.js';
import { type Postgres, startPostgres } from './postgres.js';

let postgres: Postgres;
let schemas = 0;
const opened: PgvectorStore[] = [];

before(async () => {
  postgres = await startPostgres();
});
after(async () => {
  for (const store of opened) await store.close();
  for (let at = 1; at <= schemas; at++) await sql(`DROP SCHEMA IF EXISTS resk_test_${process.pid}_${at} CASCADE`);
  await postgres.stop();
});

export const url = () => postgres.url;

export function aSchema(): string {
  return `resk_test_${process.pid}_${++schemas}`;
}

/** A store that is closed after the tests. */
export async function aStore(given: Record<string, unknown> = {}, now?: () => number): Promise<PgvectorStore> {
  const options = optionsSchema.parse({ url: postgres.url, schema: aSchema(), ...given });
  const store = await PgvectorStore.open(options, undefined, now);
  opened.push(store);
  return store;
}

/** A statement of the test's own, past the store. */
export async function sql(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(postgres.url);
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
