// Promotes and retires master keys: all data keys are wrapped anew, and none is lost unless it is forced.
import { failure, isFailure } from '#ports';
import type { Records } from '#records';
import type { MasterKeyReport } from './key-admin.js';
import type { Keyring } from './keyring.js';
import { type Choice, MasterChoice } from './master-choice.js';
import type { StoredDataKey, TenantKeys } from './tenant-keys.js';

/** Data keys may be wrapped under the former master key for a moment, by instances that have not heard yet. */
const MOST_PASSES = 3;

export class MasterKeyAdmin {
  private readonly choice: MasterChoice;

  constructor(
    private readonly ring: Keyring,
    records: Records,
  ) {
    this.choice = new MasterChoice(ring.service, records);
  }

  async report(): Promise<MasterKeyReport[]> {
    const [held, { retired }, current, counts] = await Promise.all([
      this.ring.service.keys(),
      this.choice.read(),
      this.choice.currentId(),
      this.counted(),
    ]);
    const stateOf = (masterKeyId: string, state: MasterKeyReport['state']) => {
      if (masterKeyId === current) return 'current';
      if (state === 'disabled') return state;
      return retired.includes(masterKeyId) ? 'retired' : 'former';
    };
    const reports = held.map(({ masterKeyId, state }): MasterKeyReport => {
      return { masterKeyId, state: stateOf(masterKeyId, state), dataKeys: counts.get(masterKeyId) ?? 0 };
    });
    for (const { masterKeyId } of reports) counts.delete(masterKeyId);
    const missing = [...counts].map(([masterKeyId, dataKeys]) => ({
      masterKeyId,
      state: 'missing' as const,
      dataKeys,
    }));
    return [...reports, ...missing];
  }

  async promote(masterKeyId: string): Promise<{ rewrapped: number; left: number }> {
    const held = (await this.ring.service.keys()).find((key) => key.masterKeyId === masterKeyId);
    if (!held || held.state === 'disabled') throw failure('crypto.master_key_absent', { keyId: masterKeyId });
    await this.choice.change(({ retired }) => {
      return { v: 1, promoted: masterKeyId, retired: retired.filter((id) => id !== masterKeyId) };
    });
    let rewrapped = 0;
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      const before = rewrapped;
      for await (const { tenant, keys } of this.ring.stored.all())
        if (keys.some((key) => key.masterKeyId !== masterKeyId)) rewrapped += await this.rewrap(tenant, masterKeyId);
      if (rewrapped === before) break;
    }
    await this.ring.changed();
    const counts = await this.counted();
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return { rewrapped, left: all - (counts.get(masterKeyId) ?? 0) };
  }

  async retire(masterKeyId: string, force: boolean): Promise<{ destroyed: number }> {
    if (masterKeyId === (await this.choice.currentId())) {
      throw failure('crypto.key_in_use', {
        keyId: masterKeyId,
        reason: 'it is the current one; promote another first',
      });
    }
    const wrapped = (await this.counted()).get(masterKeyId) ?? 0;
    const held = (await this.ring.service.keys()).some((key) => key.masterKeyId === masterKeyId);
    if (!held && wrapped === 0) throw failure('crypto.master_key_absent', { keyId: masterKeyId });
    if (wrapped > 0 && !force) {
      const reason = `${wrapped} data keys are wrapped under it; promote another first, or force it and lose what they seal`;
      throw failure('crypto.key_in_use', { keyId: masterKeyId, reason });
    }
    await this.choice.change((before) => retiring(before, masterKeyId));
    const destroyed = wrapped > 0 ? await this.destroyUnder(masterKeyId) : 0;
    await this.ring.changed();
    return { destroyed };
  }

  private async counted(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for await (const { keys } of this.ring.stored.all())
      for (const { masterKeyId } of keys) counts.set(masterKeyId, (counts.get(masterKeyId) ?? 0) + 1);
    return counts;
  }

  /** Wraps a tenant's data keys anew. Gives how many; those whose master key is not held stay as they are. */
  private async rewrap(tenant: string, masterKeyId: string): Promise<number> {
    let rewrapped = 0;
    await this.ring.stored.change(tenant, async (before) => {
      const keys: StoredDataKey[] = [];
      for (const key of before.keys) keys.push((await this.rewrapped(key, tenant, masterKeyId)) ?? key);
      rewrapped = keys.filter((key, at) => key !== before.keys[at]).length;
      return rewrapped > 0 ? { ...before, keys } : undefined;
    });
    return rewrapped;
  }

  private async rewrapped(key: StoredDataKey, tenant: string, masterKeyId: string): Promise<StoredDataKey | undefined> {
    if (key.masterKeyId === masterKeyId) return undefined;
    const { service } = this.ring;
    const context = { tenant, dataKeyId: key.dataKeyId };
    const bytes = await service.unwrap(key, context).catch((error: unknown) => {
      if (isFailure(error, 'crypto.key_unknown') || isFailure(error, 'crypto.unwrap_refused')) return undefined;
      throw error;
    });
    if (!bytes) return undefined;
    try {
      return { ...key, ...(await service.wrap(bytes, context, { masterKeyId })) };
    } finally {
      bytes.fill(0);
    }
  }

  private async destroyUnder(masterKeyId: string): Promise<number> {
    let destroyed = 0;
    for await (const { tenant, keys } of this.ring.stored.all()) {
      if (!keys.some((key) => key.masterKeyId === masterKeyId)) continue;
      let here = 0;
      await this.ring.stored.change(tenant, (before) => {
        const after = without(before, masterKeyId);
        here = before.keys.length - after.keys.length;
        return after;
      });
      destroyed += here;
    }
    return destroyed;
  }
}

function retiring({ promoted, retired }: Choice, masterKeyId: string): Choice {
  return {
    v: 1,
    promoted: promoted === masterKeyId ? undefined : promoted,
    retired: [...new Set([...retired, masterKeyId])],
  };
}

/** Of the keys that stay, the newest is current where the current one goes. */
function without({ current, ...before }: TenantKeys, masterKeyId: string): TenantKeys {
  const keys = before.keys.filter((key) => key.masterKeyId !== masterKeyId);
  const stays = keys.find(({ dataKeyId }) => dataKeyId === current) ?? keys.at(-1);
  return { ...before, keys, ...(stays && { current: stays.dataKeyId }) };
}
