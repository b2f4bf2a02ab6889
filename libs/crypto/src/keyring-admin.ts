// Rotates, promotes, retires and destroys the keys of a keyring.
import { announce, failure, isFailure } from '#ports';
import type { Records } from '#records';
import { storedIn } from './data-keys.js';
import { KeyAdmin, type MasterKeyReport, type Retirement, type TenantKeysReport } from './key-admin.js';
import type { Keyring } from './keyring.js';
import { MasterKeyAdmin } from './master-key-admin.js';
import { SERVICE_TENANT } from './signer.js';
import type { TenantKeys } from './tenant-keys.js';

export class KeyringAdmin extends KeyAdmin {
  readonly sealing = true;
  private readonly masterKeys: MasterKeyAdmin;

  constructor(
    private readonly ring: Keyring,
    records: Records,
    private readonly now: () => number = Date.now,
  ) {
    super();
    this.masterKeys = new MasterKeyAdmin(ring, records);
  }

  get provider(): string {
    return this.ring.service.provider;
  }

  masters(): Promise<MasterKeyReport[]> {
    return this.masterKeys.report();
  }

  promote(masterKeyId: string): Promise<{ rewrapped: number; left: number }> {
    return this.masterKeys.promote(masterKeyId);
  }

  async tenants(page: { cursor?: string | undefined; limit: number }) {
    const { tenants, cursor } = await this.ring.stored.page(page);
    return { tenants: await this.reports(tenants), cursor };
  }

  async tenant(tenant: string): Promise<TenantKeysReport> {
    const [report] = await this.reports([await this.ring.stored.read(tenant)]);
    return report!;
  }

  async rotate(tenant: string): Promise<string> {
    const { sealingId } = await this.ring.keys.begin(tenant, await this.ring.keys.currentId(tenant));
    await this.ring.changed();
    return sealingId!;
  }

  async retire({ tenant, dataKeyId, masterKeyId, force = false }: Retirement): Promise<{ destroyed: number }> {
    if (masterKeyId !== undefined) return this.masterKeys.retire(masterKeyId, force);
    const keyId = dataKeyId ?? '';
    const sealing = await this.ring.keys.currentId(tenant ?? '');
    await this.ring.stored.change(tenant ?? '', (before) => {
      if (!storedIn(before, keyId)) throw failure('crypto.data_key_absent', { keyId });
      if (before.current === keyId || sealing === keyId) throw inUse(keyId, 'it is the current one; rotate first');
      if (!force && before.resealedUnder !== before.current)
        throw inUse(keyId, 'data may be sealed under it still; reseal first, or force it and lose that data');
      return { ...before, keys: before.keys.filter((key) => key.dataKeyId !== keyId) };
    });
    await this.ring.changed();
    return { destroyed: 1 };
  }

  async shred(tenant: string): Promise<{ destroyed: number }> {
    if (tenant === SERVICE_TENANT) throw inUse('of the service', 'its signatures need it');
    const destroyed = await this.destroyAll(tenant);
    await this.ring.budget.forget(tenant);
    await this.ring.changed();
    announce('key.shredded', { tenant });
    return { destroyed };
  }

  async noteResealed(tenant: string, dataKeyId: string): Promise<void> {
    await this.ring.stored.change(tenant, (before) =>
      before.current === dataKeyId && before.resealedUnder !== dataKeyId
        ? { ...before, resealedUnder: dataKeyId }
        : undefined,
    );
  }

  private async destroyAll(tenant: string): Promise<number> {
    let destroyed = 0;
    const emptied = (before: TenantKeys): TenantKeys => {
      destroyed = before.keys.length;
      return { v: 1, tenant, keys: [], shredded: { at: this.now(), times: (before.shredded?.times ?? 0) + 1 } };
    };
    try {
      await this.ring.stored.change(tenant, emptied);
    } catch (error) {
      if (!isFailure(error, 'crypto.keys_unreadable')) throw error;
      await this.ring.stored.overwrite(emptied({ v: 1, tenant, keys: [] }));
    }
    return destroyed;
  }

  private async reports(tenants: TenantKeys[]): Promise<TenantKeysReport[]> {
    const reserved = await this.ring.budget.reserved(tenants.map(({ tenant }) => tenant));
    return tenants.map((keys, at) => reportOf(keys, reserved[at]!));
  }
}

function reportOf({ tenant, keys, current, resealedUnder, shredded }: TenantKeys, reserved: Record<string, number>) {
  const dataKeys = keys.map(({ dataKeyId, masterKeyId, createdAt }) => ({
    tenant,
    dataKeyId,
    masterKeyId,
    state: dataKeyId === current ? ('current' as const) : ('former' as const),
    createdAt,
    sealings: reserved[dataKeyId] ?? 0,
  }));
  const resealed = keys.length <= 1 || resealedUnder === current;
  return { tenant, dataKeys, resealed, shreddedAt: shredded?.at ?? null };
}

function inUse(keyId: string, reason: string) {
  return failure('crypto.key_in_use', { keyId, reason });
}
