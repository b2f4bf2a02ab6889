// selectCache(): a cache for a program of your own, chosen by options or by the same variables as the server's.
import { randomBytes } from 'node:crypto';
import { type CacheConfig, cacheSection, type EntryDraft, type EntryRef, openCache, type TieredCache } from '#cache';
import { environmentSources, type RuntimeConfig, readConfig, runtimeSection, type Sources } from '#config';
import { type CryptoConfig, cryptoSection, type KeyNames, keyNamesFrom, openSealer } from '#crypto';
import { Secret } from '#ports';
import { openBus, openRecords, openRedis, type RecordsConfig, recordsSection } from '#records';

/** What is left out comes from the environment (see docs/CONFIGURATION.md), but for the backend, which is `memory`. */
export interface CacheOptions {
  /** Default: CACHE_BACKEND, else `memory`. */
  backend?: 'memory' | 'sqlite' | 'redis';
  redisUrl?: string;
  /** Folder of the SQLite file. */
  dataDir?: string;
  /** base64 of 32 bytes: seals everything that leaves the process. */
  encryptionKey?: string;
  /** At least 32 characters. Programs that share a store must share it. Needed for `sqlite` and `redis`. */
  keyNameSecret?: string;
  /** Seconds for which an entry is kept where `set` does not say. */
  ttl?: number;
  /** Size of the memory tier, e.g. `64MiB`. */
  memoryMax?: string;
  /** Parts one store among several uses. */
  tenant?: string;
}

/**
 * Makes a cache. Nothing is opened until it is first used.
 *
 * ```ts
 * const cache = selectCache();
 * await cache.set('key', { payload: true }, 60);
 * const value = await cache.get('key');
 * ```
 */
export function selectCache(options: CacheOptions = {}): LibraryCache {
  return new LibraryCache(options);
}

/**
 * Values are JSON: what `JSON.stringify` keeps comes back. What the cache cannot do fails with a `Failure`, whose `code`
 * is stable; a value without a JSON form is a TypeError, a `ttl` that is no time a RangeError.
 */
export class LibraryCache {
  private opened: Promise<Opened> | undefined;
  private readonly tenant: string;

  constructor(private readonly options: CacheOptions = {}) {
    this.tenant = options.tenant ?? 'library';
  }

  /** The value; `undefined` where there is none, or it has ended. */
  async get<T = unknown>(key: string): Promise<T | undefined> {
    const { cache, ref } = await this.at(key);
    const found = await cache.look(ref);
    return found?.state === 'fresh' ? (JSON.parse(found.entry.json) as T) : undefined;
  }

  /** Keeps a value for `ttl` seconds, more than 0 and no longer than CACHE_TTL_MAX. */
  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    const draft = draftOf(value, ttl);
    const { cache, ref } = await this.at(key);
    await cache.keep(ref, draft);
  }

  /**
   * The value that is kept, else what `make` gives, which is then kept (`undefined` is not). Many who ask at once wait
   * for one `make`. What is deleted or set while it is being made stays so.
   */
  async wrap<T>(key: string, make: () => Promise<T>, ttl?: number): Promise<T> {
    const { cache, ref } = await this.at(key);
    return cache.flight(ref, async () => {
      const kept = await this.get<T>(key);
      if (kept !== undefined) return kept;
      const mark = await cache.mark(ref);
      const made = await make();
      if (made !== undefined) await cache.keep(ref, draftOf(made, ttl), { mark });
      return made;
    });
  }

  async delete(key: string): Promise<void> {
    const { cache, ref } = await this.at(key);
    await cache.forget(ref);
  }

  /** Forgets everything of this cache's tenant. */
  async clear(): Promise<void> {
    const { cache } = await this.open();
    await cache.forgetTenant(this.tenant);
  }

  /** Releases files and connections. May be called twice; the next use opens again. */
  async close(): Promise<void> {
    const opened = await this.opened?.catch(() => undefined);
    this.opened = undefined;
    await opened?.close();
  }

  private async at(key: string): Promise<{ cache: TieredCache; ref: EntryRef }> {
    const { cache, names } = await this.open();
    return { cache, ref: { tenant: this.tenant, name: names.name(`library\0${this.tenant}\0${key}`) } };
  }

  private open(): Promise<Opened> {
    this.opened ??= openAll(this.options).catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }
}

