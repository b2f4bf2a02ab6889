// Reads and changes the records of tenants' data keys; of two instances that change one at a time, the later begins again.
import { failure } from '#ports';
import type { Records } from '#records';
import {
  formatTenantKeys,
  parseTenantKeys,
  TENANT_KEYS_PREFIX,
  type TenantKeys,
  tenantKeysPlace,
} from './tenant-keys.js';

/** Changes tried against those of others before it is given up. */
const MOST_TRIES = 20;

export class TenantKeyRecords {
  constructor(private readonly records: Records) {}

  async read(tenant: string): Promise<TenantKeys> {
    return keysIn(tenant, await this.records.get(tenantKeysPlace(tenant)));
  }

  async readMany(tenants: readonly string[]): Promise<TenantKeys[]> {
    const texts = await this.records.getMany(tenants.map(tenantKeysPlace));
    return tenants.map((tenant, at) => keysIn(tenant, texts[at]));
  }

  /** All tenants that ever had a data key, in the order of their records. */
  async page(page: { cursor?: string | undefined; limit: number }) {
    const { records, cursor } = await this.records.list(TENANT_KEYS_PREFIX, page);
    return { tenants: records.map(({ value }) => parseTenantKeys(value)), cursor };
  }

  /** Every tenant's keys, page by page. */
  async *all(): AsyncGenerator<TenantKeys> {
    let cursor: string | undefined;
    do {
      const page = await this.page({ cursor, limit: 200 });
      yield* page.tenants;
      cursor = page.cursor;
    } while (cursor !== undefined);
  }

  /** Writes what `make` makes of the record as it stands; nothing where it makes nothing. Gives what stands then. */
  async change(
    tenant: string,
    make: (before: TenantKeys) => Promise<TenantKeys | undefined> | TenantKeys | undefined,
  ): Promise<TenantKeys> {
    const place = tenantKeysPlace(tenant);
    for (let tried = 0; tried < MOST_TRIES; tried++) {
      const text = await this.records.get(place);
      const before = keysIn(tenant, text);
      const after = await make(before);
      if (!after) return before;
      if (await this.put(place, text, formatTenantKeys(after))) return after;
    }
    throw failure('records.unavailable', { backend: this.records.backend });
  }

  /** Writes a record anew whatever stands there, readable or not. */
  async overwrite(keys: TenantKeys): Promise<void> {
    await this.records.put(tenantKeysPlace(keys.tenant), formatTenantKeys(keys));
  }

  private async put(place: string, expected: string | undefined, text: string): Promise<boolean> {
    if (expected !== undefined) return this.records.replace(place, expected, text);
    return (await this.records.claim(place, text)).claimed;
  }
}

function keysIn(tenant: string, text: string | undefined): TenantKeys {
  return text === undefined ? { v: 1, tenant, keys: [] } : parseTenantKeys(text);
}
