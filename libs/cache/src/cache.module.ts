// Gives the cache, the bus and the one Redis connection to the container.
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { KeyNames, Sealer } from '#crypto';
import { Bus } from './bus.js';
import { type CacheConfig, cacheSection } from './cache.section.js';
import { openBus, openCache, openRedis } from './open-cache.js';
import { RedisConnection } from './redis-connection.js';
import { TieredCache } from './tiered-cache.js';

/** Needs the global ConfigModule and CryptoModule. `RedisConnection` is `null` unless CACHE_BACKEND is redis. */
@Module({
  providers: [
    {
      provide: RedisConnection,
      inject: [configToken(cacheSection)],
      useFactory: (config: CacheConfig) => (config.backend === 'redis' ? openRedis(config) : null),
    },
    {
      provide: Bus,
      inject: [configToken(cacheSection), RedisConnection],
      useFactory: (config: CacheConfig, redis: RedisConnection | null) => openBus(config, redis ?? undefined),
    },
    {
      provide: TieredCache,
      inject: [configToken(cacheSection), configToken(runtimeSection), Sealer, KeyNames, RedisConnection, Bus],
      useFactory: (
        config: CacheConfig,
        { dataDir }: RuntimeConfig,
        sealer: Sealer,
        names: KeyNames,
        redis: RedisConnection | null,
        bus: Bus,
      ) => openCache(config, { dataDir, sealer, names, redis: redis ?? undefined, bus }),
    },
  ],
  exports: [TieredCache, Bus, RedisConnection],
})
export class CacheModule implements OnApplicationShutdown {
  constructor(
    private readonly cache: TieredCache,
    private readonly bus: Bus,
    @Inject(RedisConnection) private readonly redis: RedisConnection | null,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.cache.close();
    await this.bus.close();
    await this.redis?.close();
  }
}
