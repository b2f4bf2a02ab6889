// Records of this process alone: for libraries and tests, gone with the process.
import {
  type Added,
  type HeldItem,
  type Holding,
  type JournalLine,
  type PutOptions,
  type RecordPage,
  Records,
  type TallyChange,
} from './records.js';

interface Kept<T> {
  value: T;
  endsAt: number;
}

/** After so many writes, what has ended is let go of. */
const WRITES_BETWEEN_SWEEPS = 1000;

export class MemoryRecords extends Records {
  readonly backend = 'memory';
  readonly durable = false;
  readonly shared = false;
  readonly #records = new Map<string, Kept<string>>();
  readonly #tallies = new Map<string, Kept<Map<string, number>>>();
  readonly #accounts = new Map<string, Map<string, HeldItem>>();
  readonly #journals = new Map<string, string[]>();
  #writes = 0;

  constructor(private readonly now: () => number = Date.now) {
    super();
  }

  /** Records and tallies that are held, some of them past their end. */
  get size(): number {
    return this.#records.size + this.#tallies.size;
  }

  async get(key: string): Promise<string | undefined> {
    return this.#alive(this.#records, key);
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return keys.map((key) => this.#alive(this.#records, key));
  }

  async put(key: string, value: string, o: PutOptions = {}): Promise<void> {
    this.#sweepAtTimes();
    this.#records.set(key, { value, endsAt: this.#end(o.ttlMs) });
  }

  async claim(key: string, value: string, o: PutOptions = {}): Promise<{ claimed: boolean; value: string }> {
    const there = this.#alive(this.#records, key);
    if (there !== undefined) return { claimed: false, value: there };
    await this.put(key, value, o);
    return { claimed: true, value };
  }

  async replace(key: string, expected: string, value: string | undefined, o: PutOptions = {}): Promise<boolean> {
    if (this.#alive(this.#records, key) !== expected) return false;
    if (value === undefined) this.#records.delete(key);
    else await this.put(key, value, o);
    return true;
  }

  async delete(keys: readonly string[]): Promise<number> {
    const there = keys.map((key) => this.#alive(this.#records, key) ?? this.#alive(this.#tallies, key));
    for (const key of keys) {
      this.#records.delete(key);
      this.#tallies.delete(key);
    }
    return there.filter((one) => one !== undefined).length;
  }

  async list(prefix: string, page: { cursor?: string | undefined; limit: number }): Promise<RecordPage> {
    const after = page.cursor ?? '';
    const keys = [...this.#records.keys()]
      .filter((key) => key.startsWith(prefix) && key > after && this.#alive(this.#records, key) !== undefined)
      .sort();
    const records = keys.slice(0, page.limit).map((key) => ({ key, value: this.#records.get(key)!.value }));
    return { records, cursor: keys.length > page.limit ? records.at(-1)!.key : undefined };
  }

  async add(changes: readonly TallyChange[]): Promise<number[]> {
    return changes.map(({ key, field, by, ttlMs }) => {
      const tally = this.#tally(key, ttlMs);
      const sum = (tally.get(field) ?? 0) + by;
      tally.set(field, sum);
      return sum;
    });
  }

  async addWithin(changes: readonly TallyChange[]): Promise<Added> {
    const asked = new Map<string, number>();
    const sums = changes.map(({ key, field, by }) => {
      const place = `${key} ${field}`;
      const sum = (asked.get(place) ?? this.#alive(this.#tallies, key)?.get(field) ?? 0) + by;
      asked.set(place, sum);
      return sum;
    });
    const over = changes.findIndex(({ limit, by }, at) => limit !== undefined && by > 0 && sums[at]! > limit);
    if (over < 0) return { added: true, sums: await this.add(changes) };
    const now = changes.map(({ key, field }) => this.#alive(this.#tallies, key)?.get(field) ?? 0);
    return { added: false, sums: now, over };
  }

  async tallies(keys: readonly string[]): Promise<Record<string, number>[]> {
    return keys.map((key) => Object.fromEntries(this.#alive(this.#tallies, key) ?? []));
  }

  async hold(
    account: string,
    held: HeldItem,
    limits: { items?: number | undefined; bytes?: number | undefined },
    now: number,
  ): Promise<Holding & { held: boolean }> {
    const items = this.#account(account, now);
    const before = sumOf(items);
    const former = items.get(held.item);
    const after = {
      items: before.items + (former ? 0 : 1),
      bytes: before.bytes + held.bytes - (former?.bytes ?? 0),
    };
    const fits = after.items <= (limits.items ?? Infinity) && after.bytes <= (limits.bytes ?? Infinity);
    if (fits) items.set(held.item, held);
    return { ...(fits ? after : before), held: fits };
  }

  async release(account: string, items?: readonly string[]): Promise<void> {
    if (!items) this.#accounts.delete(account);
    else for (const item of items) this.#accounts.get(account)?.delete(item);
  }

  async holding(account: string, now: number): Promise<Holding> {
    return sumOf(this.#account(account, now));
  }

  async append(journal: string, after: number, line: string): Promise<boolean> {
    const lines = this.#journals.get(journal) ?? [];
    if (lines.length !== after) return false;
    lines.push(line);
    this.#journals.set(journal, lines);
    return true;
  }

  async lines(journal: string, from: number, limit: number): Promise<JournalLine[]> {
    const lines = this.#journals.get(journal) ?? [];
    return lines.slice(from - 1, from - 1 + limit).map((line, at) => ({ number: from + at, line }));
  }

  async last(journal: string): Promise<JournalLine | undefined> {
    const lines = this.#journals.get(journal) ?? [];
    return lines.length === 0 ? undefined : { number: lines.length, line: lines.at(-1)! };
  }

  async health(): Promise<void> {}

  async close(): Promise<void> {
    for (const one of [this.#records, this.#tallies, this.#accounts, this.#journals]) one.clear();
  }

  #alive<T>(kept: Map<string, Kept<T>>, key: string): T | undefined {
    const found = kept.get(key);
    if (!found || this.now() < found.endsAt) return found?.value;
    kept.delete(key);
    return undefined;
  }

  #sweepAtTimes(): void {
    if (++this.#writes % WRITES_BETWEEN_SWEEPS !== 0) return;
    for (const kept of [this.#records, this.#tallies]) {
      for (const key of kept.keys()) this.#alive<unknown>(kept, key);
    }
  }

  #end(ttlMs: number | undefined): number {
    return ttlMs === undefined ? Infinity : this.now() + ttlMs;
  }

  #tally(key: string, ttlMs: number | undefined): Map<string, number> {
    const there = this.#alive(this.#tallies, key);
    if (there) return there;
    this.#sweepAtTimes();
    const value = new Map<string, number>();
    this.#tallies.set(key, { value, endsAt: this.#end(ttlMs) });
    return value;
  }

  #account(account: string, now: number): Map<string, HeldItem> {
    const items = this.#accounts.get(account) ?? new Map<string, HeldItem>();
    this.#accounts.set(account, items);
    for (const [item, { endsAt }] of items) if (endsAt <= now) items.delete(item);
    return items;
  }
}

function sumOf(items: Map<string, HeldItem>): Holding {
  let bytes = 0;
  for (const one of items.values()) bytes += one.bytes;
  return { items: items.size, bytes };
}
