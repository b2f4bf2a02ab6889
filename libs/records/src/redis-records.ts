// Records in Redis, shared by all instances; every write is one script.
import { failure } from '#ports';
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
import type { RedisClient, RedisConnection } from './redis-connection.js';
import * as LUA from './redis-scripts.js';

type Script = ReturnType<RedisConnection['script']>;

/**
 * As lasting as Redis itself: it needs persistence (`appendonly yes`) and a maxmemory-policy of `noeviction` or
 * `volatile-*`. One server, or a primary with replicas: the scripts touch several keys, which a Cluster would spread.
 * The connection stays its opener's to close.
 */
export class RedisRecords extends Records {
  readonly backend = 'redis';
  readonly durable = true;
  readonly shared = true;
  readonly #scripts: Record<keyof typeof LUA, Script>;
  #closed = false;

  constructor(
    private readonly connection: RedisConnection,
    private readonly prefix: string,
  ) {
    super();
    const scripts = Object.entries(LUA).map(([name, lua]) => [name, connection.script(lua)]);
    this.#scripts = Object.fromEntries(scripts);
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.getMany([key]))[0];
  }

  async getMany(keys: readonly string[]): Promise<(string | undefined)[]> {
    if (keys.length === 0) return [];
    const values = await this.#run('get', (client) => client.mGet(keys.map((key) => this.#record(key))));
    return values.map((value) => (value === null ? undefined : String(value)));
  }

  async put(key: string, value: string, { ttlMs }: PutOptions = {}): Promise<void> {
    await this.#script('PUT', this.#recordKeys(key), [key, value, span(ttlMs)]);
  }

  async claim(key: string, value: string, { ttlMs }: PutOptions = {}): Promise<{ claimed: boolean; value: string }> {
    const there = await this.#script('CLAIM', this.#recordKeys(key), [key, value, span(ttlMs)]);
    return there === null ? { claimed: true, value } : { claimed: false, value: String(there) };
  }

  async replace(key: string, expected: string, value: string | undefined, { ttlMs }: PutOptions = {}) {
    const given = [key, value ?? '', span(ttlMs), expected, value === undefined ? '1' : '0'];
    return (await this.#script('REPLACE', this.#recordKeys(key), given)) === 1;
  }

  async delete(keys: readonly string[]): Promise<number> {
    const places = keys.flatMap((key) => [this.#record(key), this.#tally(key)]);
    return Number(await this.#script('DELETE', [...this.#indexKeys(), ...places], keys));
  }

  async list(prefix: string, page: { cursor?: string | undefined; limit: number }): Promise<RecordPage> {
    const [index] = this.#indexKeys();
    // Keys hold ASCII below 0x7f only.
    const end = `(${prefix}\x7f`;
    const records: RecordPage['records'] = [];
    // A cursor from before the prefix, which no page gave, opens nothing beside it.
    let from = page.cursor === undefined || page.cursor < prefix ? `[${prefix}` : `(${page.cursor}`;
    for (;;) {
      const LIMIT = { offset: 0, count: page.limit + 1 };
      const found = await this.#run('list', (client) => client.zRangeByLex(index, from, end, { LIMIT }));
      const keys = found.map(String);
      // Some may have ended without having left the index.
      const values = await this.getMany(keys);
      for (const [at, key] of keys.entries()) {
        const value = values[at];
        if (value === undefined) continue;
        if (records.length === page.limit) return { records, cursor: records.at(-1)!.key };
        records.push({ key, value });
      }
      if (keys.length <= page.limit) return { records, cursor: undefined };
      from = `(${keys.at(-1)}`;
    }
  }

  async add(changes: readonly TallyChange[]): Promise<number[]> {
    if (changes.length === 0) return [];
    const given = changes.flatMap(({ field, by, ttlMs }) => [field, String(by), span(ttlMs)]);
    return numbers(await this.#script('ADD', this.#tallyKeys(changes), given));
  }

  async addWithin(changes: readonly TallyChange[]): Promise<Added> {
    const given = changes.flatMap(({ field, by, ttlMs, limit }) => [
      field,
      String(by),
      span(ttlMs),
      limit === undefined ? '' : String(limit),
    ]);
    const [over, sums] = (await this.#script('ADD_WITHIN', this.#tallyKeys(changes), given)) as [unknown, unknown];
    const at = Number(over) - 1;
    return at < 0 ? { added: true, sums: numbers(sums) } : { added: false, sums: numbers(sums), over: at };
  }

  async tallies(keys: readonly string[]): Promise<Record<string, number>[]> {
    const read = (client: RedisClient) => Promise.all(keys.map((key) => client.hGetAll(this.#tally(key))));
    const found = await this.#run('get', read);
    return found.map((fields) =>
      Object.fromEntries(Object.entries(fields).map(([field, sum]) => [field, Number(sum)])),
    );
  }

  async hold(
    account: string,
    { item, bytes, endsAt }: HeldItem,
    limits: { items?: number | undefined; bytes?: number | undefined },
    now: number,
  ): Promise<Holding & { held: boolean }> {
    const end = Number.isFinite(endsAt) ? String(endsAt) : '+inf';
    const given = [String(now), item, String(bytes), end, limitOf(limits.items), limitOf(limits.bytes)];
    const [held, items, all] = await this.#account('HOLD', account, given);
    return { items: items!, bytes: all!, held: held === 1 };
  }

  async release(account: string, items?: readonly string[]): Promise<void> {
    if (items?.length === 0) return;
    await this.#script('RELEASE', this.#accountKeys(account), items ?? []);
  }

  async holding(account: string, now: number): Promise<Holding> {
    const [items, bytes] = await this.#account('HOLDING', account, [String(now)]);
    return { items: items!, bytes: bytes! };
  }

  async append(journal: string, after: number, line: string): Promise<boolean> {
    return (await this.#script('APPEND', [this.#journal(journal)], [String(after), line])) === 1;
  }

  async lines(journal: string, from: number, limit: number): Promise<JournalLine[]> {
    const first = Math.max(1, from);
    const range = (client: RedisClient) => client.lRange(this.#journal(journal), first - 1, first + limit - 2);
    if (limit <= 0) return [];
    const lines = await this.#run('list', range);
    return lines.map((line, at) => ({ number: first + at, line: String(line) }));
  }

  async last(journal: string): Promise<JournalLine | undefined> {
    const found = (await this.#script('LAST', [this.#journal(journal)], [])) as [unknown, unknown] | null;
    return found ? { number: Number(found[0]), line: String(found[1]) } : undefined;
  }

  async health(): Promise<void> {
    await this.#run('health', (client) => client.ping());
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** Repeats the script while the account has yet to let go of items that have ended. */
  async #account(name: 'HOLD' | 'HOLDING', account: string, given: string[]): Promise<number[]> {
    for (;;) {
      const found = await this.#script(name, this.#accountKeys(account), given);
      if (found !== null) return numbers(found);
    }
  }

  async #run<T>(operation: string, call: (client: RedisClient) => Promise<T>): Promise<T> {
    return this.#translated(() => this.connection.run(operation, call));
  }

  async #script(name: keyof typeof LUA, keys: string[], given: readonly string[]): Promise<unknown> {
    return this.#translated(() => this.#scripts[name].run(keys, [...given]));
  }

  async #translated<T>(call: () => Promise<T>): Promise<T> {
    try {
      if (this.#closed) throw new Error('The records are closed.');
      return await call();
    } catch (error) {
      throw failure('records.unavailable', { backend: this.backend }, { cause: (error as Error).cause ?? error });
    }
  }

  #record(key: string): string {
    return `${this.prefix}:r:k:${key}`;
  }

  #tally(key: string): string {
    return `${this.prefix}:r:t:${key}`;
  }

  #journal(journal: string): string {
    return `${this.prefix}:r:j:${journal}`;
  }

  #accountKeys(account: string): string[] {
    return [`${this.prefix}:r:a:${account}`, `${this.prefix}:r:ae:${account}`];
  }

  #tallyKeys(changes: readonly TallyChange[]): string[] {
    return changes.map(({ key }) => this.#tally(key));
  }

  #indexKeys(): [index: string, ends: string] {
    return [`${this.prefix}:r:index`, `${this.prefix}:r:ends`];
  }

  #recordKeys(key: string): string[] {
    return [...this.#indexKeys(), this.#record(key)];
  }
}

/** Whole milliseconds, at least one; empty for a life without end. */
function span(ttlMs: number | undefined): string {
  return ttlMs === undefined ? '' : String(Math.max(1, Math.round(ttlMs)));
}

function limitOf(limit: number | undefined): string {
  return limit === undefined ? '' : String(limit);
}

function numbers(reply: unknown): number[] {
  return (reply as unknown[]).map(Number);
}
