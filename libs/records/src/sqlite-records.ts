// Records in one SQLite file of this machine, shared safely by processes.
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
import { NEVER, openFile } from './sqlite-file.js';
import { HOLDING, JOURNAL, RECORD, SWEEPS, TALLY } from './sqlite-sql.js';
import { type Row, Statements } from './sqlite-statements.js';

export interface SqliteRecordsOptions {
  /** Path of the file; its folder is made when absent. */
  file: string;
  sweepEveryMs?: number;
  now?: () => number;
}

const ROWS_PER_SWEEP = 500;
/** Fields hold any character, so a key and a field are told apart by one that keys do not have. */
const placeOf = ({ key, field }: TallyChange) => `${key}\n${field}`;

/**
 * Records and journals wait for the disk: neither a killed process nor a power cut loses what was acknowledged. Tallies
 * and holdings do not wait: a power cut may lose the last of them, a killed process none. Calls run on this thread.
 */
export class SqliteRecords extends Records {
  readonly backend = 'sqlite';
  readonly durable = true;
  readonly shared = true;
  readonly #timer: NodeJS.Timeout;

  private constructor(
    private readonly safe: Statements,
    private readonly fast: Statements,
    private readonly now: () => number,
    sweepEveryMs: number,
  ) {
    super();
    this.#timer = setInterval(() => void this.sweep().catch(() => {}), sweepEveryMs).unref();
  }

  /** @throws Failure `records.refused`, with the reason and what to do */
  static open({ file, sweepEveryMs = 30_000, now = Date.now }: SqliteRecordsOptions): SqliteRecords {
    const safe = new Statements(openFile(file, 'full'));
    return new SqliteRecords(safe, new Statements(openFile(file, 'normal')), now, sweepEveryMs);
  }

  async get(key: string): Promise<string | undefined> {
    return this.safe.get(RECORD.get, key, this.now())?.value as string | undefined;
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    return this.safe.atOnce(() =>
      keys.map((key) => this.safe.get(RECORD.get, key, this.now())?.value as string | undefined),
    );
  }

