// Where answers are kept: the memory of this process first, the store behind it, and one truth about what was purged.
import { LRUCache } from 'lru-cache';
import { announce, announced, failure, followed, type Tier } from '#ports';
import { SingleFlight } from '#resilience';
import type { FillMark, KeepOptions, Kept, LookOptions, Purged } from './cache-calls.js';
import { type Entry, type EntryDraft, type EntryRef, type Found, type LifeLimit, outlived, stateOf } from './entry.js';
import { servedEntry } from './entry-format.js';
import type { Fences } from './fences.js';
import type { Change, Invalidations } from './invalidations.js';
import type { GroupKind, Keyspace } from './keyspace.js';
import type { Belonging, MemoryTier } from './memory-tier.js';
import type { Life, Policy } from './policy.js';
import type { StorageQuota } from './storage-quota.js';
import type { EntryPage, PageRequest, Row, StoredTier } from './stored-tier.js';
import { toldCall } from './told-call.js';
import { type Erased, type Probed, type Removed, type Resealed, Upkeep } from './upkeep.js';

export interface TieredCacheParts {
  memory: MemoryTier;
  stored: StoredTier | undefined;
  keys: Keyspace;
  policy: Policy;
  fences: Fences;
  invalidations: Invalidations;
  entryMaxBytes: number;
  lifeLimit?: LifeLimit | undefined;
  quota?: StorageQuota | undefined;
  now?: () => number;
  /** What else was opened for this cache, closed with it. */
  close?: () => Promise<void>;
}

const MOST_LOCAL_COUNTERS = 10_000;
const LOOKUPS = announced('cache.lookup');

/** A store that fails or is late never fails a reader: the next layer answers, and `cache.store_failed` is announced. */
export class TieredCache {
  readonly #flights = new SingleFlight<unknown>();
  readonly #counters = new LRUCache<string, number>({ max: MOST_LOCAL_COUNTERS });
  readonly #now: () => number;
  readonly #memory: MemoryTier;
  readonly #upkeep: Upkeep;

  constructor(private readonly parts: TieredCacheParts) {
    const { memory, quota, lifeLimit, now = Date.now } = parts;
    this.#memory = memory;
    this.#now = now;
    this.#upkeep = new Upkeep({ ...parts, quota, lifeLimit, now });
  }

  /** Looks in memory alone, at once. A hit is announced; a miss is not yet known to be one. */
  lookInMemory(ref: EntryRef, now = this.#now()): Found | undefined {
    if (!LOOKUPS.hasSubscribers) return this.#memory.find(ref, now);
    const began = performance.now();
    const found = this.#memory.find(ref, now);
    if (found) this.#lookedUp(ref, found, began);
    return found;
  }

