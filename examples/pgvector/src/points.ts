// Points as rows and back: what is written as one JSON parameter, and what is read.
import type { VectorMatch, VectorPoint } from 'resk-caching/ports';

/** Columns of a point besides its vector. */
export const COLUMNS = 'id, text, metadata, expires_at, subject, consent, purposes, source, lineage';

export interface PointRow {
  [column: string]: unknown;
  id: string;
  /** As pgvector writes it: `[1,0.5]`. */
  vector?: string;
  text: string | null;
  metadata: NonNullable<VectorPoint['metadata']>;
  expires_at: number | null;
  subject: string | null;
  consent: boolean | null;
  purposes: string[] | null;
  source: string | null;
  lineage: NonNullable<VectorPoint['lineage']>;
}

/**
 * Writes the points of `$1`, a JSON array of `recordOf`, into a table. One parameter for the whole batch: it is as safe as
 * one a value, and PostgreSQL takes no more than 65,535 of those.
 */
export function upsertSql(table: string): string {
  return `
    INSERT INTO ${table} (${COLUMNS}, vector, ingested_at)
    SELECT ${COLUMNS}, vector::vector, ingested_at FROM jsonb_to_recordset($1::jsonb) AS given (
      id text, vector text, text text, metadata jsonb, expires_at float8, subject text, consent boolean,
      purposes jsonb, source text, lineage jsonb, ingested_at float8)
    ON CONFLICT (id) DO UPDATE SET vector = excluded.vector, text = excluded.text, metadata = excluded.metadata,
      expires_at = excluded.expires_at, subject = excluded.subject, consent = excluded.consent,
      purposes = excluded.purposes, source = excluded.source, lineage = excluded.lineage,
      ingested_at = excluded.ingested_at`;
}

/** Of points with the same id the last one is written: one statement may not write a row twice. */
export function recordsOf(points: readonly VectorPoint[], now: number): string {
  const last = new Map(points.map((point) => [point.id, point]));
  return JSON.stringify([...last.values()].map((point) => recordOf(point, now)));
}

function recordOf(point: VectorPoint, now: number) {
  const { id, vector, text, metadata = {}, expiresAt, subject, consent, purposes, source } = point;
  const lineage = point.lineage ?? { ingestedAt: now };
  return {
    ...{ id, vector: vectorText(vector), text, metadata, expires_at: expiresAt },
    ...{ subject, consent, purposes, source, lineage, ingested_at: lineage.ingestedAt },
  };
}

/** As pgvector reads it. A number of 32 bits, written with the digits of its 64, is read as the same number. */
export function vectorText(vector: Float32Array): string {
  return `[${vector.join(',')}]`;
}

export function pointOf(row: PointRow): VectorPoint {
  const { expires_at, consent, purposes } = row;
  return {
    ...sharedOf(row),
    vector: vectorOf(row.vector!),
    ...(expires_at !== null && { expiresAt: expires_at }),
    ...(consent !== null && { consent }),
    ...(purposes !== null && { purposes }),
  };
}

export function matchOf(row: PointRow, score: number): VectorMatch {
  return { ...sharedOf(row), score, ...(row.vector !== undefined && { vector: vectorOf(row.vector) }) };
}

function sharedOf({ id, text, metadata, subject, source, lineage }: PointRow) {
  return {
    ...{ id, metadata, lineage },
    ...(text !== null && { text }),
    ...(subject !== null && { subject }),
    ...(source !== null && { source }),
  };
}

function vectorOf(text: string): Float32Array {
  return Float32Array.from(JSON.parse(text) as number[]);
}
