// Goes through what is kept of a tenant, page by page: to show, erase, seal anew, try, or take out what is too old.
import { announce } from '#ports';
import { type Entry, type LifeLimit, outlived, stateOf } from './entry.js';
import type { StoredEntry } from './entry-format.js';
import type { Change, Invalidations } from './invalidations.js';
import type { Keyspace } from './keyspace.js';
import type { MemoryTier } from './memory-tier.js';
import type { StorageQuota } from './storage-quota.js';
import type { EntryPage, PageRequest, Row, StoredTier } from './stored-tier.js';

export interface UpkeepParts {
  memory: MemoryTier;
  stored: StoredTier | undefined;
  keys: Keyspace;
  invalidations: Invalidations;
  quota: StorageQuota | undefined;
  lifeLimit: LifeLimit | undefined;
  now: () => number;
}

export interface Erased {
  /** Entries about the person that lay in the store or in this process's memory, and are deleted. */
  erased: number;
  /** Stored entries that could not be opened, of which nobody can tell whom they are about: deleted too. */
  unreadable: number;
}

export interface Resealed {
  seen: number;
  resealed: number;
  cursor: string | undefined;
}

/** Of the stored entries that were tried. */
export interface Probed {
  readable: number;
  unreadable: number;
}

export interface Removed {
  seen: number;
  removed: number;
  cursor: string | undefined;
}

const ROWS_PER_STEP = 200;

/** Fails with `cache.store_unavailable` where the store does not answer, and as the sealer does. */
export class Upkeep {
  /** Tenants in whose entries something was purged that has yet to be deleted. */
  readonly #due = new Set<string>();
  #sweeping: Promise<void> | undefined;
  #closed = false;

  constructor(private readonly parts: UpkeepParts) {}

  async entries(tenant: string, page: PageRequest): Promise<EntryPage> {
    const { memory, stored, keys } = this.parts;
    const serves = (entry: Times) => this.#serves(tenant, entry);
    if (stored) return stored.list(tenant, page, serves);
    return pageOf(memory.entriesOf(keys.tenantTag(tenant)).filter(serves), page);
  }

