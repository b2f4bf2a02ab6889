// Gives the container one Embedder, opened at boot and closed at shutdown.
import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { Meter } from '#ports';
import { Bus, Records } from '#records';
import { Embedder } from './embedder.js';
import { type EmbeddingConfig, embeddingSection } from './embedding.section.js';
import { openEmbedder } from './open-embedder.js';
import { VectorSealer } from './remembered-in-records.js';
import { VectorNames } from './vector-cache.js';

const embedder: Provider = {
  provide: Embedder,
  inject: [
    configToken(embeddingSection),
    configToken(runtimeSection),
    ...[Meter, Records, Bus, VectorSealer, VectorNames].map((token) => ({ token, optional: true })),
  ],
  useFactory: (
    config: EmbeddingConfig,
    { plugins }: RuntimeConfig,
    meter?: Meter,
    records?: Records,
    bus?: Bus,
    sealer?: VectorSealer,
    names?: VectorNames,
  ) => {
    const memory = records && bus && sealer && names ? { records, bus, sealer, names } : undefined;
    return openEmbedder(config, { plugins, meter, memory });
  },
};

/** As it is, vectors are remembered in memory at most; `forRoot` names what else it takes. */
@Module({ providers: [embedder], exports: [Embedder] })
export class EmbeddingsModule implements OnApplicationShutdown {
  constructor(private readonly embedder: Embedder) {}

  /**
   * Remembers vectors in the records too, and forgets them in all instances. `sealer` and `names` are the tokens of what
   * seals them and names them (the `Sealer` and `KeyNames` of the room of crypto); records and bus are global.
   */
  static forRoot(o: { sealer: InjectionToken; names: InjectionToken }): DynamicModule {
    return {
      module: EmbeddingsModule,
      global: true,
      providers: [
        { provide: VectorSealer, useExisting: o.sealer },
        { provide: VectorNames, useExisting: o.names },
      ],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.embedder.close();
  }
}
