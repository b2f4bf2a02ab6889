// The collections of the file: each with its tenant, name, dimension and metric.
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CollectionRef, CollectionSpec, Metric } from '#ports';
import { unavailable } from './sqlite-reasons.js';

export interface CollectionRow {
  number: number;
  tenant: string;
  name: string;
  dimension: number;
  metric: Metric;
}

const COLUMNS = 'number, tenant, name, dimension, metric';

export class CollectionTable {
  private readonly byName: StatementSync;
  private readonly ofTenant: StatementSync;
  private readonly insert: StatementSync;
  private readonly remove: StatementSync;

  constructor(database: DatabaseSync) {
    this.byName = database.prepare(`SELECT ${COLUMNS} FROM collections WHERE tenant = ? AND name = ?`);
    this.ofTenant = database.prepare(`SELECT ${COLUMNS} FROM collections WHERE tenant = ? ORDER BY name`);
    this.insert = database.prepare(
      'INSERT INTO collections (tenant, name, dimension, metric) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.remove = database.prepare('DELETE FROM collections WHERE number = ?');
  }

  find({ tenant, collection }: CollectionRef): CollectionRow | undefined {
    return attempt(() => this.byName.get(tenant, collection) as CollectionRow | undefined);
  }

  list(tenant: string): CollectionRow[] {
    return attempt(() => this.ofTenant.all(tenant) as unknown as CollectionRow[]);
  }

  /** Adds the collection, unless there is one of that name. */
  add({ tenant, collection }: CollectionRef, { dimension, metric }: CollectionSpec): void {
    attempt(() => this.insert.run(tenant, collection, dimension, metric));
  }

  delete(number: number): void {
    attempt(() => this.remove.run(number));
  }
}

/** Runs statements, and names what goes wrong. */
export function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw unavailable(error);
  }
}
