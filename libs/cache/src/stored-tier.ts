// The entries in the store: sealed, bound to their place, and no longer true once a purge has passed over them.
import { type Sealer, unreadableReason } from '#crypto';
import { type Announcements, announce, type ByteStore, isFailure, type Tier } from '#ports';
import { type EntryRef, stateOf } from './entry.js';
import { type Counted, decodeEntry, encodeEntry, type StoredEntry, servedEntry } from './entry-format.js';
import type { Keyspace } from './keyspace.js';

/** How often things were purged that an entry belongs to. */
export interface Purges {
  readonly generation: number;
  readonly groups: number;
  readonly name: number;
}

type Written = Omit<StoredEntry, 'generation' | 'groups' | 'tags' | 'subject'> & {
  tags: readonly string[];
  subject?: string | undefined;
};
type StoreCall = Announcements['cache.store_call']['operation'];

const PURPOSE = 'cache-entry';
/** No fill takes this long, so a fence need not be remembered for longer. */
const FENCE_IDLE_MS = 86_400_000;

/** Methods fail with `cache.store_unavailable`, after announcing `cache.store_failed`. */
export class StoredTier {
  constructor(
    private readonly store: ByteStore,
    private readonly sealer: Sealer,
    private readonly keys: Keyspace,
    /** After so long no entry written before is still served, so that counters of its purges may end. */
    private readonly longestLifeMs: number,
  ) {}

  get tier(): Tier {
    return this.store.tier;
  }

