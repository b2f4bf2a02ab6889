// Gives the records, the bus and the one Redis connection to the container.
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Bus } from './bus.js';
import { openBus, openRecords, openRedis, type RedisPlace } from './open-records.js';
import { Records } from './records.js';
import { RedisConnection } from './redis-connection.js';

export interface RecordsModuleOptions extends RedisPlace {
  /** Where answers are kept: instances hear of each other over Redis where it is `redis`. */
  cacheBackend: 'memory' | 'sqlite' | 'redis';
  /** Unset: `redis` where the cache's is, else `sqlite`. */
  recordsBackend?: Records['backend'] | undefined;
  dataDir: string;
}

/** Global. `RedisConnection` is `null` where neither answers nor records are kept in Redis. */
@Module({})
export class RecordsModule implements OnApplicationShutdown {
  constructor(
    private readonly records: Records,
    private readonly bus: Bus,
    @Inject(RedisConnection) private readonly redis: RedisConnection | null,
  ) {}

  static forRoot(o: RecordsModuleOptions): DynamicModule {
    const backend = o.recordsBackend ?? (o.cacheBackend === 'redis' ? 'redis' : 'sqlite');
    const usesRedis = o.cacheBackend === 'redis' || backend === 'redis';
    return {
      module: RecordsModule,
      global: true,
      providers: [
        {
          provide: RedisConnection,
          useFactory: async () => {
            if (!usesRedis) return null;
            const redis = openRedis(o);
            await redis.opened();
            return redis;
          },
        },
        {
          provide: Bus,
          inject: [RedisConnection],
          useFactory: (redis: RedisConnection | null) => openBus({ ...o, backend }, redis ?? undefined),
        },
        {
          provide: Records,
          inject: [RedisConnection],
          useFactory: (redis: RedisConnection | null) => openRecords({ ...o, backend, redis: redis ?? undefined }),
        },
      ],
      exports: [RedisConnection, Bus, Records],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.records.close();
    await this.bus.close();
    await this.redis?.close();
  }
}
