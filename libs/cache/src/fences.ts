// Tells a fill that a purge or a newer write has overtaken it, within this process and in bounded memory.

/** When a fill began, in changes seen. */
export interface FenceMark {
  readonly seen: number;
}

/** Changes remembered. Only a fill that outlasts as many more counts as overtaken without being it. */
const MOST_CHANGES = 65_536;

/**
 * Remembers of each name, tenant and tenant's groups when it last changed. Exactly: were they counted in shared slots,
 * what one tenant writes could keep another's answer from being kept, which shows.
 */
export class Fences {
  readonly #changes = new Map<string, number>();
  #seen = 0;
  /** Marks older than this may have missed a change. */
  #forgotten = 0;

  mark(): FenceMark {
    return { seen: this.#seen };
  }

  /** Whether a purge that concerns the entry has begun since the mark was made. */
  purged(mark: FenceMark, tenantTag: string, name: string, grouped: boolean): boolean {
    const since = (key: string) => this.#changedSince(mark, key);
    return since(`tenant ${tenantTag}`) || since(`name ${name}`) || (grouped && since(`groups ${tenantTag}`));
  }

  /** Whether the entry was written since the mark was made. */
  rewritten(mark: FenceMark, name: string): boolean {
    return this.#changedSince(mark, `written ${name}`);
  }

  written(name: string): void {
    this.#change(`written ${name}`);
  }

  purgedTenant(tenantTag: string): void {
    this.#change(`tenant ${tenantTag}`);
  }

  /** A tag or a subject of the tenant was purged. */
  purgedGroup(tenantTag: string): void {
    this.#change(`groups ${tenantTag}`);
  }

  purgedName(name: string): void {
    this.#change(`name ${name}`);
  }

  /** Purges may have been missed: every fill under way counts as overtaken. */
  purgedAll(): void {
    this.#changes.clear();
    this.#forgotten = ++this.#seen;
  }

  #change(key: string): void {
    // Deleted first, so that the least lately changed stands first.
    this.#changes.delete(key);
    this.#changes.set(key, ++this.#seen);
    if (this.#changes.size <= MOST_CHANGES) return;
    const [oldest, at] = this.#changes.entries().next().value!;
    this.#changes.delete(oldest);
    this.#forgotten = at;
  }

  #changedSince({ seen }: FenceMark, key: string): boolean {
    return seen < this.#forgotten || (this.#changes.get(key) ?? 0) > seen;
  }
}
