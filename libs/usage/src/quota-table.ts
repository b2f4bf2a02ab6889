// The limits in force for each tenant: the server's defaults, and what was set for it; known to every instance within a second.
import { type Bus, type Records, Watched } from '#records';
import { QUOTA_NAMES, type QuotaLimits, quotaLimitsSchema } from './quota-limits.js';

const LIMITS = 'quota/~limits/';
const PAGE = 500;

/** Limits that hold for a tenant; an absent one is no limit. */
export type LimitsInForce = { readonly [Name in keyof QuotaLimits]?: Exclude<QuotaLimits[Name], null | undefined> };

interface Tables {
  given: ReadonlyMap<string, QuotaLimits>;
  inForce: ReadonlyMap<string, LimitsInForce>;
}

export class QuotaTable {
  private readonly defaults: LimitsInForce;
  private readonly watched: Watched<Tables>;
  private limited = false;

  constructor(
    private readonly records: Records,
    bus: Bus,
    defaults: LimitsInForce,
  ) {
    this.defaults = withoutGaps(defaults);
    this.watched = new Watched<Tables>({
      records,
      bus,
      topic: 'quotas',
      key: 'quota/~version',
      load: () => this.load(),
      onChange: (tables) => this.note(tables),
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
    return this.watched.value.inForce.get(tenant) ?? this.defaults;
  }

  /** Sets what is given for a tenant in place of what was. Gives what held before. */
  async set(tenant: string, limits: QuotaLimits): Promise<LimitsInForce> {
    const before = this.of(tenant);
    const key = LIMITS + tenant;
    if (Object.keys(limits).length === 0) await this.records.delete([key]);
    else await this.records.put(key, JSON.stringify(limits));
    await this.watched.changed();
    return before;
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.watched.close();
  }

  private async load(): Promise<Tables> {
    const given = new Map<string, QuotaLimits>();
    let cursor: string | undefined;
    do {
      const page = await this.records.list(LIMITS, { cursor, limit: PAGE });
      for (const { key, value } of page.records)
        given.set(key.slice(LIMITS.length), quotaLimitsSchema.parse(JSON.parse(value)));
      cursor = page.cursor;
    } while (cursor !== undefined);
    const inForce = new Map(
      [...given].map(([tenant, limits]) => [tenant, withoutGaps({ ...this.defaults, ...limits })]),
    );
    return { given, inForce };
  }

  private note({ inForce }: Tables): void {
    this.limited = [this.defaults, ...inForce.values()].some((limits) => Object.keys(limits).length > 0);
  }
}

function withoutGaps(limits: QuotaLimits): LimitsInForce {
  const set = QUOTA_NAMES.flatMap((name) =>
    limits[name] === null || limits[name] === undefined ? [] : [[name, limits[name]]],
  );
  return Object.freeze(Object.fromEntries(set)) as LimitsInForce;
}
