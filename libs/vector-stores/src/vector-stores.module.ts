// Opens the vector store with the application, and closes it with the application.
import {
  type DynamicModule,
  Inject,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { VectorStore } from '#ports';
import { openVectorStore } from './open-vector-store.js';
import type { PayloadSealer } from './payload-sealer.js';
import { type VectorStoreConfig, vectorStoreSection } from './vector-stores.section.js';

@Module({})
export class VectorStoresModule implements OnApplicationShutdown {
  constructor(@Inject(VectorStore) private readonly store: VectorStore | null) {}

  /**
   * Provides the token `VectorStore`: the store, or `null` for `VECTORDB_TYPE=none`. `sealer` is the token of what
   * seals payloads (the `Sealer` of the room of crypto), found through `imports`.
   */
  static forRoot(o: {
    sealer: InjectionToken<PayloadSealer>;
    imports?: NonNullable<ModuleMetadata['imports']>;
  }): DynamicModule {
    const store = {
      provide: VectorStore,
      inject: [configToken(vectorStoreSection), configToken(runtimeSection), o.sealer],
      useFactory: async (config: VectorStoreConfig, { dataDir, plugins }: RuntimeConfig, sealer: PayloadSealer) =>
        (await openVectorStore(config, { dataDir, plugins, sealer })) ?? null,
    };
    return {
      module: VectorStoresModule,
      global: true,
      imports: o.imports ?? [],
      providers: [store],
      exports: [VectorStore],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store?.close();
  }
}