  /** Looks in memory, then in the store, and keeps in memory what the store gave, until its original end. Never rejects. */
  look(ref: EntryRef, { signal, now = this.#now() }: LookOptions = {}): Promise<Found | undefined> {
    return followed({ kind: 'lookup' }, () => this.#look(ref, now, signal));
  }

  /** To be called before an answer is made that will be given to `keep`. Never rejects. */
  async mark(ref: EntryRef): Promise<FillMark> {
    const { fences, stored } = this.parts;
    const local = fences.mark();
    return { local, stored: await stored?.purges(ref).catch(() => undefined) };
  }

  /**
   * Keeps an answer in the store and in memory. Where the store fails, in memory only. What goes beyond the tenant's
   * quota is not kept.
   * @throws Failure `cache.entry_too_large`; `quota.exceeded` where the answer was written by hand
   */
  async keep(ref: EntryRef, draft: EntryDraft, o: KeepOptions = {}): Promise<Kept> {
    const { policy, memory, invalidations, lifeLimit } = this.parts;
    const now = o.now ?? this.#now();
    this.#checkSize(draft);
    const life = policy.lifeOf(draft, now, lifeLimit?.(ref.tenant));
    const entry = entryOf(ref, draft, life ?? { createdAt: now, expiresAt: now, staleUntil: now });
    const notKept: Kept = { entry, tiers: [], kept: false };
    if (!life) return notKept;
    const whose = this.#belonging(ref, entry);
    const overtaken = this.#watch(ref, whose, o.mark);
    if (overtaken() || !(await this.#held(ref, entry))) return notKept;

    const stored = await this.#keepInStore(ref, entry, now, o);
    if (stored === 'overtaken' || overtaken()) {
      memory.drop(ref.name);
      await this.#withdraw(ref, stored);
      return notKept;
    }
    const change: Change = { kind: 'written', name: ref.name };
    invalidations.apply(change);
    const tiers: Tier[] = memory.put(entry, whose) ? ['memory'] : [];
    if (stored !== 'not') tiers.push(this.parts.stored!.tier);
    if (tiers.length === 0) await this.#withdraw(ref, stored);
    announce('cache.write', { tenant: ref.tenant, key: ref.name, origin: entry.origin, bytes: entry.bytes });
    const publish = { tier: this.parts.stored?.tier ?? 'memory', operation: 'publish' } as const;
    await toldCall(publish, () => invalidations.spread(change)).catch(() => undefined);
    return { entry, tiers, kept: tiers.length > 0 };
  }

  /** Joins the work under way for the same entry in this process, or starts it. */
  flight<T>(ref: EntryRef, start: () => Promise<T>): Promise<T> {
    return this.#flights.run(`${ref.name} ${ref.tenant}`, start) as Promise<T>;
  }

  /**
   * Purges. When one of these returns, no instance that hears the others serves what was purged. Where the store does
   * not answer, the memory of this process is purged all the same.
   * @throws Failure `cache.store_unavailable`: the purge may not have reached the store, and must be repeated.
   */
  async forget(ref: EntryRef): Promise<Purged> {
    const there = await this.entry(ref);
    await this.#purge({ kind: 'forgotten', name: ref.name }, (stored) => stored.forget(ref));
    await this.#upkeep.release(ref.tenant, [ref.name]);
    const purged = there ? 1 : 0;
    announce('cache.purge', { tenant: ref.tenant, scope: 'entry', purged });
    return { purged };
  }

  async forgetTenant(tenant: string): Promise<Purged> {
    const change: Change = { kind: 'tenant', tenant: this.parts.keys.tenantTag(tenant) };
    const purged = await this.#purge(change, (stored) => stored.forgetTenant(tenant));
    await this.#upkeep.release(tenant);
    announce('cache.purge', { tenant, scope: 'tenant', purged });
    return { purged };
  }

  forgetTag(tenant: string, tag: string): Promise<Purged> {
    return this.#forgetGroup(tenant, 'tag', tag);
  }

  forgetSubject(tenant: string, subject: string): Promise<Purged> {
    return this.#forgetGroup(tenant, 'subject', subject);
  }

  /** One entry, wherever it lies, without counting as a look-up and without moving it to another tier. Never rejects. */
  async entry(ref: EntryRef, now = this.#now()): Promise<Entry | undefined> {
    const near = this.parts.memory.find(ref, now)?.entry;
    if (near) return near;
    const stored = await this.parts.stored?.read(ref).catch(() => undefined);
    return stored && this.#stateOf(ref, stored, now) && servedEntry(ref.name, stored);
  }

  /**
   * The entries of a tenant, some page at a time; a page may hold somewhat more than `limit`, or fewer though more follow.
   * @throws Failure `cache.store_unavailable`
   */
  entries(tenant: string, page: PageRequest): Promise<EntryPage> {
    return this.#upkeep.entries(tenant, page);
  }

  /**
   * The entries about a person, whole, paged as `entries`.
   * @throws Failure `cache.store_unavailable`
   */
  entriesAbout(tenant: string, subject: string, page: PageRequest): Promise<EntryPage> {
    return this.#upkeep.entriesAbout(tenant, subject, page);
  }

  /**
   * Purges as `forgetSubject`, then deletes what lies in the store about the person. A write that began before keeps
   * nothing. Takes time with the number of the tenant's entries.
   * @throws Failure `cache.store_unavailable`: some may still lie there, though none is served; to be repeated.
   */
  eraseSubject(tenant: string, subject: string): Promise<Erased> {
    return this.#upkeep.eraseSubject(tenant, subject);
  }

  /**
   * Seals a page of the tenant's stored entries anew, those that are sealed under a former key, each for the life that it
   * has left. What was purged or written meanwhile stays as it is.
   * @throws Failure `cache.store_unavailable`, or what the sealer fails with
   */
  reseal(tenant: string, page: PageRequest): Promise<Resealed> {
    return this.#upkeep.reseal(tenant, page);
  }

  /** How many of at most `limit` stored entries of a tenant can be opened. Deletes none. Fails as `reseal`. */
  probe(tenant: string, limit: number): Promise<Probed> {
    return this.#upkeep.probe(tenant, limit);
  }

  /** Deletes those of a page of the tenant's entries that were made before then. Epoch milliseconds. Fails as `reseal`. */
  removeOlder(tenant: string, createdBefore: number, page: PageRequest): Promise<Removed> {
    return this.#upkeep.removeOlder(tenant, createdBefore, page);
  }

  /** The next number of a counter of the tenant, from 0; shared by all instances while the store answers. Never rejects. */
  async next(counter: string, tenant: string): Promise<number> {
    const { stored, keys } = this.parts;
    const shared = await stored?.count(tenant, counter).catch(() => undefined);
    if (shared !== undefined) return shared - 1;
    const key = keys.counter(tenant, counter);
    const own = this.#counters.get(key) ?? 0;
    this.#counters.set(key, own + 1);
    return own;
  }

  /** What each tier holds, of those that know it without a search. */
  stats(): { tier: Tier; entries: number; bytes: number }[] {
    const { memory } = this.parts;
    return [{ tier: 'memory', entries: memory.entries, bytes: memory.bytes }];
  }

  async health(): Promise<{ tier: Tier; ok: boolean }[]> {
    const { stored } = this.parts;
    const tiers = [{ tier: 'memory', ok: true }];
    if (!stored) return tiers;
    const ok = await stored.health().then(
      () => true,
      () => false,
    );
    return [...tiers, { tier: stored.tier, ok }];
  }

  /** May be called twice. */
  async close(): Promise<void> {
    const { invalidations, stored, memory, close } = this.parts;
    await invalidations.close();
    await this.#upkeep.close();
    await stored?.close();
    memory.clear();
    await close?.();
  }

  async #lookInStore(ref: EntryRef, now: number, signal: AbortSignal | undefined): Promise<Found | undefined> {
    const { stored, memory, fences } = this.parts;
    if (!stored) return undefined;
    const began = fences.mark();
    const read = await stored.read(ref, signal).catch(() => undefined);
    const state = read && this.#stateOf(ref, read, now);
    if (!state) return undefined;
    const entry = servedEntry(ref.name, read);
    const whose = this.#belonging(ref, entry);
    const overtaken =
      fences.purged(began, whose.tenantTag, ref.name, whose.groups.length > 0) || fences.rewritten(began, ref.name);
    if (!overtaken) memory.put(entry, whose);
    return { entry, tier: stored.tier, state };
  }

  async #keepInStore(ref: EntryRef, entry: Entry, now: number, o: KeepOptions): Promise<Row | 'overtaken' | 'not'> {
    const { stored } = this.parts;
    // How often things had been purged when the fill began is not known: it cannot be told whether a purge overtook it.
    if (!stored || (o.mark && !o.mark.stored)) return 'not';
    try {
      return (await stored.write(ref, entry, { now, mark: o.mark?.stored, signal: o.signal })) ?? 'overtaken';
    } catch {
      return 'not'; // Announced by the stored tier.
    }
  }

  /** Takes back what was written to the store before it was known to be overtaken. */
  async #withdraw(ref: EntryRef, stored: Row | 'overtaken' | 'not'): Promise<void> {
    if (typeof stored === 'object') await this.parts.stored!.replace(stored, undefined).catch(() => {});
    if (this.parts.quota && !(await this.entry(ref))) await this.#upkeep.release(ref.tenant, [ref.name]);
  }

  /** Whether the tenant's quota takes the entry. What nobody asked to be kept is dropped without a word. */
  async #held({ tenant, name }: EntryRef, { bytes, staleUntil, origin }: Entry): Promise<boolean> {
    try {
      await this.parts.quota?.hold(tenant, name, bytes, staleUntil);
      return true;
    } catch (error) {
      if (origin === 'written') throw error;
      return false;
    }
  }

