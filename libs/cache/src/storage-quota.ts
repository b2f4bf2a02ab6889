// Keeps account of what each tenant keeps, and refuses what goes beyond its quota.

/** What is held counts until it is released or has ended. */
export abstract class StorageQuota {
  /**
   * Takes an item into the tenant's account; the same item again takes the place of the former.
   * @param endsAt Epoch milliseconds after which it no longer counts.
   * @throws Failure `quota.exceeded`, and then holds what it held before
   */
  abstract hold(tenant: string, item: string, bytes: number, endsAt: number): Promise<void>;
  /** Whether account is kept of this tenant now. Where it is not, nobody waits for its entries to be gone. */
  counts?(tenant: string): boolean;
  /** Takes items out of the account; without items, all. */
  abstract release(tenant: string, items?: readonly string[]): Promise<void>;
}
