// Gives the records, the bus and the one Redis connection to the container.
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Bus } from './bus.js';
import {
  type BackendChoice,
  openBus,
  openRecords,
  openRedis,
  type RedisPlace,
  recordsBackendOf,
} from './open-records.js';
import { Records } from './records.js';
import { RedisConnection } from './redis-connection.js';

/** Instances hear of each other over Redis where answers or records are there. */
export interface RecordsModuleOptions extends RedisPlace, BackendChoice {
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
    const backend = recordsBackendOf(o);
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
