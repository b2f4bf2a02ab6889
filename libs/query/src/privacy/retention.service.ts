// Removes what has grown older than its tenant allows: on one instance at a time, again and again.
import { randomUUID } from 'node:crypto';
import { TieredCache } from '#cache';
import { announce, followed, isFailure } from '#ports';
import type { Records } from '#records';
import type { KnownTenants } from './known-tenants.js';
import type { PersonalDocuments } from './personal-documents.js';
import type { TenantPolicies } from './tenant-policies.js';

const LEASE = 'retention/lease';
/** An instance that dies while it sweeps is replaced after so long. */
const LEASE_MS = 60_000;
const TURN = 'retention/turn';
/** Less than the whole, so that a timer that is early finds the turn free again. */
const TURN_SHARE = 0.9;
const PAGE = 500;

export interface Swept {
  entries: number;
  documents: number;
}

export interface RetentionOptions {
  records: Records;
  policies: TenantPolicies;
  tenants: KnownTenants;
  /** Time from one sweep to the next; 0 sweeps only when asked to. Milliseconds. */
  everyMs: number;
  now?: () => number;
}

/**
 * What is too old is not served whether it was swept or not: the cache refuses such an entry, and a query names the age.
 * The sweep is what takes it from the disk.
 */
export class RetentionService {
  private readonly instance = randomUUID();
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<unknown> | undefined;
  private closed = false;

  constructor(
    private readonly cache: TieredCache,
    private readonly documents: PersonalDocuments,
    private readonly options: RetentionOptions,
  ) {
    this.now = options.now ?? Date.now;
  }

  /** Sweeps from now on. */
  open(): void {
    const { everyMs } = this.options;
    // Records that do not answer now do so at another time: what is too old is not served in between.
    if (everyMs > 0) this.timer ??= setInterval(() => void this.sweepInTurn().catch(() => undefined), everyMs).unref();
  }

  /**
   * Sweeps once, unless another instance is at it: then `undefined`. A tenant whose sweep fails is told to the audit log,
   * and does not keep the others from theirs.
   * @throws Failure `records.unavailable`
   */
  sweep(): Promise<Swept | undefined> {
    const sweep = this.sweepAlone();
    this.sweeping = sweep.catch(() => undefined);
    return sweep;
  }

  /** Ends after the tenant that is being swept. May be called twice. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    await this.sweeping;
  }

  /** All instances come here as often: the first of them sweeps for all. */
  private async sweepInTurn(): Promise<void> {
    const { records, everyMs } = this.options;
    const { claimed } = await records.claim(TURN, this.instance, { ttlMs: Math.ceil(everyMs * TURN_SHARE) });
    if (claimed) await followed({ kind: 'background', task: 'retention' }, () => this.sweep());
  }

  private async sweepAlone(): Promise<Swept | undefined> {
    const { records } = this.options;
    const { claimed } = await records.claim(LEASE, this.instance, { ttlMs: LEASE_MS });
    if (!claimed) return undefined;
    try {
      return await this.sweepAll();
    } finally {
      await records.replace(LEASE, this.instance, undefined);
    }
  }

  private async sweepAll(): Promise<Swept> {
    const { policies, tenants, records } = this.options;
    const swept: Swept = { entries: 0, documents: 0 };
    for (const tenant of new Set([...policies.tenants(), ...(await tenants.all())])) {
      const kept = await records.replace(LEASE, this.instance, this.instance, { ttlMs: LEASE_MS });
      if (this.closed || !kept) break;
      const { entries, documents } = await this.sweepTenant(tenant);
      swept.entries += entries;
      swept.documents += documents;
    }
    return swept;
  }

  private async sweepTenant(tenant: string): Promise<Swept> {
    const act = { action: 'retention.sweep', tenant } as const;
    try {
      const swept = {
        documents: await this.documents.removeOlder(tenant, this.now()),
        entries: await this.entries(tenant),
      };
      if (swept.documents + swept.entries > 0)
        announce('audit.event', { ...act, outcome: 'done', facts: { ...swept } });
      return swept;
    } catch (error) {
      announce('audit.event', {
        ...act,
        outcome: 'failed',
        code: isFailure(error) ? error.code : 'internal.unexpected',
      });
      return { entries: 0, documents: 0 };
    }
  }

  private async entries(tenant: string): Promise<number> {
    const maxAgeMs = this.options.policies.lifeLimit(tenant);
    if (maxAgeMs === undefined) return 0;
    const createdBefore = this.now() - maxAgeMs;
    let removed = 0;
    let cursor: string | undefined;
    do {
      const page = await this.cache.removeOlder(tenant, createdBefore, { cursor, limit: PAGE });
      removed += page.removed;
      cursor = page.cursor;
    } while (cursor !== undefined && !this.closed);
    return removed;
  }
}
