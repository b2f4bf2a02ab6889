// Seals anew what former data keys sealed, step by step and tenant by tenant: stopped anywhere, it goes on from there.
import type { TieredCache } from '#cache';
import { type KeyAdmin, SERVICE_TENANT, type TenantKeysReport } from '#crypto';
import { failure, type VectorStore } from '#ports';
import type { Records } from '#records';
import { pause } from '#resilience';

export interface Resealing {
  /** This tenant's alone; else all tenants'. */
  tenant?: string | undefined;
  /** Entries and documents looked at in this step, about. */
  limit: number;
  /** Forgets how far an earlier run came. */
  restart?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface ResealProgress {
  done: boolean;
  /** Entries and documents of this run looked at so far. */
  seen: number;
  resealed: number;
  tenantsDone: number;
  tenantsLeft: number;
}

export interface ResealerParts {
  admin: KeyAdmin;
  cache: TieredCache;
  store: VectorStore | null;
  records: Records;
  now: () => number;
}

interface Run {
  seen: number;
  resealed: number;
  tenantsDone: number;
  tenants: number;
  /** Where the next tenant comes from; `null` after the last. */
  next: string | null;
  at?: { tenant: string; dataKeyId: string; part: 'entries' | 'documents'; cursor?: string } | undefined;
}

const PLACE = 'keys/reseal/';
/** Other instances seal under the former key until they have heard of a rotation: what they wrote is waited for. */
const SETTLED_MS = 2000;
const FIRST = '';
/** A run that nobody goes on with is forgotten. */
const RUN_TTL_MS = 30 * 86_400_000;

export class Resealer {
  constructor(private readonly parts: ResealerParts) {}

  async step({ tenant, limit, restart = false, signal }: Resealing): Promise<ResealProgress> {
    const { admin, records } = this.parts;
    if (!admin.sealing) throw failure('crypto.sealing_off', {});
    const place = `${PLACE}${tenant ?? '~all'}`;
    const kept = restart ? undefined : await records.get(place);
    const run = kept === undefined ? await this.begun(tenant) : (JSON.parse(kept) as Run);
    // A tenant counts as one more, so that a step ends also where there is little to see.
    const enough = run.seen + run.tenantsDone + limit;
    while (run.seen + run.tenantsDone < enough && (run.at || run.next !== null)) {
      signal?.throwIfAborted();
      if (run.at) await this.goOn(run, run.at, enough - run.seen - run.tenantsDone, signal);
      else await this.nextTenant(run, tenant);
    }
    const done = !run.at && run.next === null;
    if (done) await records.delete([place]);
    else await records.put(place, JSON.stringify(run), { ttlMs: RUN_TTL_MS });
    const { seen, resealed, tenantsDone, tenants } = run;
    return { done, seen, resealed, tenantsDone, tenantsLeft: done ? 0 : Math.max(1, tenants - tenantsDone) };
  }

  private async begun(tenant: string | undefined): Promise<Run> {
    const tenants = tenant === undefined ? await this.countTenants() : 1;
    return { seen: 0, resealed: 0, tenantsDone: 0, tenants, next: FIRST };
  }

  private async countTenants(): Promise<number> {
    let count = 0;
    let cursor: string | undefined;
    do {
      const page = await this.parts.admin.tenants({ cursor, limit: 500 });
      count += page.tenants.length;
      ({ cursor } = page);
    } while (cursor !== undefined);
    return count;
  }

  private async nextTenant(run: Run, only: string | undefined): Promise<void> {
    const [report, next] =
      only === undefined ? await this.tenantAfter(run.next!) : [await this.parts.admin.tenant(only), null];
    run.next = next;
    const current = report?.dataKeys.find(({ state }) => state === 'current');
    if (!report || !current || report.resealed || report.tenant === SERVICE_TENANT) {
      run.tenantsDone += report ? 1 : 0;
      return;
    }
    await pause(Math.max(0, current.createdAt + SETTLED_MS - this.parts.now()));
    run.at = { tenant: report.tenant, dataKeyId: current.dataKeyId, part: 'entries' };
  }

  private async tenantAfter(cursor: string): Promise<[TenantKeysReport | undefined, string | null]> {
    const page = await this.parts.admin.tenants({ limit: 1, ...(cursor !== FIRST && { cursor }) });
    return [page.tenants[0], page.cursor ?? null];
  }

  private async goOn(run: Run, at: NonNullable<Run['at']>, limit: number, signal?: AbortSignal): Promise<void> {
    const page = { limit: Math.min(limit, 200), ...(at.cursor !== undefined && { cursor: at.cursor }) };
    const { seen, resealed, cursor } = await this.page(at, page, signal);
    run.seen += seen;
    run.resealed += resealed;
    if (cursor !== undefined) run.at = { ...at, cursor };
    else if (at.part === 'entries') run.at = { tenant: at.tenant, dataKeyId: at.dataKeyId, part: 'documents' };
    else await this.finish(run, at);
  }

  private async page(
    { tenant, part }: NonNullable<Run['at']>,
    page: { cursor?: string; limit: number },
    signal?: AbortSignal,
  ): Promise<{ seen: number; resealed: number; cursor?: string | undefined }> {
    const { cache, store } = this.parts;
    if (part === 'entries') return cache.reseal(tenant, page);
    return (await store?.reseal?.(tenant, page, signal ? { signal } : {})) ?? { seen: 0, resealed: 0 };
  }

  /** A key that was current when the tenant was begun, and is no longer, is not noted: the next run goes through again. */
  private async finish(run: Run, { tenant, dataKeyId }: NonNullable<Run['at']>): Promise<void> {
    await this.parts.admin.noteResealed(tenant, dataKeyId);
    run.tenantsDone += 1;
    run.at = undefined;
  }
}