  async entriesAbout(tenant: string, subject: string, page: PageRequest): Promise<EntryPage> {
    const { memory, stored, keys } = this.parts;
    const near = memory
      .entriesIn(keys.tenantTag(tenant), keys.group('subject', tenant, subject))
      .filter((entry) => this.#serves(tenant, entry));
    if (!stored) return pageOf(near, page);
    const found = await stored.list(tenant, page, (entry) => isAbout(entry, subject) && this.#serves(tenant, entry));
    if (page.cursor !== undefined) return found;
    return { entries: [...(await this.#inMemoryOnly(stored, tenant, near)), ...found.entries], cursor: found.cursor };
  }

  async eraseSubject(tenant: string, subject: string): Promise<Erased> {
    const { memory, stored, keys, invalidations } = this.parts;
    const group = keys.group('subject', tenant, subject);
    const change: Change = { kind: 'group', tenant: keys.tenantTag(tenant), group };
    const erased = new Set<string>();
    const leaveMemory = () => {
      for (const { name } of memory.entriesIn(change.tenant, group)) erased.add(name);
      invalidations.apply(change);
    };
    leaveMemory();
    await stored?.forgetGroup(tenant, group);
    leaveMemory(); // Until the store knew, a reader may have brought an entry back from it.
    await invalidations.spread(change);
    const unreadable = stored ? await this.#deleteAbout(stored, tenant, subject, erased) : 0;
    await this.release(tenant, [...erased]);
    announce('cache.purge', { tenant, scope: 'subject', purged: erased.size });
    return { erased: erased.size, unreadable };
  }

  async reseal(tenant: string, page: PageRequest): Promise<Resealed> {
    const { stored } = this.parts;
    if (!stored) return { seen: 0, resealed: 0, cursor: undefined };
    const { rows, cursor } = await stored.rows(tenant, page);
    const resealed = await Promise.all(rows.map((row) => stored.reseal(row)));
    return { seen: rows.length, resealed: resealed.filter(Boolean).length, cursor };
  }

  async probe(tenant: string, limit: number): Promise<Probed> {
    let [readable, unreadable] = [0, 0];
    for await (const rows of this.#steps(tenant)) {
      const some = rows.slice(0, limit - readable - unreadable);
      const opened = (await this.#opened(some)).filter(({ entry }) => entry).length;
      readable += opened;
      unreadable += some.length - opened;
      if (readable + unreadable >= limit) break;
    }
    return { readable, unreadable };
  }

  async removeOlder(tenant: string, createdBefore: number, page: PageRequest): Promise<Removed> {
    const { memory, stored, keys } = this.parts;
    const isOld = ({ createdAt }: Pick<Entry, 'createdAt'>) => createdAt < createdBefore;
    const inMemory = memory.entriesOf(keys.tenantTag(tenant));
    const near = inMemory.filter(isOld);
    if (!stored) {
      await this.#removed(tenant, near.map(nameOf));
      return { seen: inMemory.length, removed: near.length, cursor: undefined };
    }
    const { rows, cursor } = await stored.rows(tenant, page);
    const old = (await this.#inMemoryOnly(stored, tenant, near)).map(nameOf);
    for (const { row, entry } of await this.#opened(rows)) {
      if (entry && isOld(entry) && (await stored.replace(row, undefined))) old.push(row.ref.name);
    }
    await this.#removed(tenant, old);
    return { seen: rows.length, removed: old.length, cursor };
  }

  /** Takes entries out of the tenant's account; without names, all. Never rejects: what is held ends by itself. */
  async release(tenant: string, names?: readonly string[]): Promise<void> {
    if (names?.length === 0) return;
    await this.parts.quota?.release(tenant, names).catch(() => {});
  }

  /**
   * Some of the tenant's entries were purged, among them those that were near: where account is kept of them, they leave
   * it, and those in the store are soon deleted.
   */
  purged(tenant: string, near: readonly Entry[]): void {
    const { quota } = this.parts;
    if (!quota || quota.counts?.(tenant) === false) return;
    if (!this.parts.stored) return void this.release(tenant, near.map(nameOf));
    this.#due.add(tenant);
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
  }

  /** May be called twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#sweeping;
  }

  /** Reading an entry that was purged deletes it. */
  async #sweep(): Promise<void> {
    for (const tenant of this.#due) {
      this.#due.delete(tenant);
      let cursor: string | undefined;
      do {
        const page = await this.parts.stored!.list(tenant, { cursor, limit: ROWS_PER_STEP }, () => false).catch(noPage);
        cursor = page.cursor;
      } while (cursor !== undefined && !this.#closed);
    }
  }

  /** Gives how many could not be opened. */
  async #deleteAbout(stored: StoredTier, tenant: string, subject: string, erased: Set<string>): Promise<number> {
    let unreadable = 0;
    for await (const rows of this.#steps(tenant)) {
      for (const { row, entry } of await this.#opened(rows)) {
        if (entry && !isAbout(entry, subject)) continue;
        if (!(await stored.replace(row, undefined))) continue;
        if (entry) erased.add(row.ref.name);
        else unreadable++;
      }
    }
    return unreadable;
  }

  async *#steps(tenant: string): AsyncGenerator<Row[]> {
    const { stored } = this.parts;
    let cursor: string | undefined;
    do {
      const page = await stored?.rows(tenant, { cursor, limit: ROWS_PER_STEP });
      yield page?.rows ?? [];
      cursor = page?.cursor;
    } while (cursor !== undefined);
  }

  #opened(rows: readonly Row[]): Promise<{ row: Row; entry: StoredEntry | undefined }[]> {
    return Promise.all(rows.map(async (row) => ({ row, entry: await this.parts.stored!.opened(row) })));
  }

  /** What the store did not take. */
  async #inMemoryOnly(stored: StoredTier, tenant: string, near: readonly Entry[]): Promise<Entry[]> {
    if (near.length === 0) return [];
    const rows = await stored.rowsOf(near.map(({ name }) => ({ tenant, name })));
    const there = new Set(rows.map(({ ref }) => ref.name));
    return near.filter(({ name }) => !there.has(name));
  }

  async #removed(tenant: string, names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const change: Change = { kind: 'removed', names };
    this.parts.invalidations.apply(change);
    await this.parts.invalidations.spread(change);
    await this.release(tenant, names);
  }

  #serves(tenant: string, entry: Times): boolean {
    const now = this.parts.now();
    return stateOf(entry, now) !== undefined && !outlived(this.parts.lifeLimit, tenant, entry, now);
  }
}

type Times = Pick<Entry, 'createdAt' | 'expiresAt' | 'staleUntil'>;

function isAbout({ subjects }: StoredEntry, subject: string): boolean {
  return subjects.some(([one]) => one === subject);
}

function nameOf({ name }: Entry): string {
  return name;
}

function noPage(): EntryPage {
  return { entries: [], cursor: undefined };
}

/** A page of entries that are in the order of their names. */
function pageOf(entries: readonly Entry[], { cursor = '', limit }: PageRequest): EntryPage {
  const rest = entries.filter(({ name }) => name > cursor);
  const page = rest.slice(0, limit);
  return { entries: page, cursor: rest.length > limit ? page.at(-1)!.name : undefined };
}
