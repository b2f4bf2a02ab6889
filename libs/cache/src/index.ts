// Where answers are kept and how long they are true; the names they are kept under.

export { type CacheConfig, cacheSection } from './cache.section.js';
export type { FillMark, KeepOptions, Kept, LookOptions, Purged } from './cache-calls.js';
export { canonicalKey, type KeyParts } from './canonical-key.js';
export {
  type Entry,
  type EntryCost,
  type EntryDraft,
  type EntryLineage,
  type EntryRef,
  type Found,
  LIFE_LIMIT,
  type LifeLimit,
  type Origin,
} from './entry.js';
export { KEY_PROFILES, type KeyProfile, normalise } from './normalise.js';
export { type OpenCacheOptions, openByteStore, openCache } from './open-cache.js';
export { StorageQuota } from './storage-quota.js';
export type { EntryPage, PageRequest } from './stored-tier.js';
export { RedisStore } from './stores/redis-store.js';
export { SqliteStore, type SqliteStoreOptions } from './stores/sqlite-store.js';
export { TieredCache } from './tiered-cache.js';
export type { Erased, Probed, Removed, Resealed } from './upkeep.js';
