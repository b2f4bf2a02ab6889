// Which tenants keep documents here, so that what the operator sets for all reaches every one of them.
import { LRUCache } from 'lru-cache';
import type { Records } from '#records';

const TENANTS = 'retention/tenant/';
const MOST_NOTED = 10_000;
const PAGE = 500;

export class KnownTenants {
  private readonly noted = new LRUCache<string, true>({ max: MOST_NOTED });

  constructor(private readonly records: Records) {}

  /** Nobody waits for this: a tenant that could not be noted is noted when it writes again. */
  note(tenant: string): void {
    if (this.noted.has(tenant)) return;
    this.noted.set(tenant, true);
    this.records.claim(TENANTS + tenant, '').catch(() => this.noted.delete(tenant));
  }

  async all(): Promise<string[]> {
    const tenants: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.records.list(TENANTS, { cursor, limit: PAGE });
      tenants.push(...page.records.map(({ key }) => key.slice(TENANTS.length)));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return tenants;
  }
}