function draftOf(value: unknown, ttl: number | undefined): EntryDraft {
  const json = JSON.stringify(value);
  if (json === undefined) throw new TypeError('The value has no JSON form (undefined, a function or a symbol).');
  if (ttl !== undefined && !(ttl > 0)) throw new RangeError('ttl must be a number of seconds above 0.');
  return { json, origin: 'written', ...(ttl !== undefined && { ttlMs: ttl * 1000 }) };
}

interface LibraryConfig {
  runtime: RuntimeConfig;
  cache: CacheConfig;
  records: RecordsConfig;
  crypto: CryptoConfig;
}

interface Opened {
  cache: TieredCache;
  names: KeyNames;
  close(): Promise<void>;
}

async function openAll(options: CacheOptions): Promise<Opened> {
  const config = readConfig([runtimeSection, cacheSection, recordsSection, cryptoSection], sourcesOf(options));
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const part of opened.toReversed()) await part.close();
  };
  try {
    const names = namesOf(config.cache, config.crypto);
    const cache = await openParts(config, names, (part) => {
      opened.push(part);
      return part;
    });
    return { cache, names, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openParts(
  { runtime: { plugins, dataDir }, cache, records: { backend }, crypto }: LibraryConfig,
  names: KeyNames,
  opened: <T extends { close(): Promise<void> }>(part: T) => T,
): Promise<TieredCache> {
  // What leaves the process is sealed under data keys that other programs over the same store must find.
  const recordsBackend = cache.backend === 'memory' ? 'memory' : (backend ?? cache.backend);
  const usesRedis = cache.backend === 'redis' || recordsBackend === 'redis';
  const redis = usesRedis ? opened(openRedis(cache)) : undefined;
  await redis?.opened();
  const place = { backend: recordsBackend, dataDir, redisPrefix: cache.redisPrefix };
  const bus = opened(openBus(place, redis));
  const records = opened(await openRecords({ ...place, redis }));
  const sealer = opened(await openSealer(crypto, { plugins, records, bus }));
  return opened(await openCache(cache, { dataDir, sealer, names, redis, bus }));
}

/** What only this process can read needs no lasting name; what outlives it does. */
function namesOf(cache: CacheConfig, crypto: Parameters<typeof keyNamesFrom>[0]): KeyNames {
  const lasting = cache.backend !== 'memory';
  return keyNamesFrom(crypto, lasting ? undefined : new Secret(randomBytes(32).toString('hex')));
}

/** Options stand before the environment, under the names that the sections know. */
function sourcesOf(options: CacheOptions): Sources {
  const environment = environmentSources();
  const given: Record<string, string | undefined> = {
    CACHE_BACKEND: options.backend,
    REDIS_URL: options.redisUrl,
    DATA_DIR: options.dataDir,
    CACHE_ENCRYPTION_KEY: options.encryptionKey,
    KEY_NAME_SECRET: options.keyNameSecret,
    CACHE_TTL: options.ttl === undefined ? undefined : `${options.ttl}s`,
    CACHE_MEMORY_MAX: options.memoryMax,
  };
  const fallback: Record<string, string> = { CACHE_BACKEND: 'memory' };
  return {
    lookUp(env, secret) {
      const text = given[env];
      if (text !== undefined) return { text, source: 'options of selectCache' };
      const found = environment.lookUp(env, secret);
      return found ?? (fallback[env] ? { text: fallback[env], source: 'default' } : undefined);
    },
  };
}
