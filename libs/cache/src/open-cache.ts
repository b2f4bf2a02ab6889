// Opens the cache that the configuration asks for: the store, the bus and what stands before them.
import { join } from 'node:path';
import type { KeyNames, Sealer } from '#crypto';
import type { ByteStore } from '#ports';
import { type Bus, openBus, openRedis, type RedisConnection } from '#records';
import type { CacheConfig } from './cache.section.js';
import type { EntryRef, LifeLimit } from './entry.js';
import { Fences } from './fences.js';
import { Invalidations } from './invalidations.js';
import { Keyspace } from './keyspace.js';
import { MemoryTier } from './memory-tier.js';
import { Policy } from './policy.js';
import type { StorageQuota } from './storage-quota.js';
import { StoredTier } from './stored-tier.js';
import { RedisStore } from './stores/redis-store.js';
import { SqliteStore } from './stores/sqlite-store.js';
import { TieredCache } from './tiered-cache.js';

export interface OpenCacheOptions {
  /** Folder of the SQLite file. */
  dataDir: string;
  sealer: Sealer;
  names: KeyNames;
  /** The process's connection, for CACHE_BACKEND=redis; stays the giver's to close. One is opened where absent. */
  redis?: RedisConnection | undefined;
  /** How instances tell each other of purges; stays the giver's to close. */
  bus?: Bus | undefined;
  /** The longest life of each tenant's entries, also of those that are kept already. Asked on every look-up. */
  lifeLimit?: LifeLimit | undefined;
  quota?: StorageQuota | undefined;
  now?: () => number;
  random?: () => number;
}

/**
 * Fails with `cache.store_refused` where the SQLite file cannot be used. A Redis that is down does not fail: the cache
 * works from memory until it is up.
 */
export async function openCache(config: CacheConfig, o: OpenCacheOptions): Promise<TieredCache> {
  const { now = Date.now, random = Math.random, lifeLimit, quota } = o;
  const redis = config.backend === 'redis' ? (o.redis ?? openRedis(config)) : undefined;
  const bus = o.bus ?? openBus(config, redis);
  const keys = new Keyspace(config.redisPrefix, o.names);
  const policy = new Policy(config, random);
  const fences = new Fences();
  const store = await openByteStore(config, o.dataDir, redis);
  const gone = ({ tenant, name }: EntryRef) => void quota?.release(tenant, [name]).catch(() => {});
  // With a store behind it, what leaves memory for want of room is still kept.
  const memory = new MemoryTier(config.memoryMaxBytes, { lifeLimit, evicted: store || !quota ? undefined : gone });
  const invalidations = new Invalidations(bus, memory, fences);
  await invalidations.open();
  return new TieredCache({
    memory,
    stored: store && new StoredTier(store, o.sealer, keys, policy.longestLifeMs, gone),
    keys,
    policy,
    fences,
    invalidations,
    entryMaxBytes: config.entryMaxBytes,
    lifeLimit,
    quota,
    now,
    close: async () => {
      if (!o.bus) await bus.close();
      if (!o.redis) await redis?.close();
    },
  });
}

/** The store of CACHE_BACKEND; `undefined` for memory, which has none. `redis` stays the giver's to close. */
export async function openByteStore(
  { backend, storeTimeoutMs }: CacheConfig,
  dataDir: string,
  redis: RedisConnection | undefined,
): Promise<ByteStore | undefined> {
  if (redis) {
    await redis.opened();
    return new RedisStore(redis);
  }
  if (backend === 'memory') return undefined;
  return SqliteStore.open({ file: join(dataDir, 'cache.sqlite'), busyTimeoutMs: storeTimeoutMs });
}
