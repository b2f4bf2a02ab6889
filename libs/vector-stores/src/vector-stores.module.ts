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
import { Bus, Records } from '#records';
import { openVectorStore } from './open-vector-store.js';
import type { PayloadSealer } from './payload-sealer.js';
import { SegmentedStore } from './segmented/segmented-store.js';
import { type VectorStoreConfig, vectorStoreSection } from './vector-stores.section.js';

@Module({})
export class VectorStoresModule implements OnApplicationShutdown {
  constructor(@Inject(VectorStore) private readonly store: VectorStore | null) {}

  /**
   * Provides the token `VectorStore`: the store, in segments by model, or `null` for `VECTORDB_TYPE=none`; and the same as
   * `SegmentedStore`. `sealer` is the token of what seals payloads (the `Sealer` of the room of crypto), found through
   * `imports`. Needs the global `Records` and `Bus`.
   */
  static forRoot(o: {
    sealer: InjectionToken<PayloadSealer>;
    imports?: NonNullable<ModuleMetadata['imports']>;
  }): DynamicModule {
    const segmented = {
      provide: SegmentedStore,
      inject: [configToken(vectorStoreSection), configToken(runtimeSection), o.sealer, Records, Bus],
      useFactory: async (
        config: VectorStoreConfig,
        { dataDir, plugins }: RuntimeConfig,
        sealer: PayloadSealer,
        records: Records,
        bus: Bus,
      ) => {
        const store = await openVectorStore(config, { dataDir, plugins, sealer });
        return store ? SegmentedStore.open(store, { records, bus }) : null;
      },
    };
    return {
      module: VectorStoresModule,
      global: true,
      imports: o.imports ?? [],
      providers: [segmented, { provide: VectorStore, useExisting: SegmentedStore }],
      exports: [VectorStore, SegmentedStore],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store?.close();
  }
}
