// The entries nearest to the caller: in this process, bounded by bytes, the least recently used leave first.
import { LRUCache } from 'lru-cache';
import { announce } from '#ports';
import { type Entry, type EntryRef, type Found, type LifeLimit, outlived } from './entry.js';

/** What belongs to one tenant. A purge lets go of it as a whole: its slots are dead at once, and leave step by step. */
interface Home {
  readonly tenant: string;
  readonly tag: string;
  readonly slots: Set<Slot>;
  /** Slots by tag or subject, under the keyed name of the group. */
  readonly groups: Map<string, Set<Slot>>;
  bytes: number;
  alive: boolean;
}

interface Slot {
  readonly home: Home;
  readonly entry: Entry;
  readonly groups: readonly string[];
  readonly weight: number;
  // Made once, so that a hit allocates nothing.
  readonly fresh: Found;
  readonly stale: Found;
}

/** Whose an entry is, and the keyed names under which purges come. */
export interface Belonging {
  tenant: string;
  tenantTag: string;
  groups: readonly string[];
}

export interface MemoryTierOptions {
  lifeLimit?: LifeLimit | undefined;
  /** Hears of each entry that had to leave for want of room. */
  evicted?: ((ref: EntryRef) => void) | undefined;
}

/** What the objects around a small entry take. Bytes, measured on Node 24. */
const OVERHEAD_BYTES = 800;
const CLEARED_PER_WRITE = 64;

/** Names are unique over all tenants (`canonicalKey` keys them with the tenant), so one map holds all. */
export class MemoryTier {
  readonly #slots: LRUCache<string, Slot> | undefined;
  readonly #homes = new Map<string, Home>();
  /** Homes that were purged and whose slots have yet to leave. */
  readonly #purged: Home[] = [];
  #entries = 0;
  #bytes = 0;

  /** @param maxBytes 0 keeps nothing. */
  constructor(
    private readonly maxBytes: number,
    private readonly options: MemoryTierOptions = {},
  ) {
    if (maxBytes <= 0) return;
    this.#slots = new LRUCache({ maxSize: maxBytes, dispose: (slot, _name, why) => this.#left(slot, why === 'evict') });
  }

  get entries(): number {
    return this.#entries;
  }

  /** Bytes of the live entries with what surrounds them. */
  get bytes(): number {
    return this.#bytes;
  }

  find(ref: EntryRef, now: number): Found | undefined {
    const slot = this.#slots?.get(ref.name);
    if (slot === undefined || !slot.home.alive || slot.home.tenant !== ref.tenant) return undefined;
    const { lifeLimit } = this.options;
    if (lifeLimit !== undefined && outlived(lifeLimit, ref.tenant, slot.entry, now)) return undefined;
    if (now < slot.entry.expiresAt) return slot.fresh;
    if (now < slot.entry.staleUntil) return slot.stale;
    this.drop(ref.name);
    announce('cache.evicted', { tier: 'memory', reason: 'expired', bytes: slot.weight });
    return undefined;
  }