  #stateOf({ tenant }: EntryRef, entry: Pick<Entry, 'createdAt' | 'expiresAt' | 'staleUntil'>, now: number) {
    return outlived(this.parts.lifeLimit, tenant, entry, now) ? undefined : stateOf(entry, now);
  }

  /** Asks later whether a purge, or for a fill also another write, has come in between. */
  #watch(ref: EntryRef, { tenantTag, groups }: Belonging, mark: FillMark | undefined): () => boolean {
    const { fences } = this.parts;
    const began = mark?.local ?? fences.mark();
    return () =>
      fences.purged(began, tenantTag, ref.name, groups.length > 0) ||
      (mark !== undefined && fences.rewritten(began, ref.name));
  }

  async #forgetGroup(tenant: string, scope: GroupKind, label: string): Promise<Purged> {
    const { keys, memory, quota } = this.parts;
    const group = keys.group(scope, tenant, label);
    const change: Change = { kind: 'group', tenant: keys.tenantTag(tenant), group };
    const near = quota ? memory.entriesIn(change.tenant, group) : [];
    const purged = await this.#purge(change, async (stored) => void (await stored.forgetGroup(tenant, group)));
    this.#upkeep.purged(tenant, near);
    announce('cache.purge', { tenant, scope, purged });
    return { purged };
  }

  async #purge(
    change: Change,
    inStore: (stored: StoredTier) => Promise<number | undefined | void>,
  ): Promise<number | null> {
    const { invalidations, stored } = this.parts;
    const here = invalidations.apply(change);
    if (!stored) return here;
    const there = await inStore(stored);
    // Again: until the store knew, a reader may have brought an entry back from it.
    invalidations.apply(change);
    await invalidations.spread(change);
    return there ?? null;
  }

  #belonging({ tenant }: EntryRef, entry: Entry): Belonging {
    const { keys } = this.parts;
    return { tenant, tenantTag: keys.tenantTag(tenant), groups: keys.groupsOf(tenant, entry) };
  }

  #checkSize({ json }: EntryDraft): void {
    const size = Buffer.byteLength(json);
    const limit = this.parts.entryMaxBytes;
    if (size > limit) throw failure('cache.entry_too_large', { size, limit });
  }

  async #look(ref: EntryRef, now: number, signal: AbortSignal | undefined): Promise<Found | undefined> {
    const began = performance.now();
    const found = this.parts.memory.find(ref, now) ?? (await this.#lookInStore(ref, now, signal));
    this.#lookedUp(ref, found, began);
    return found;
  }

  #lookedUp({ tenant, name }: EntryRef, found: Found | undefined, began: number): void {
    const outcome = !found ? 'miss' : found.state === 'fresh' ? 'hit' : 'stale';
    const durationMs = performance.now() - began;
    announce('cache.lookup', { tenant, key: name, outcome, tier: found?.tier ?? null, durationMs });
  }
}

function entryOf({ name }: EntryRef, draft: EntryDraft, life: Life): Entry {
  const { json, origin, negative = false, tags = [], subjects = [], lineage, cost } = draft;
  const bytes = Buffer.byteLength(name) + Buffer.byteLength(json);
  return { name, json, ...life, origin, negative, tags, subjects, lineage, cost, bytes, derived: undefined };
}
