// Keeps entries in Redis under keys of its own prefix, and never looks at any other.
import KeyvRedis from '@keyv/redis';
import { ByteStore, type CallOptions, failure, type KeyPage } from '#ports';
import type { RedisClient, RedisConnection } from '#records';
import { ManagedTexts } from './managed-texts.js';

/** One page of a listing looks at most so many times: SCAN passes over foreign keys too. */
const SCANS_PER_PAGE = 20;
const MOST_KEYS_PER_SCAN = 500;
/** Cursors of SCAN are unsigned numbers of 64 bits. */
const LARGEST_CURSOR = '18446744073709551615';

/** KEYS: the entry. ARGV: what must stand there, '1' where it is to be deleted, the new value. */
const REPLACE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '1' then redis.call('UNLINK', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL') end
return 1`;

/** Redis ends keys by itself, so a value is kept exactly as it is given. The connection stays its opener's to close. */
export class RedisStore extends ByteStore {
  readonly tier = 'redis';
  readonly #texts: ManagedTexts;
  readonly #replace: ReturnType<RedisConnection['script']>;

  constructor(private readonly connection: RedisConnection) {
    super();
    const adapter = new KeyvRedis(connection.client as never, { throwOnErrors: true, useUnlink: true });
    this.#texts = new ManagedTexts(adapter, {
      write: (text) => text,
      read: (row) => ({ value: row, expires: undefined }),
    });
    this.#replace = connection.script(REPLACE);
  }

  getMany(keys: readonly string[], options?: CallOptions): Promise<(string | undefined)[]> {
    return this.connection.run('get', () => this.#texts.getMany([...keys]), options);
  }

  set(key: string, value: string, ttlMs: number, options?: CallOptions): Promise<void> {
    return this.connection.run('set', () => this.#texts.set(key, value, ttlMs), options);
  }

  async replace(key: string, expected: string, value: string | undefined, options?: CallOptions): Promise<boolean> {
    const given = [expected, value === undefined ? '1' : '0', value ?? ''];
    return (await this.#replace.run([key], given, options)) === 1;
  }

  delete(keys: readonly string[], options?: CallOptions): Promise<undefined> {
    return this.connection.run('delete', async () => void (await this.#texts.delete([...keys])), options);
  }

  increment(key: string, options?: CallOptions & { idleMs?: number }): Promise<number> {
    const idleMs = options?.idleMs;
    return this.connection.run('increment', (client) => incremented(client, key, idleMs), options);
  }

  async counters(keys: readonly string[], options?: CallOptions): Promise<number[]> {
    return (await this.getMany(keys, options)).map((text) => Number(text ?? 0));
  }

  /** A page may hold somewhat more keys than asked for, or none though more follow: SCAN gives them as they come. */
  async list(prefix: string, page: { cursor?: string; limit: number }, options?: CallOptions): Promise<KeyPage> {
    const keys = new Set<string>();
    let cursor = checked(page.cursor ?? '0');
    for (let scans = 0; scans < SCANS_PER_PAGE; scans++) {
      const range = { MATCH: `${escaped(prefix)}*`, COUNT: Math.min(page.limit - keys.size, MOST_KEYS_PER_SCAN) };
      const found = await this.connection.run('list', (client) => client.scan(cursor, range), options);
      for (const key of found.keys) keys.add(String(key));
      cursor = String(found.cursor);
      if (cursor === '0' || keys.size >= page.limit) break;
    }
    return { keys: [...keys], cursor: cursor === '0' ? undefined : cursor };
  }

  /** Nothing to do: keys nobody reads any more end by themselves. */
  async retire(): Promise<undefined> {}

  async health(options?: CallOptions): Promise<void> {
    await this.connection.run('health', (client) => client.ping(), options);
  }

  async close(): Promise<void> {}
}

async function incremented(client: RedisClient, key: string, idleMs: number | undefined): Promise<number> {
  if (idleMs === undefined) return client.incr(key);
  const [count] = await client.multi().incr(key).pExpire(key, idleMs).exec();
  return Number(count);
}

/** Redis refuses what is none of its cursors, and enough refusals would have it taken for broken. @throws Failure `request.invalid` */
function checked(cursor: string): string {
  if (/^\d{1,19}$/.test(cursor) || (/^\d{20}$/.test(cursor) && cursor <= LARGEST_CURSOR)) return cursor;
  const problems = [{ path: 'cursor', code: 'cache.cursor_unknown', message: 'Must be the cursor of a page before.' }];
  throw failure('request.invalid', { part: 'cursor', count: 1 }, { problems });
}

function escaped(prefix: string): string {
  return prefix.replace(/[\\*?[\]]/g, '\\$&');
}
