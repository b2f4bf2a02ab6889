// Gives the container one TextRanker, opened at boot and closed at shutdown.
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { configToken, type RuntimeConfig, runtimeSection } from '#config';
import { Meter } from '#ports';
import { openReranker } from './open-reranker.js';
import { type RerankersConfig, rerankersSection } from './rerankers.section.js';
import { TextRanker } from './text-ranker.js';

/** Provides `TextRanker`, or `null` for `RERANK_PROVIDER=none`. Metered wherever there is a `Meter`. */
@Module({
  providers: [
    {
      provide: TextRanker,
      inject: [configToken(rerankersSection), configToken(runtimeSection), { token: Meter, optional: true }],
      useFactory: async (config: RerankersConfig, { plugins }: RuntimeConfig, meter?: Meter) =>
        (await openReranker(config, { plugins, meter })) ?? null,
    },
  ],
  exports: [TextRanker],
})
export class RerankersModule implements OnApplicationShutdown {
  constructor(@Inject(TextRanker) private readonly ranker: TextRanker | null) {}

  async onApplicationShutdown(): Promise<void> {
    await this.ranker?.close();
  }
}