  /** The entry, where it can be trusted and was not purged. One that cannot be trusted is deleted and announced. */
  async read(ref: EntryRef, signal?: AbortSignal): Promise<StoredEntry | undefined> {
    const keys = [this.keys.entry(ref), this.keys.generation(ref.tenant), this.keys.groupFence(ref.tenant)];
    const [text, generation, groups] = await this.#call('get', signal, (o) => this.store.getMany(keys, o));
    if (text === undefined) return undefined;
    const entry = await this.#opened(ref, text);
    if (entry && entry.generation === Number(generation ?? 0)) {
      // Mostly no tag or subject of the tenant was purged since, and none has to be asked for.
      if (entry.groups === Number(groups ?? 0) || (await this.#groupsHold(ref, entry, signal))) return entry;
    }
    // Nobody waits for this, and nobody is told: the entry is not served either way.
    this.#call('delete', undefined, (o) => this.store.delete([keys[0]!], o)).catch(() => {});
    return undefined;
  }

  purges(ref: EntryRef, signal?: AbortSignal): Promise<Purges> {
    return this.#purgesWith(ref, [], signal).then(({ purges }) => purges);
  }

  /**
   * Keeps the entry until `staleUntil`. Gives `false`, and keeps nothing, where a purge that concerns it has begun since
   * `mark` was read.
   */
  async write(
    ref: EntryRef,
    entry: Written,
    o: { now: number; mark?: Purges | undefined; signal?: AbortSignal | undefined },
  ): Promise<boolean> {
    const { now, mark, signal } = o;
    const groups = this.keys.groupsOf(ref.tenant, entry);
    const { purges, counts } = await this.#purgesWith(ref, groups, signal);
    if (mark && differs(mark, purges, groups.length > 0)) return false;
    const tags = entry.tags.map((tag, at): Counted => [tag, counts[at]!]);
    const subject: Counted | undefined = entry.subject === undefined ? undefined : [entry.subject, counts.at(-1)!];
    const { generation, groups: fence } = purges;
    const bytes = encodeEntry({ ...entry, generation, groups: fence, tags, subject });
    const sealed = await this.sealer.seal(bytes, placeOf(ref));
    const text = base64Of(sealed);
    await this.#call('set', signal, (o) => this.store.set(this.keys.entry(ref), text, entry.staleUntil - now, o));
    // A purge of this one entry counts first and deletes then: whoever of us comes second deletes it.
    if (!mark || (await this.purges(ref, signal)).name === mark.name) return true;
    await this.delete(ref, signal);
    return false;
  }

  /** Forgets one entry, and overtakes the fills of it. */
  async forget(ref: EntryRef): Promise<void> {
    await this.#increment(this.keys.nameFence(ref), FENCE_IDLE_MS);
    await this.delete(ref);
  }

  /** Forgets all entries of a tenant at once, whatever their number. Gives how many there were, where known. */
  async forgetTenant(tenant: string): Promise<number | undefined> {
    await this.#increment(this.keys.generation(tenant));
    return this.#call('delete', undefined, (o) => this.store.retire(this.keys.entriesOf(tenant), o));
  }

  /** Forgets the entries of a tag or subject at once. */
  async forgetGroup(tenant: string, group: string): Promise<void> {
    // The fence before and after: who saw it unmoved has seen the group's counter unmoved too, and who wrote in between
    // wrote down a fence that moves once more.
    const fence = this.keys.groupFence(tenant);
    await this.#increment(fence, this.longestLifeMs);
    await this.#increment(group, this.longestLifeMs);
    await this.#increment(fence, this.longestLifeMs);
  }

  /** Entries of a tenant that may be served, some page at a time; a page may be empty though more follow. */
  async list(tenant: string, page: { cursor?: string; limit: number }, now: number) {
    const prefix = this.keys.entriesOf(tenant);
    const { keys, cursor } = await this.#call('list', undefined, (o) => this.store.list(prefix, page, o));
    const refs = keys.map((key): EntryRef => ({ tenant, name: key.slice(prefix.length) }));
    const read = await Promise.all(refs.map((ref) => this.read(ref)));
    const entries = read.flatMap((entry, at) =>
      entry && stateOf(entry, now) ? servedEntry(refs[at]!.name, entry) : [],
    );
    return { entries, cursor };
  }

  /** The next number of a counter that instances share; the first is 1. */
  count(tenant: string, counter: string): Promise<number> {
    return this.#increment(this.keys.counter(tenant, counter), this.longestLifeMs);
  }

  delete(ref: EntryRef, signal?: AbortSignal): Promise<number | undefined> {
    return this.#call('delete', signal, (o) => this.store.delete([this.keys.entry(ref)], o));
  }

  health(): Promise<void> {
    return this.store.health();
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** What was sealed for this place, or `undefined` for anything else. */
  async #opened(ref: EntryRef, text: string): Promise<StoredEntry | undefined> {
    try {
      const entry = decodeEntry(await this.sealer.open(Buffer.from(text, 'base64'), placeOf(ref)));
      if (!entry) announce('cache.rejected', { tier: this.tier, reason: 'malformed' });
      return entry;
    } catch (error) {
      const reason = unreadableReason(error);
      if (!reason) throw error;
      announce('cache.rejected', { tier: this.tier, reason });
      return undefined;
    }
  }

  /** Whether no tag or subject of the entry was purged since it was written. */
  async #groupsHold({ tenant }: EntryRef, { tags, subject }: StoredEntry, signal?: AbortSignal): Promise<boolean> {
    if (tags.length === 0 && !subject) return true;
    const groups = this.keys.groupsOf(tenant, { tags: tags.map(([tag]) => tag), subject: subject?.[0] });
    const counts = await this.#call('get', signal, (o) => this.store.counters(groups, o));
    const then = [...tags, ...(subject ? [subject] : [])];
    return then.every(([, count], at) => count === counts[at]);
  }

  async #purgesWith(ref: EntryRef, groups: string[], signal?: AbortSignal) {
    const own = [this.keys.generation(ref.tenant), this.keys.groupFence(ref.tenant), this.keys.nameFence(ref)];
    const found = await this.#call('get', signal, (o) => this.store.counters([...own, ...groups], o));
    const purges: Purges = { generation: found[0]!, groups: found[1]!, name: found[2]! };
    return { purges, counts: found.slice(own.length) };
  }

  #increment(key: string, idleMs?: number): Promise<number> {
    return this.#call('increment', undefined, () => this.store.increment(key, idleMs === undefined ? {} : { idleMs }));
  }

  async #call<T>(
    operation: StoreCall,
    signal: AbortSignal | undefined,
    run: (options: { signal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { tier } = this;
    const began = performance.now();
    try {
      return await run(signal ? { signal } : {});
    } catch (error) {
      const code = isFailure(error) ? error.code : 'internal.unexpected';
      if (!signal?.aborted) announce('cache.store_failed', { tier, operation, code });
      throw error;
    } finally {
      announce('cache.store_call', { tier, operation, durationMs: performance.now() - began });
    }
  }
}

function placeOf({ tenant, name }: EntryRef) {
  return { tenant, purpose: PURPOSE, name };
}

function differs(mark: Purges, now: Purges, grouped: boolean): boolean {
  return mark.generation !== now.generation || mark.name !== now.name || (grouped && mark.groups !== now.groups);
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