  /** Keeps an entry, and gives whether there is room for it. */
  put(entry: Entry, whose: Belonging): boolean {
    const weight = weightOf(entry);
    if (!this.#slots || weight > this.maxBytes) return false;
    this.#clearSome(CLEARED_PER_WRITE);
    this.#slots.delete(entry.name);
    const slot = makeSlot(this.#homeOf(whose), entry, whose.groups, weight);
    // Before the map takes it: making room may empty the home, and an empty home is forgotten.
    this.#entered(slot);
    this.#slots.set(entry.name, slot, { size: weight });
    return true;
  }

  /** Lets go of one entry. Gives whether it was there and alive. */
  drop(name: string): boolean {
    const alive = this.#slots?.peek(name)?.home.alive ?? false;
    this.#slots?.delete(name);
    return alive;
  }

  /** Lets go of all entries of a tenant, in constant time. Gives how many there were. */
  dropTenant(tenantTag: string): number {
    const home = this.#homes.get(tenantTag);
    if (!home) return 0;
    this.#homes.delete(tenantTag);
    home.alive = false;
    this.#entries -= home.slots.size;
    this.#bytes -= home.bytes;
    this.#purged.push(home);
    return home.slots.size;
  }

  /** Lets go of the entries of a tag or subject. Gives how many there were. */
  dropGroup(tenantTag: string, group: string): number {
    const slots = [...(this.#homes.get(tenantTag)?.groups.get(group) ?? [])];
    for (const { entry } of slots) this.drop(entry.name);
    return slots.length;
  }

  clear(): void {
    this.#slots?.clear();
    this.#purged.length = 0;
  }

  /** A tenant's entries, in the order of names. */
  entriesOf(tenantTag: string): Entry[] {
    return inOrder(this.#homes.get(tenantTag)?.slots);
  }

  /** The entries of a tag or subject, in the order of names. */
  entriesIn(tenantTag: string, group: string): Entry[] {
    return inOrder(this.#homes.get(tenantTag)?.groups.get(group));
  }

  #homeOf({ tenant, tenantTag }: Belonging): Home {
    let home = this.#homes.get(tenantTag);
    if (!home) {
      home = { tenant, tag: tenantTag, slots: new Set(), groups: new Map(), bytes: 0, alive: true };
      this.#homes.set(tenantTag, home);
    }
    return home;
  }

  #entered(slot: Slot): void {
    const { home, weight } = slot;
    home.slots.add(slot);
    home.bytes += weight;
    this.#entries++;
    this.#bytes += weight;
    for (const group of slot.groups) {
      const members = home.groups.get(group);
      if (members) members.add(slot);
      else home.groups.set(group, new Set([slot]));
    }
  }

  #left(slot: Slot, forRoom: boolean): void {
    const { home, weight } = slot;
    home.slots.delete(slot);
    if (!home.alive) return;
    home.bytes -= weight;
    this.#entries--;
    this.#bytes -= weight;
    if (home.slots.size === 0) this.#homes.delete(home.tag);
    for (const group of slot.groups) {
      const members = home.groups.get(group)!;
      members.delete(slot);
      if (members.size === 0) home.groups.delete(group);
    }
    if (!forRoom) return;
    announce('cache.evicted', { tier: 'memory', reason: 'size', bytes: weight });
    this.options.evicted?.({ tenant: home.tenant, name: slot.entry.name });
  }

  /** Takes some dead slots out, so that a purge of many entries costs no single caller much. */
  #clearSome(most: number): void {
    for (let left = most; left > 0; left--) {
      const home = this.#purged.at(-1);
      if (!home) return;
      const [slot] = home.slots;
      if (slot) this.#slots!.delete(slot.entry.name);
      else this.#purged.pop();
    }
  }
}

function inOrder(slots: ReadonlySet<Slot> | undefined): Entry[] {
  return [...(slots ?? [])].map(({ entry }) => entry).sort((one, other) => (one.name < other.name ? -1 : 1));
}

function makeSlot(home: Home, entry: Entry, groups: readonly string[], weight: number): Slot {
  const fresh: Found = { entry, tier: 'memory', state: 'fresh' };
  return { home, entry, groups, weight, fresh, stale: { ...fresh, state: 'stale' } };
}

// A text with a character beyond Latin-1 takes two bytes a character in V8; the form derived from it is reckoned alike.
function weightOf({ json, bytes, name, tags, subjects, lineage }: Entry): number {
  const oneByte = bytes - name.length === json.length;
  const texts = [...tags, ...subjects, ...(lineage?.sources ?? []), ...(lineage?.runs ?? [])];
  const labels = texts.reduce((sum, text) => sum + text.length, 0);
  return OVERHEAD_BYTES + 2 * (oneByte ? json.length : 2 * json.length) + 4 * labels;
}
