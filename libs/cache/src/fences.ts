// Tells a fill that a purge or a newer write has overtaken it, within this process and in constant memory.

/** What stood in the table when a fill began. */
export interface FenceMark {
  readonly epoch: number;
  readonly tenant: number;
  readonly groups: number;
  readonly name: number;
  readonly writes: number;
}

/** A power of two. */
const SLOTS = 4096;
const HASHED_CHARACTERS = 6;

/**
 * Counts purges in a table of fixed size, by hash of what they name. Two names in one slot cost at most an answer that
 * is not kept; a purge is never overlooked.
 */
export class Fences {
  readonly #counts = new Uint32Array(SLOTS);
  #epoch = 0;

  mark(tenantTag: string, name: string): FenceMark {
    const counts = this.#counts;
    return {
      epoch: this.#epoch,
      tenant: counts[slotOf(tenantTag, 1)]!,
      groups: counts[slotOf(tenantTag, 2)]!,
      name: counts[slotOf(name, 3)]!,
      writes: counts[slotOf(name, 4)]!,
    };
  }

  /** Whether a purge that concerns the entry has begun since the mark was made. */
  purged(mark: FenceMark, tenantTag: string, name: string, grouped: boolean): boolean {
    const now = this.mark(tenantTag, name);
    const same = mark.epoch === now.epoch && mark.tenant === now.tenant && mark.name === now.name;
    return !same || (grouped && mark.groups !== now.groups);
  }

  /** Whether the entry was written since the mark was made. */
  rewritten(mark: FenceMark, name: string): boolean {
    return mark.writes !== this.#counts[slotOf(name, 4)];
  }

  written(name: string): void {
    this.#counts[slotOf(name, 4)]!++;
  }

  purgedTenant(tenantTag: string): void {
    this.#counts[slotOf(tenantTag, 1)]!++;
  }

  /** A tag or a subject of the tenant was purged. */
  purgedGroup(tenantTag: string): void {
    this.#counts[slotOf(tenantTag, 2)]!++;
  }

  purgedName(name: string): void {
    this.#counts[slotOf(name, 3)]!++;
  }

  /** Purges may have been missed: every fill under way counts as overtaken. */
  purgedAll(): void {
    this.#epoch++;
  }
}

// FNV-1a over the first characters: names and tenant tags are keyed hashes, in which these are as even as all.
function slotOf(keyed: string, kind: number): number {
  let hash = 0x811c9dc5 ^ kind;
  const length = Math.min(keyed.length, HASHED_CHARACTERS);
  for (let at = 0; at < length; at++) hash = Math.imul(hash ^ keyed.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 16)) & (SLOTS - 1);
}
