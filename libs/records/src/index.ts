// What the service must remember beside answers, and how its instances reach Redis and each other.
export { Bus, LocalBus, RedisBus } from './bus.js';
export { type LeaseOptions, withLease } from './lease.js';
export { MemoryRecords } from './memory-records.js';
export { type OpenRecordsOptions, openBus, openRecords, openRedis, recordsBackendOf } from './open-records.js';
export {
  type Added,
  type HeldItem,
  type Holding,
  type JournalLine,
  type PutOptions,
  type RecordEntry,
  type RecordPage,
  Records,
  type TallyChange,
} from './records.js';
export { type RecordsConfig, recordsSection } from './records.section.js';
export {
  type Hearer,
  type RedisCall,
  type RedisClient,
  RedisConnection,
  type RedisConnectionOptions,
} from './redis-connection.js';
export { RedisRecords } from './redis-records.js';
export { SqliteBus, type SqliteBusOptions } from './sqlite-bus.js';
export { nodeSqlite, sqliteModule } from './sqlite-module.js';
export { SqliteRecords, type SqliteRecordsOptions } from './sqlite-records.js';
export { Watched, type WatchedOptions } from './watched.js';
