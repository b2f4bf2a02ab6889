// Gives the container one Embedder, opened at boot and closed at shutdown.
import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { Meter } from '#ports';
import { Embedder } from './embedder.js';
import { type EmbeddingConfig, embeddingSection } from './embedding.section.js';
import { openEmbedder } from './open-embedder.js';

@Module({
  providers: [
    {
      provide: Embedder,
      inject: [configToken(embeddingSection), configToken(runtimeSection), { token: Meter, optional: true }],
      useFactory: (config: EmbeddingConfig, { plugins }: RuntimeConfig, meter?: Meter) =>
        openEmbedder(config, { plugins, meter }),
    },
  ],
  exports: [Embedder],
})
export class EmbeddingsModule implements OnApplicationShutdown {
  constructor(private readonly embedder: Embedder) {}

  async onApplicationShutdown(): Promise<void> {
    await this.embedder.close();
  }
}
