// The limits in force for each tenant: the server's defaults, and what was set for it; known to every instance within a second.
import { type Bus, type Records, Watched } from '#records';
import { QUOTA_NAMES, type QuotaLimits, quotaLimitsSchema } from './quota-limits.js';

const LIMITS = 'quota/~limits/';
const PAGE = 500;

/** Limits that hold for a tenant; an absent one is no limit. */
export type LimitsInForce = { readonly [Name in keyof QuotaLimits]?: Exclude<QuotaLimits[Name], null | undefined> };

type Table = ReadonlyMap<string, LimitsInForce>;

export class QuotaTable {
  private readonly defaults: LimitsInForce;
  private readonly watched: Watched<Table>;
  private limited = false;

  constructor(
    private readonly records: Records,
    bus: Bus,
    defaults: LimitsInForce,
  ) {
    this.defaults = withoutGaps(defaults);
    this.watched = new Watched<Table>({
      records,
      bus,
      topic: 'quotas',
      key: 'quota/~version',
      load: () => this.load(),
      onChange: (table) => this.note(table),
      // Where the records do not answer at boot, the defaults hold until they do.
      initial: new Map(),
    });
  }

  async open(): Promise<void> {
    await this.watched.open();
    this.note(this.watched.value);
  }

  /** Whether anybody has any quota at all. */
  get any(): boolean {
    return this.limited;
  }

  of(tenant: string): LimitsInForce {
    return this.watched.value.get(tenant) ?? this.defaults;
  }

  /** Sets what is given for a tenant in place of what was. */
  async set(tenant: string, limits: QuotaLimits): Promise<void> {
    const key = LIMITS + tenant;
    if (Object.keys(limits).length === 0) await this.records.delete([key]);
    else await this.records.put(key, JSON.stringify(limits));
    await this.watched.changed();
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.watched.close();
  }

  private async load(): Promise<Table> {
    const table = new Map<string, LimitsInForce>();
    let cursor: string | undefined;
    do {
      const page = await this.records.list(LIMITS, { cursor, limit: PAGE });
      for (const { key, value } of page.records) {
        const given = quotaLimitsSchema.parse(JSON.parse(value));
        table.set(key.slice(LIMITS.length), withoutGaps({ ...this.defaults, ...given }));
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    return table;
  }

  private note(table: Table): void {
    this.limited = [this.defaults, ...table.values()].some((limits) => Object.keys(limits).length > 0);
  }
}

function withoutGaps(limits: QuotaLimits): LimitsInForce {
  const set = QUOTA_NAMES.flatMap((name) =>
    limits[name] === null || limits[name] === undefined ? [] : [[name, limits[name]]],
  );
  return Object.freeze(Object.fromEntries(set)) as LimitsInForce;
}
