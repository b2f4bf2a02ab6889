// Gives the cache to the container.
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { KeyNames, Sealer } from '#crypto';
import { Bus, RedisConnection } from '#records';
import { type CacheConfig, cacheSection } from './cache.section.js';
import { LIFE_LIMIT, type LifeLimit } from './entry.js';
import { openCache } from './open-cache.js';
import { StorageQuota } from './storage-quota.js';
import { TieredCache } from './tiered-cache.js';

/** Needs the global ConfigModule, RecordsModule and CryptoModule. Takes `LIFE_LIMIT` and `StorageQuota` where they are provided globally. */
@Module({
  providers: [
    {
      provide: TieredCache,
      inject: [
        configToken(cacheSection),
        configToken(runtimeSection),
        Sealer,
        KeyNames,
        RedisConnection,
        Bus,
        { token: LIFE_LIMIT, optional: true },
        { token: StorageQuota, optional: true },
      ],
      useFactory: (
        config: CacheConfig,
        { dataDir }: RuntimeConfig,
        sealer: Sealer,
        names: KeyNames,
        redis: RedisConnection | null,
        bus: Bus,
        lifeLimit: LifeLimit | undefined,
        quota: StorageQuota | undefined,
      ) => openCache(config, { dataDir, sealer, names, redis: redis ?? undefined, bus, lifeLimit, quota }),
    },
  ],
  exports: [TieredCache],
})
export class CacheModule implements OnApplicationShutdown {
  constructor(private readonly cache: TieredCache) {}

  async onApplicationShutdown(): Promise<void> {
    await this.cache.close();
  }
}
