// Where answers are kept and how long they are true; the names they are kept under.
export { type CacheConfig, cacheSection } from './cache.section.js';
export { canonicalKey, type KeyParts } from './canonical-key.js';
export type { Entry, EntryDraft, EntryRef, Found, Origin } from './entry.js';
export { KEY_PROFILES, type KeyProfile, normalise } from './normalise.js';
export { type OpenCacheOptions, openCache } from './open-cache.js';
export { RedisStore } from './stores/redis-store.js';
export { SqliteStore, type SqliteStoreOptions } from './stores/sqlite-store.js';
export {
  type EntryPage,
  type FillMark,
  type KeepOptions,
  type Kept,
  type LookOptions,
  type Purged,
  TieredCache,
} from './tiered-cache.js';
