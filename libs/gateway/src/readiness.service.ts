// Tells health and metrics of the parts behind the doors, and which of them an instance must have to be ready.
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { TieredCache } from '#cache';
import { configToken } from '#config';
import { Embedder } from '#embeddings';
import { EngineMetrics, Health } from '#observability';
import { failure } from '#ports';
import { DriftService } from '#query';
import { SegmentedStore } from '#vector-stores';
import { type HttpConfig, httpSection } from './http/http.section.js';

@Injectable()
export class ReadinessService implements OnModuleInit {
  constructor(
    private readonly health: Health,
    private readonly metrics: EngineMetrics,
    private readonly cache: TieredCache,
    @Inject(SegmentedStore) private readonly store: SegmentedStore | null,
    private readonly drift: DriftService,
    private readonly embedder: Embedder,
    @Inject(configToken(httpSection)) private readonly config: Pick<HttpConfig, 'readyRequires'>,
  ) {}

  onModuleInit(): void {
    this.metrics.watchTiers(() => this.cache.stats());
    this.metrics.expect('embedding-model', this.embedder.provider);
    this.watch('cache', () => this.probeCache());
    const { store } = this;
    if (!store) return;
    this.metrics.expect('vector-store', store.provider);
    this.watch('vectordb', (signal) => store.health({ signal }));
    this.health.register('models', async () => this.probeModels(store), { critical: false });
  }

  /** Whether the model of now made the vectors that it is compared with, and still makes the same. */
  private probeModels({ behind }: SegmentedStore): void {
    const collections = Math.max(behind, this.drift.drifted);
    if (collections > 0) throw failure('vector.models_differ', { collections });
  }

  private watch(name: 'cache' | 'vectordb', probe: (signal: AbortSignal) => Promise<void>): void {
    this.health.register(name, probe, { critical: this.config.readyRequires.includes(name) });
  }

  private async probeCache(): Promise<void> {
    const tiers = await this.cache.health();
    const down = tiers.find((one) => !one.ok);
    if (down) throw failure('cache.store_unavailable', { tier: down.tier });
  }
}
