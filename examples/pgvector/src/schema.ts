// What stands in the database: the extension, a table of collections, and a table for each collection.
import type { Metric } from 'resk-caching/ports';
import type { Database } from './database.js';
import { codeOf, notUsable } from './failures.js';
import type { AnnIndex } from './settings.js';

/** pgvector's own words for a metric: its operator class, and the operator that gives the distance. */
export const METRICS: Record<Metric, { opclass: string; operator: string }> = {
  cosine: { opclass: 'vector_cosine_ops', operator: '<=>' },
  l2: { opclass: 'vector_l2_ops', operator: '<->' },
  dot: { opclass: 'vector_ip_ops', operator: '<#>' },
};

/** Any number: all instances that prepare a database at the same time take turns by it. */
const PREPARING = 7_265_736_642;
const FIRST_WITH_ITERATIVE_SCANS = [0, 8];

/**
 * Makes the schema and the table of collections where they are absent.
 * @throws Failure `vector.store_refused`
 */
export async function prepare(database: Database, schema: string, signal?: AbortSignal): Promise<void> {
  const [found] = await database.run<{ server_encoding: string }>('SHOW server_encoding', [], { signal });
  if (found?.server_encoding !== 'UTF8') {
    throw notUsable('its encoding is not UTF8', 'Create a database WITH ENCODING UTF8');
  }
  await ensureExtension(database, signal);
  await database.transaction(
    async (session) => {
      await session.run('SELECT pg_advisory_xact_lock($1)', [PREPARING]);
      await session.run(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
      await session.run(`
        CREATE TABLE IF NOT EXISTS "${schema}".collections (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          tenant text NOT NULL, name text NOT NULL, dimension integer NOT NULL, metric text NOT NULL,
          ann jsonb, UNIQUE (tenant, name))`);
    },
    { signal },
  );
}

async function ensureExtension(database: Database, signal?: AbortSignal): Promise<void> {
  const installed = () =>
    database.run<{ extversion: string }>(`SELECT extversion FROM pg_extension WHERE extname = 'vector'`, [], {
      signal,
    });
  let [extension] = await installed();
  if (!extension) {
    await database.run('CREATE EXTENSION IF NOT EXISTS vector', [], { signal }).catch((error: unknown) => {
      const reason = `the extension vector cannot be made (SQLSTATE ${codeOf((error as Error).cause)})`;
      throw notUsable(reason, 'Install pgvector, and run CREATE EXTENSION vector as a superuser', error);
    });
    [extension] = await installed();
  }
  const [major = 0, minor = 0] = (extension?.extversion ?? '').split('.').map(Number);
  const [oldest, oldestMinor] = FIRST_WITH_ITERATIVE_SCANS as [number, number];
  if (major === oldest && minor < oldestMinor) {
    throw notUsable(
      `pgvector ${extension?.extversion} is too old`,
      'Update it to 0.8 or newer, and ALTER EXTENSION vector UPDATE',
    );
  }
}

/** The statements that make the table of a collection. `table` is ours, never a caller's. */
export function tableSql(
  table: string,
  spec: { dimension: number; metric: Metric; ann: AnnIndex | undefined },
): string[] {
  const { dimension, metric, ann } = spec;
  const statements = [
    `CREATE TABLE ${table} (
      id text COLLATE "C" PRIMARY KEY, vector vector(${dimension}) NOT NULL, text text,
      metadata jsonb NOT NULL DEFAULT '{}', expires_at float8, subject text, consent boolean, purposes jsonb,
      source text, lineage jsonb NOT NULL, ingested_at float8 NOT NULL)`,
    `CREATE INDEX ON ${table} (subject, id) WHERE subject IS NOT NULL`,
    `CREATE INDEX ON ${table} (expires_at) WHERE expires_at IS NOT NULL`,
    `CREATE INDEX ON ${table} (ingested_at)`,
  ];
  if (!ann) return statements;
  const { opclass } = METRICS[metric];
  const settings = Object.entries(ann.settings).map(([name, value]) => `${name} = ${value}`);
  const given = settings.length > 0 ? ` WITH (${settings.join(', ')})` : '';
  return [...statements, `CREATE INDEX ON ${table} USING ${ann.method} (vector ${opclass})${given}`];
}
