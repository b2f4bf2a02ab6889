// Opens the records, the one Redis connection and the bus that the configuration asks for.
import { join } from 'node:path';
import { failure, type Secret } from '#ports';
import { type Bus, LocalBus, RedisBus } from './bus.js';
import { followedRecords } from './followed-records.js';
import { MemoryRecords } from './memory-records.js';
import type { Records } from './records.js';
import { RedisConnection } from './redis-connection.js';
import { SqliteBus } from './sqlite-bus.js';

/** Where Redis is, as the configuration of the cache says it. */
export interface RedisPlace {
  redisUrl?: Secret | undefined;
  redisPrefix: string;
  storeTimeoutMs: number;
}

export interface OpenRecordsOptions {
  backend: Records['backend'];
  /** Folder of the SQLite file. */
  dataDir: string;
  redisPrefix: string;
  /** For `redis`; stays the giver's to close. */
  redis?: RedisConnection | undefined;
  now?: () => number;
}

/** Where instances find each other. */
export interface BusPlace {
  redisPrefix: string;
  /** Folder and backend of the records. */
  dataDir?: string | undefined;
  backend?: Records['backend'] | undefined;
}

export interface BackendChoice {
  cacheBackend: 'memory' | 'sqlite' | 'redis';
  /** Unset: `redis` where the cache's is, else `sqlite`. */
  recordsBackend?: Records['backend'] | undefined;
}

/** Where the records of a server are. */
export function recordsBackendOf({ cacheBackend, recordsBackend }: BackendChoice): Records['backend'] {
  return recordsBackend ?? (cacheBackend === 'redis' ? 'redis' : 'sqlite');
}

/** @throws Failure `records.refused` where they cannot be opened. A Redis that is down does not fail. */
export async function openRecords(o: OpenRecordsOptions): Promise<Records> {
  if (o.backend === 'memory') return new MemoryRecords(o.now);
  if (o.backend === 'sqlite') {
    const { SqliteRecords } = await import('./sqlite-records.js');
    return followedRecords(SqliteRecords.open({ file: fileIn(o.dataDir), ...(o.now && { now: o.now }) }));
  }
  if (!o.redis) throw failure('records.refused', { reason: 'no Redis is configured', fix: 'Set REDIS_URL.' });
  const { RedisRecords } = await import('./redis-records.js');
  return new RedisRecords(o.redis, o.redisPrefix);
}

/** The connection of the configuration. Returns at once, whether or not Redis is up. */
export function openRedis({ redisUrl, storeTimeoutMs }: Omit<RedisPlace, 'redisPrefix'>): RedisConnection {
  if (!redisUrl)
    throw failure('cache.store_refused', { tier: 'redis', reason: 'no address is set', fix: 'Set REDIS_URL.' });
  return RedisConnection.open(redisUrl, { timeoutMs: storeTimeoutMs });
}

/** Over Redis where there is a connection, over the file where records are kept in SQLite, else within this process. */
export function openBus({ redisPrefix, dataDir, backend }: BusPlace, redis: RedisConnection | undefined): Bus {
  if (redis) return new RedisBus(redis, redisPrefix);
  return backend === 'sqlite' && dataDir !== undefined ? SqliteBus.open({ file: fileIn(dataDir) }) : new LocalBus();
}

function fileIn(dataDir: string): string {
  return join(dataDir, 'records.sqlite');
}
