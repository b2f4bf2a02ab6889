// The store: each promise of the port as a statement over the table of a collection.
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  checkVector,
  failure,
  type Metric,
  type PointPage,
  type PointSelector,
  similarity,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from 'resk-caching/ports';
import { type Collection, Collections } from './collections.js';
import { cursorAfter, idOfCursor } from './cursor.js';
import { Database } from './database.js';
import { PROVIDER } from './failures.js';
import { filterSql, Parameters } from './filter-sql.js';
import type { PgvectorOptions } from './options.js';
import { COLUMNS, matchOf, type PointRow, pointOf, recordsOf, upsertSql, vectorText } from './points.js';
import { METRICS, prepare } from './schema.js';
import { INDEX_SETTINGS, SEARCH_SETTINGS, searchSql } from './settings.js';

const MAX_DIMENSION = 16_000;

export class PgvectorStore extends VectorStore {
  readonly provider = PROVIDER;
  readonly capabilities: VectorStoreCapabilities = {
    metrics: ['cosine', 'l2', 'dot'],
    filters: ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'and', 'or', 'not'],
    maxBatch: 500,
    maxDimension: MAX_DIMENSION,
    index: INDEX_SETTINGS,
    search: SEARCH_SETTINGS,
  };
  private readonly collections: Collections;
  private readonly sweeper: NodeJS.Timeout | undefined;

  private constructor(
    private readonly database: Database,
    { schema, sweepIntervalMs }: PgvectorOptions,
    private readonly now: () => number,
  ) {
    super();
    this.collections = new Collections(database, schema);
    if (sweepIntervalMs > 0) {
      // What fails now is swept next time; no query depends on it.
      this.sweeper = setInterval(() => void this.sweep().catch(() => {}), sweepIntervalMs).unref();
    }
  }

  /**
   * Connects, and makes the schema where it is absent.
   * @throws Failure `vector.store_refused`, `vector.store_unauthorised` or `vector.store_unavailable`
   */
  static async open(
    options: PgvectorOptions,
    signal?: AbortSignal,
    now: () => number = Date.now,
  ): Promise<PgvectorStore> {
    const database = new Database(options);
    try {
      await prepare(database, options.schema, signal);
      return new PgvectorStore(database, options, now);
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  async openCollection(ref: CollectionRef, spec: CollectionSpec, options?: CallOptions): Promise<CollectionInfo> {
    const { dimension, metric } = spec;
    if (!Number.isInteger(dimension) || dimension < 1 || dimension > MAX_DIMENSION) {
      throw failure('vector.input_refused', { provider: PROVIDER, reason: `dimension is not 1 to ${MAX_DIMENSION}` });
    }
    const found = await this.collections.open(ref, spec, options);
    if (found.dimension !== dimension || found.metric !== metric) {
      const there = { dimension: found.dimension, metric: found.metric };
      throw failure('vector.collection_conflict', { collection: ref.collection, ...there });
    }
    return infoOf(found);
  }

  async describeCollection(ref: CollectionRef, options?: CallOptions): Promise<CollectionInfo | undefined> {
    const found = await this.collections.find(ref, options);
    return found && infoOf(found);
  }

  async listCollections(tenant: string, options?: CallOptions): Promise<CollectionInfo[]> {
    return (await this.collections.list(tenant, options)).map(infoOf);
  }

  dropCollection(ref: CollectionRef, options?: CallOptions): Promise<boolean> {
    return this.collections.drop(ref, options);
  }

  upsert(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions): Promise<number> {
    return this.collections.on(ref, options, async (collection) => {
      for (const [at, { vector }] of points.entries()) checkVector(vector, collection, `document ${at}`);
      if (points.length === 0) return 0;
      await this.database.run(upsertSql(collection.table), [recordsOf(points, this.now())], options);
      return points.length;
    });
  }

  async query(ref: CollectionRef, query: VectorQuery, options?: CallOptions): Promise<VectorMatch[]> {
    if (query.hybrid) throw failure('vector.hybrid_unsupported', { provider: PROVIDER });
    const settings = searchSql(query.search, query.k);
    return this.collections.on(ref, options, async (collection) => {
      checkVector(query.vector, collection, 'the query');
      const rows = await this.nearest(collection, query, settings, options);
      const matches = rows.map((row) => matchOf(row, similarity(collection.metric, rawOf(collection.metric, row))));
      return matches.filter(({ score }) => score >= (query.threshold ?? 0));
    });
  }

  get(ref: CollectionRef, ids: readonly string[], options?: CallOptions): Promise<VectorPoint[]> {
    return this.collections.on(ref, options, async ({ table }) => {
      const sql = `SELECT ${COLUMNS}, vector::text FROM ${table} WHERE id = ANY ($1::text[]) AND ${alive('$2')}`;
      const rows = await this.database.run<PointRow>(sql, [[...ids], this.now()], options);
      const points = new Map(rows.map((row) => [row.id, pointOf(row)]));
      return ids.flatMap((id) => points.get(id) ?? []);
    });
  }

  list(
    ref: CollectionRef,
    { subject, cursor, limit }: { subject?: string; cursor?: string; limit: number },
    options?: CallOptions,
  ): Promise<PointPage> {
    return this.collections.on(ref, options, async ({ table }) => {
      const parameters = new Parameters();
      const conditions = [alive(parameters.add(this.now(), 'float8'))];
      if (cursor !== undefined) conditions.push(`id > ${parameters.add(idOfCursor(cursor), 'text')}`);
      if (subject !== undefined) conditions.push(`subject = ${parameters.add(subject, 'text')}`);
      const sql = `SELECT ${COLUMNS}, vector::text FROM ${table} WHERE ${conditions.join(' AND ')}
        ORDER BY id LIMIT ${parameters.add(limit, 'integer')}`;
      const points = (await this.database.run<PointRow>(sql, parameters.values, options)).map(pointOf);
      return { points, cursor: points.length < limit ? undefined : cursorAfter(points.at(-1)!.id) };
    });
  }

  delete(ref: CollectionRef, selector: PointSelector, options?: CallOptions): Promise<number> {
    return this.collections.on(ref, options, async ({ table }) => {
      const parameters = new Parameters();
      const now = parameters.add(this.now(), 'float8');
      // What has ended goes along, and is not counted: for callers it was gone before.
      const sql = `WITH gone AS (DELETE FROM ${table} WHERE (${selected(selector, parameters)}) OR NOT ${alive(now)}
        RETURNING expires_at) SELECT count(*)::float8 AS count FROM gone WHERE ${alive(now)}`;
      const [row] = await this.database.run<{ count: number }>(sql, parameters.values, options);
      return row!.count;
    });
  }

  count(ref: CollectionRef, options?: CallOptions): Promise<number> {
    return this.collections.on(ref, options, async ({ table }) => {
      const sql = `SELECT count(*)::float8 AS count FROM ${table} WHERE ${alive('$1')}`;
      const [row] = await this.database.run<{ count: number }>(sql, [this.now()], options);
      return row!.count;
    });
  }

  async health(options?: CallOptions): Promise<void> {
    await this.database.run('SELECT $1::integer', [1], options);
  }

  async close(): Promise<void> {
    clearInterval(this.sweeper);
    await this.database.close();
  }

  /** Removes documents past their end, of all collections. */
  async sweep(): Promise<void> {
    for (const table of await this.collections.tables()) {
      await this.database.run(`DELETE FROM ${table} WHERE NOT ${alive('$1')}`, [this.now()]);
    }
  }

  /**
   * Exact without an index. With one, pgvector reads on in the index until k rows pass the conditions, or a limit of its
   * own is reached: where it then gives fewer than k, the table is searched exactly, so that no match is lost to a filter.
   */
  private async nearest(
    collection: Collection,
    query: VectorQuery,
    settings: string,
    options?: CallOptions,
  ): Promise<Array<PointRow & { distance: number }>> {
    const parameters = new Parameters();
    const sql = nearestSql(collection, query, this.now(), parameters);
    if (!collection.ann) return this.database.run(sql, parameters.values, options);
    return this.database.transaction(
      async (session) => {
        const found = await session.run<PointRow & { distance: number }>(sql, parameters.values);
        if (found.length >= query.k) return found.toSorted((a, b) => a.distance - b.distance);
        await session.run('SET LOCAL enable_indexscan = off');
        return session.run(sql, parameters.values);
      },
      options,
      `BEGIN READ ONLY; ${settings}`,
    );
  }
}

function nearestSql({ metric, table }: Collection, query: VectorQuery, now: number, parameters: Parameters): string {
  const { vector, k, filter, purpose, ingestedSince, withVectors } = query;
  const distance = `vector ${METRICS[metric].operator} ${parameters.add(vectorText(vector), 'vector')}`;
  const conditions = [alive(parameters.add(now, 'float8')), 'consent IS NOT FALSE'];
  const fits = purpose === undefined ? '' : ` OR purposes ? ${parameters.add(purpose, 'text')}`;
  conditions.push(`(purposes IS NULL${fits})`);
  if (ingestedSince !== undefined) conditions.push(`ingested_at >= ${parameters.add(ingestedSince, 'float8')}`);
  if (filter) conditions.push(filterSql(filter, parameters));
  return `SELECT ${COLUMNS}${withVectors ? ', vector::text' : ''}, ${distance} AS distance FROM ${table}
    WHERE ${conditions.join(' AND ')} ORDER BY ${distance} LIMIT ${parameters.add(k, 'integer')}`;
}

/** pgvector gives distances, the smaller the nearer; the scores of the port are made of these. */
function rawOf(metric: Metric, { distance }: { distance: number }): number {
  if (metric === 'cosine') return 1 - distance;
  return metric === 'l2' ? distance : -distance;
}

function alive(now: string): string {
  return `(expires_at IS NULL OR expires_at > ${now})`;
}

function selected({ ids, filter, subject, ingestedBefore }: PointSelector, parameters: Parameters): string {
  if (ids) return `id = ANY (${parameters.add([...ids], 'text[]')})`;
  if (filter) return filterSql(filter, parameters);
  if (subject !== undefined) return `subject = ${parameters.add(subject, 'text')}`;
  return ingestedBefore === undefined ? 'false' : `ingested_at < ${parameters.add(ingestedBefore, 'float8')}`;
}

function infoOf({ name, dimension, metric, ann }: Collection): CollectionInfo {
  return { name, dimension, metric, count: undefined, ...(ann && { index: ann.settings }) };
}
