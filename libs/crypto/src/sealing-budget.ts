// Counts sealings per data key over all processes, so that no key seals more than random nonces allow.
import { LRUCache } from 'lru-cache';
import type { Records } from '#records';
import { SingleFlight } from '#resilience';
import { tenantInKey } from './tenant-keys.js';

export interface SealingBudgetOptions {
  /** Sealings under one data key, over all processes and purposes. Default 2³² less one block. */
  limit?: number | undefined;
  /** Sealings that a process takes at a time; what it does not use is lost to the key. Default 2²⁰. */
  block?: number | undefined;
}

const BLOCK = 2 ** 20;
/** NIST SP 800-38D §8.3: no more than 2³² invocations under one key with random nonces. */
const BOUND = 2 ** 32;
/** Data keys whose blocks are remembered: several times those that are held, so that a dropped key loses no block. */
const MOST_BLOCKS = 10_000;

export class SealingBudget {
  private readonly left = new LRUCache<string, number>({ max: MOST_BLOCKS });
  private readonly flights = new SingleFlight<boolean>();
  private readonly block: number;
  private readonly limit: number;

  constructor(
    private readonly records: Records,
    { block = BLOCK, limit = BOUND - block }: SealingBudgetOptions = {},
  ) {
    this.block = block;
    this.limit = limit;
  }

  /** Takes one sealing out of the block at hand. `false` where there is none: reserve one. */
  take(dataKeyId: string): boolean {
    const left = this.left.get(dataKeyId) ?? 0;
    if (left === 0) return false;
    this.left.set(dataKeyId, left - 1);
    return true;
  }

  /** Reserves a block. `false` where the key has reached its bound: another must seal from now on. */
  reserve(tenant: string, dataKeyId: string): Promise<boolean> {
    return this.flights.run(dataKeyId, async () => {
      if ((this.left.get(dataKeyId) ?? 0) > 0) return true;
      const change = { key: sealingsPlace(tenant), field: dataKeyId, by: this.block, limit: this.limit };
      const { added } = await this.records.addWithin([change]);
      if (added) this.left.set(dataKeyId, this.block);
      return added;
    });
  }

  /** Sealings reserved so far, by data key: an upper bound of those done. */
  async reserved(tenants: readonly string[]): Promise<Record<string, number>[]> {
    return this.records.tallies(tenants.map(sealingsPlace));
  }

  /** Forgets what was counted for a tenant whose keys are gone. */
  async forget(tenant: string): Promise<void> {
    await this.records.delete([sealingsPlace(tenant)]);
  }
}

function sealingsPlace(tenant: string): string {
  return `keys/sealings/${tenantInKey(tenant)}`;
}
