// The entries in the store: sealed, bound to their place, and no longer true once a purge has passed over them.
import { type Sealer, unreadableReason } from '#crypto';
import { type Announcements, announce, type ByteStore, followed, type Tier } from '#ports';
import type { Entry, EntryRef } from './entry.js';
import { type Counted, decodeEntry, encodeEntry, type StoredEntry, servedEntry } from './entry-format.js';
import type { Keyspace } from './keyspace.js';
import { toldCall } from './told-call.js';

/** How often things were purged that an entry belongs to. */
export interface Purges {
  readonly generation: number;
  readonly groups: number;
  readonly name: number;
}

/** A stored entry as it lies there, sealed. */
export interface Row {
  readonly ref: EntryRef;
  readonly text: string;
}

/** Where a page begins, and how many entries it goes through; somewhat more or fewer where the store has it so. */
export interface PageRequest {
  cursor?: string | undefined;
  limit: number;
}

export interface EntryPage {
  entries: Entry[];
  /** Where the next page begins; `undefined` after the last. */
  cursor: string | undefined;
}

type Written = Omit<Entry, 'name' | 'bytes' | 'derived'>;
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
    /** Hears of each entry that was found to be no longer true, and is deleted. */
    private readonly gone: (ref: EntryRef) => void = () => {},
  ) {}

  get tier(): Tier {
    return this.store.tier;
  }

  /** The entry, where it can be trusted and was not purged. One that cannot be trusted is deleted and announced. */
  async read(ref: EntryRef, signal?: AbortSignal): Promise<StoredEntry | undefined> {
    const keys = [this.keys.entry(ref), this.keys.generation(ref.tenant), this.keys.groupFence(ref.tenant)];
    const [text, generation, groups] = await this.#call('get', signal, (o) => this.store.getMany(keys, o));
    if (text === undefined) return undefined;
    const entry = await this.#trusted({ ref, text });
    if (entry && entry.generation === Number(generation ?? 0)) {
      // Mostly no tag or subject of the tenant was purged since, and none has to be asked for.
      if (entry.groups === Number(groups ?? 0) || (await this.#groupsHold(ref, entry, signal))) return entry;
    }
    // Nobody waits for this: the entry is not served either way. What was written since stays.
    void this.replace({ ref, text }, undefined).then(
      (removed) => void (removed && this.gone(ref)),
      () => {},
    );
    return undefined;
  }

  purges(ref: EntryRef, signal?: AbortSignal): Promise<Purges> {
    return this.#purgesWith(ref, [], signal).then(({ purges }) => purges);
  }

  /**
   * Keeps the entry until `staleUntil`, and gives what now lies there; `undefined`, and keeps nothing, where a purge that
   * concerns it has begun since `mark` was read.
   */
  async write(
    ref: EntryRef,
    entry: Written,
    o: { now: number; mark?: Purges | undefined; signal?: AbortSignal | undefined },
  ): Promise<Row | undefined> {
    const { now, mark, signal } = o;
    const { tags, subjects } = entry;
    const groups = this.keys.groupsOf(ref.tenant, entry);
    const { purges, counts } = await this.#purgesWith(ref, groups, signal);
    if (mark && differs(mark, purges, groups.length > 0)) return undefined;
    const labels = [...tags, ...subjects].map((label, at): Counted => [label, counts[at]!]);
    const { generation, groups: fence } = purges;
    const counted = { tags: labels.slice(0, tags.length), subjects: labels.slice(tags.length) };
    const row: Row = { ref, text: await this.#sealed(ref, { ...entry, ...counted, generation, groups: fence }) };
    await this.#call('set', signal, (o) => this.store.set(this.keys.entry(ref), row.text, entry.staleUntil - now, o));
    // A purge of one entry, and the erasure of a person, count first and delete then: whoever comes second deletes.
    const people = groups.slice(tags.length);
    if (!mark && people.length === 0) return row;
    const after = await this.#purgesWith(ref, people, signal);
    const erased = after.counts.some((count, at) => count !== counts[tags.length + at]);
    if (!erased && (!mark || after.purges.name === mark.name)) return row;
    await this.replace(row, undefined, signal);
    return undefined;
  }

  /** Entries of a tenant as they lie there, true or not, some page at a time; a page may be empty though more follow. */
  async rows(tenant: string, page: PageRequest): Promise<{ rows: Row[]; cursor: string | undefined }> {
    const { refs, cursor } = await this.#refs(tenant, page);
    return { rows: await this.rowsOf(refs), cursor };
  }

  /** Those of the entries that lie there. */
  async rowsOf(refs: readonly EntryRef[]): Promise<Row[]> {
    const keys = refs.map((ref) => this.keys.entry(ref));
    const texts = await this.#call('get', undefined, (o) => this.store.getMany(keys, o));
    return refs.flatMap((ref, at) => (texts[at] === undefined ? [] : [{ ref, text: texts[at] }]));
  }

  /** What was sealed for its place; `undefined` for anything else, about which nobody is told. */
  async opened(row: Row): Promise<StoredEntry | undefined> {
    const found = await this.#open(row);
    return typeof found === 'string' ? undefined : found;
  }

  /** Seals anew what was sealed under a former key. Gives whether it did: not where the row has changed, or does not open. */
  async reseal(row: Row): Promise<boolean> {
    const place = placeOf(row.ref);
    const sealed = bytesOf(row.text);
    try {
      if (await this.sealer.isCurrent(sealed, place)) return false;
      const anew = await this.sealer.seal(await this.sealer.open(sealed, place), place);
      return await this.replace(row, base64Of(anew));
    } catch (error) {
      if (unreadableReason(error)) return false;
      throw error;
    }
  }

  /** Puts a text in the place of a row, for the life that is left; without a text deletes it. `false` where the row has changed. */
  replace({ ref, text }: Row, next: string | undefined, signal?: AbortSignal): Promise<boolean> {
    return this.#call('replace', signal, (o) => this.store.replace(this.keys.entry(ref), text, next, o));
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

  /** Entries of a tenant that are true and that `serves` lets pass; paged as `rows`. */
  async list(tenant: string, page: PageRequest, serves: (entry: StoredEntry) => boolean): Promise<EntryPage> {
    const { refs, cursor } = await this.#refs(tenant, page);
    const read = await Promise.all(refs.map((ref) => this.read(ref)));
    const entries = read.flatMap((entry, at) => (entry && serves(entry) ? servedEntry(refs[at]!.name, entry) : []));
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

  /** What was sealed for its place; anything else is announced. */
  async #trusted(row: Row): Promise<StoredEntry | undefined> {
    const found = await this.#open(row);
    if (typeof found !== 'string') return found;
    announce('cache.rejected', { tier: this.tier, reason: found });
    return undefined;
  }

  /** What was sealed for its place, or why it cannot be read. */
  async #open({ ref, text }: Row) {
    try {
      return decodeEntry(await this.sealer.open(bytesOf(text), placeOf(ref))) ?? 'malformed';
    } catch (error) {
      const reason = unreadableReason(error);
      if (!reason) throw error;
      return reason;
    }
  }

  async #refs(tenant: string, { cursor: after, limit }: PageRequest) {
    const prefix = this.keys.entriesOf(tenant);
    const page = { limit, ...(after !== undefined && { cursor: after }) };
    const { keys, cursor } = await this.#call('list', undefined, (o) => this.store.list(prefix, page, o));
    return { refs: keys.map((key): EntryRef => ({ tenant, name: key.slice(prefix.length) })), cursor };
  }

  /** Whether no tag or subject of the entry was purged since it was written. */
  async #groupsHold({ tenant }: EntryRef, { tags, subjects }: StoredEntry, signal?: AbortSignal): Promise<boolean> {
    const then = [...tags, ...subjects];
    if (then.length === 0) return true;
    const [ofTags, ofSubjects] = [tags, subjects].map((labels) => labels.map(([label]) => label));
    const groups = this.keys.groupsOf(tenant, { tags: ofTags!, subjects: ofSubjects! });
    const counts = await this.#call('get', signal, (o) => this.store.counters(groups, o));
    return then.every(([, count], at) => count === counts[at]);
  }

  async #sealed(ref: EntryRef, entry: StoredEntry): Promise<string> {
    return base64Of(await this.sealer.seal(encodeEntry(entry), placeOf(ref)));
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

  #call<T>(
    operation: StoreCall,
    signal: AbortSignal | undefined,
    run: (options: { signal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { tier } = this;
    const call = () => run(signal ? { signal } : {});
    return followed({ kind: 'tier', tier, operation }, () => toldCall({ tier, operation }, call, signal));
  }
}

function placeOf({ tenant, name }: EntryRef) {
  return { tenant, purpose: PURPOSE, name };
}

function differs(mark: Purges, now: Purges, grouped: boolean): boolean {
  return mark.generation !== now.generation || mark.name !== now.name || (grouped && mark.groups !== now.groups);
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
