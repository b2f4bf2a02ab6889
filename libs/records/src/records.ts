// What the service must remember beside answers: small durable records, exact tallies, holdings and journals.

export interface PutOptions {
  /** The record ends after so many milliseconds. Without it, it stays. */
  ttlMs?: number | undefined;
}

export interface RecordEntry {
  key: string;
  value: string;
}

export interface RecordPage {
  records: RecordEntry[];
  /** Where the next page begins; `undefined` after the last. */
  cursor: string | undefined;
}

/** One number to be changed. A tally is a set of named whole numbers under one key. */
export interface TallyChange {
  key: string;
  field: string;
  /** A whole number; may be negative. */
  by: number;
  /** `addWithin` only: the sum may not exceed it. */
  limit?: number | undefined;
  /** The tally ends so long after its first change. Milliseconds. */
  ttlMs?: number | undefined;
}

export interface Added {
  added: boolean;
  /** The sums now, in the order of the changes. */
  sums: number[];
  /** Position of the first change that did not fit. */
  over?: number;
}

/** How much an account holds that has not ended yet. */
export interface Holding {
  items: number;
  bytes: number;
}

export interface HeldItem {
  /** 1 to 200 characters; holding the same item again replaces it. */
  item: string;
  bytes: number;
  /** Epoch milliseconds after which the item no longer counts. */
  endsAt: number;
}

export interface JournalLine {
  /** From 1, without gaps. */
  number: number;
  line: string;
}

/**
 * Durable: when a method that writes returns, a killed process does not lose it (in `memory`, it does). Atomic over
 * processes. Keys are 1 to 400 characters of `A-Za-z0-9:._~/@-`; fields 1 to 300 characters of any kind; a value is any
 * text up to 8 MiB; sums stay below 2^52. Every failure is `records.unavailable`, with the driver's error as `cause`.
 */
export abstract class Records {
  abstract readonly backend: 'memory' | 'sqlite' | 'redis';
  /** Whether a restart of everything, this process and its stores' clients, keeps the records. */
  abstract readonly durable: boolean;
  /** Whether other processes may change the same records. */
  abstract readonly shared: boolean;

  abstract get(key: string): Promise<string | undefined>;
  /** In the order of the keys. */
  abstract getMany(keys: readonly string[]): Promise<(string | undefined)[]>;
  abstract put(key: string, value: string, o?: PutOptions): Promise<void>;
  /** Puts where there is none. Gives what stands there now, and whether it was put by this call. */
  abstract claim(key: string, value: string, o?: PutOptions): Promise<{ claimed: boolean; value: string }>;
  /** Puts `value` where `expected` stands (`undefined` as value deletes it). `false` where anything else stands. */
  abstract replace(key: string, expected: string, value: string | undefined, o?: PutOptions): Promise<boolean>;
  /** Deletes records and tallies. Gives how many there were. */
  abstract delete(keys: readonly string[]): Promise<number>;
  /** Records (not tallies) whose key begins with the prefix, ordered by key. */
  abstract list(prefix: string, page: { cursor?: string | undefined; limit: number }): Promise<RecordPage>;

  /** Adds to numbers, all or none. Gives the sums. */
  abstract add(changes: readonly TallyChange[]): Promise<number[]>;
  /** Adds to numbers where no sum exceeds its limit; else changes nothing. */
  abstract addWithin(changes: readonly TallyChange[]): Promise<Added>;
  /** The numbers of tallies, in the order of the keys; `{}` for one that is absent. */
  abstract tallies(keys: readonly string[]): Promise<Record<string, number>[]>;

  /** Takes an item into an account, where the account then holds no more than `limits`; else leaves the account as it was. */
  abstract hold(
    account: string,
    held: HeldItem,
    limits: { items?: number | undefined; bytes?: number | undefined },
    now: number,
  ): Promise<Holding & { held: boolean }>;
  /** Takes items out of an account; without items, all. */
  abstract release(account: string, items?: readonly string[]): Promise<void>;
  abstract holding(account: string, now: number): Promise<Holding>;

  /** Appends the line with the number `after + 1`. `false` where the journal's last line is another than `after`. */
  abstract append(journal: string, after: number, line: string): Promise<boolean>;
  /** Lines from a number on, in order. */
  abstract lines(journal: string, from: number, limit: number): Promise<JournalLine[]>;
  abstract last(journal: string): Promise<JournalLine | undefined>;

  /** Resolves when the records answer; else fails with `records.unavailable`. */
  abstract health(): Promise<void>;
  /** Releases what is held. May be called twice. */
  abstract close(): Promise<void>;
}
