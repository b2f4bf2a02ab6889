// The one place that names every room.
import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from '#auth/module';
import { StorageQuota } from '#cache';
import { CacheModule } from '#cache/module';
import { readConfig } from '#config';
import { ConfigModule } from '#config/module';
import { KeyNames, Sealer } from '#crypto';
import { CryptoModule } from '#crypto/module';
import { EmbeddingsModule } from '#embeddings/module';
import { HttpDoor } from '#gateway';
import { GatewayModule } from '#gateway/module';
import type { Logger } from '#observability';
import { ObservabilityModule } from '#observability/module';
import { PoliciesModule, QueryModule } from '#query/module';
import { RecordsModule } from '#records/module';
import { UsageModule } from '#usage/module';
import { VectorStoresModule } from '#vector-stores/module';
import { nameSecret } from './name-secret.js';
import { sections } from './sections.js';

/** The values of every section. */
export type AppConfig = ReturnType<typeof readConfig<typeof sections>>;

@Module({})
export class AppModule {
  static forRoot(config: AppConfig, logger: Logger, door: HttpDoor): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(sections, config),
        ObservabilityModule.forRoot(config.observability, logger),
        RecordsModule.forRoot({
          ...config.cache,
          cacheBackend: config.cache.backend,
          recordsBackend: config.records.backend,
          dataDir: config.runtime.dataDir,
        }),
        CryptoModule.forRoot({ nameSecret: nameSecret(config.auth, config.crypto, config.runtime.dataDir) }),
        AuthModule.forRoot({ names: KeyNames }),
        PoliciesModule,
        UsageModule.forRoot({ storageQuota: StorageQuota }),
        EmbeddingsModule.forRoot({ sealer: Sealer, names: KeyNames }),
        VectorStoresModule.forRoot({ sealer: Sealer }),
        CacheModule,
        QueryModule,
        GatewayModule.forRoot(door.routes),
      ],
    };
  }
}