  async put(key: string, value: string, { ttlMs }: PutOptions = {}): Promise<void> {
    this.safe.run(RECORD.put, key, value, this.#end(ttlMs));
  }

  async claim(key: string, value: string, { ttlMs }: PutOptions = {}): Promise<{ claimed: boolean; value: string }> {
    return this.safe.atomically(() => {
      if (this.safe.run(RECORD.claim, key, value, this.#end(ttlMs), this.now()) === 1) return { claimed: true, value };
      return { claimed: false, value: this.safe.get(RECORD.get, key, 0)!.value as string };
    });
  }

  async replace(key: string, expected: string, value: string | undefined, { ttlMs }: PutOptions = {}) {
    const changed =
      value === undefined
        ? this.safe.run(RECORD.deleteThis, key, expected, this.now())
        : this.safe.run(RECORD.replace, key, expected, this.now(), value, this.#end(ttlMs));
    return changed === 1;
  }

  async delete(keys: readonly string[]): Promise<number> {
    const now = this.now();
    return this.safe.atomically(() => {
      let there = 0;
      for (const key of keys) {
        const alive = this.safe.get(RECORD.get, key, now) ?? this.safe.get(TALLY.alive, key, now);
        this.safe.run(RECORD.delete, key);
        this.safe.run(TALLY.delete, key);
        if (alive) there++;
      }
      return there;
    });
  }

  async list(prefix: string, { cursor, limit }: { cursor?: string | undefined; limit: number }): Promise<RecordPage> {
    // Keys hold ASCII below 0x7f only.
    const found = this.safe.all(RECORD.list, prefix, `${prefix}\x7f`, cursor ?? '', this.now(), limit + 1);
    const records = found.slice(0, limit).map(({ key, value }) => ({ key: String(key), value: String(value) }));
    return { records, cursor: found.length > limit ? records.at(-1)!.key : undefined };
  }

  async add(changes: readonly TallyChange[]): Promise<number[]> {
    return this.fast.atomically(() => this.#add(changes));
  }

  async addWithin(changes: readonly TallyChange[]): Promise<Added> {
    return this.fast.atomically(() => {
      const before = changes.map(({ key, field }) => this.#sum(key, field));
      const asked = new Map<string, number>();
      const over = changes.findIndex((change, at) => {
        const sum = (asked.get(placeOf(change)) ?? before[at]!) + change.by;
        asked.set(placeOf(change), sum);
        return change.limit !== undefined && change.by > 0 && sum > change.limit;
      });
      return over < 0 ? { added: true, sums: this.#add(changes) } : { added: false, sums: before, over };
    });
  }

  async tallies(keys: readonly string[]): Promise<Record<string, number>[]> {
    const now = this.now();
    return this.fast.atOnce(() =>
      keys.map((key) =>
        Object.fromEntries(this.fast.all(TALLY.fields, key, now).map(({ field, sum }) => [field, sum as number])),
      ),
    );
  }

  async hold(
    account: string,
    { item, bytes, endsAt }: HeldItem,
    limits: { items?: number | undefined; bytes?: number | undefined },
    now: number,
  ): Promise<Holding & { held: boolean }> {
    return this.fast.atomically(() => {
      const before = this.#holding(account, now);
      const former = this.fast.get(HOLDING.item, account, item);
      const after = {
        items: before.items + (former ? 0 : 1),
        bytes: before.bytes + bytes - Number(former?.bytes ?? 0),
      };
      const fits = after.items <= (limits.items ?? Infinity) && after.bytes <= (limits.bytes ?? Infinity);
      if (fits) this.fast.run(HOLDING.hold, account, item, bytes, Math.min(NEVER, Math.round(endsAt)));
      return { ...(fits ? after : before), held: fits };
    });
  }

  async release(account: string, items?: readonly string[]): Promise<void> {
    this.fast.atomically(() => {
      if (!items) this.fast.run(HOLDING.releaseAll, account);
      else for (const item of items) this.fast.run(HOLDING.release, account, item);
    });
  }

  async holding(account: string, now: number): Promise<Holding> {
    return this.fast.atomically(() => this.#holding(account, now));
  }

  async append(journal: string, after: number, line: string): Promise<boolean> {
    return this.safe.run(JOURNAL.append, journal, after, line) === 1;
  }

  async lines(journal: string, from: number, limit: number): Promise<JournalLine[]> {
    return this.safe.all(JOURNAL.lines, journal, from, limit).map(journalLine);
  }

  async last(journal: string): Promise<JournalLine | undefined> {
    const row = this.safe.get(JOURNAL.last, journal);
    return row && journalLine(row);
  }

  async health(): Promise<void> {
    this.safe.get(RECORD.get, '', 0);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.safe.close();
    this.fast.close();
  }

  /** Deletes what has ended, a bounded number of rows. Gives how many. By itself it comes every `sweepEveryMs`. */
  async sweep(): Promise<number> {
    const now = this.now();
    return SWEEPS.reduce((swept, statement) => swept + this.fast.run(statement, now, ROWS_PER_SWEEP), 0);
  }

  #end(ttlMs: number | undefined): number {
    return ttlMs === undefined ? NEVER : Math.round(this.now() + ttlMs);
  }

  #add(changes: readonly TallyChange[]): number[] {
    const now = this.now();
    return changes.map(({ key, field, by, ttlMs }) => {
      this.fast.run(TALLY.end, key, now);
      return this.fast.get(TALLY.add, key, field, by, this.#end(ttlMs))!.sum as number;
    });
  }

  #sum(key: string, field: string): number {
    return Number(this.fast.get(TALLY.sum, key, field, this.now())?.sum ?? 0);
  }

  #holding(account: string, now: number): Holding {
    this.fast.run(HOLDING.end, account, now);
    const row = this.fast.get(HOLDING.sum, account);
    return { items: Number(row?.items ?? 0), bytes: Number(row?.bytes ?? 0) };
  }
}

function journalLine(row: Row): JournalLine {
  return { number: row.number as number, line: row.line as string };
}
