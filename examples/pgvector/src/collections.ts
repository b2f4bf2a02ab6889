// Which collections there are: rows of a table, remembered so that a query is one round trip.
import { type CallOptions, type CollectionRef, type CollectionSpec, failure, type Metric } from 'resk-caching/ports';
import type { Database, Session } from './database.js';
import { isTableAbsent } from './failures.js';
import { tableSql } from './schema.js';
import { type AnnIndex, annIndex } from './settings.js';

const REMEMBERED = 10_000;

export interface Collection {
  name: string;
  dimension: number;
  metric: Metric;
  ann: AnnIndex | undefined;
  /** The quoted name of its table, of our own making. */
  table: string;
}

interface Row extends Record<string, unknown> {
  id: string;
  name: string;
  dimension: number;
  metric: Metric;
  ann: AnnIndex | null;
}

const COLUMNS = 'id, name, dimension, metric, ann';

export class Collections {
  private readonly remembered = new Map<string, Collection>();

  constructor(
    private readonly database: Database,
    private readonly schema: string,
  ) {}

  /** Makes the collection where it is absent; of several that do so at once, one makes it and all find it. */
  async open({ tenant, collection }: CollectionRef, spec: CollectionSpec, options?: CallOptions): Promise<Collection> {
    const ann = annIndex(spec.index, spec.dimension);
    const made = await this.database.transaction(async (session) => {
      const [row] = await session.run<Row>(
        `INSERT INTO "${this.schema}".collections (tenant, name, dimension, metric, ann) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant, name) DO NOTHING RETURNING ${COLUMNS}`,
        [tenant, collection, spec.dimension, spec.metric, ann ? JSON.stringify(ann) : null],
      );
      if (row) for (const sql of tableSql(this.tableOf(row.id), { ...spec, ann })) await session.run(sql);
      return row && this.fromRow(row);
    }, options);
    return made ?? this.required({ tenant, collection }, options);
  }

  async find(ref: CollectionRef, options?: CallOptions): Promise<Collection | undefined> {
    const [row] = await this.database.run<Row>(
      `SELECT ${COLUMNS} FROM "${this.schema}".collections WHERE tenant = $1 AND name = $2`,
      [ref.tenant, ref.collection],
      options,
    );
    return row && this.fromRow(row);
  }

  async list(tenant: string, options?: CallOptions): Promise<Collection[]> {
    const rows = await this.database.run<Row>(
      `SELECT ${COLUMNS} FROM "${this.schema}".collections WHERE tenant = $1 ORDER BY id`,
      [tenant],
      options,
    );
    return rows.map((row) => this.fromRow(row));
  }

  /** Tables of all collections of all tenants. */
  async tables(): Promise<string[]> {
    const rows = await this.database.run<{ id: string }>(`SELECT id FROM "${this.schema}".collections ORDER BY id`, []);
    return rows.map(({ id }) => this.tableOf(id));
  }

  async drop(ref: CollectionRef, options?: CallOptions): Promise<boolean> {
    const dropped = await this.database.transaction(async (session: Session) => {
      const [row] = await session.run<{ id: string }>(
        `DELETE FROM "${this.schema}".collections WHERE tenant = $1 AND name = $2 RETURNING id`,
        [ref.tenant, ref.collection],
      );
      if (row) await session.run(`DROP TABLE ${this.tableOf(row.id)}`);
      return row !== undefined;
    }, options);
    this.remembered.delete(keyOf(ref));
    return dropped;
  }

  /**
   * Works on a collection. One that another instance has dropped, and perhaps made anew, is looked up again.
   * @throws Failure `vector.collection_absent`
   */
  async on<T>(ref: CollectionRef, options: CallOptions | undefined, work: (one: Collection) => Promise<T>): Promise<T> {
    const remembered = this.remembered.get(keyOf(ref));
    try {
      return await work(remembered ?? (await this.required(ref, options)));
    } catch (error) {
      if (!isTableAbsent((error as Error).cause)) throw error;
      this.remembered.delete(keyOf(ref));
      return work(await this.required(ref, options));
    }
  }

  private async required(ref: CollectionRef, options?: CallOptions): Promise<Collection> {
    const found = await this.find(ref, options);
    if (!found) throw failure('vector.collection_absent', { collection: ref.collection });
    if (this.remembered.size >= REMEMBERED) this.remembered.clear();
    this.remembered.set(keyOf(ref), found);
    return found;
  }

  private fromRow({ id, name, dimension, metric, ann }: Row): Collection {
    return { name, dimension, metric, ann: ann ?? undefined, table: this.tableOf(id) };
  }

  /** Of a number that the database gave: no name of a caller stands in a statement. */
  private tableOf(id: string): string {
    return `"${this.schema}"."points_${BigInt(id)}"`;
  }
}

function keyOf({ tenant, collection }: CollectionRef): string {
  return JSON.stringify([tenant, collection]);
}
