// Counts what the engine rooms announce, while it is open.
import { Gauge, type Registry } from 'prom-client';
import type { Feed } from './announced-metrics.js';
import { auditMetrics } from './audit-metrics.js';
import { cacheMetrics, queryMetrics } from './cache-metrics.js';
import { modelMetrics } from './model-metrics.js';
import { embeddingMetrics, type ProviderFamily, ProviderMetrics } from './provider-metrics.js';
import { refusalMetrics } from './refusal-metrics.js';
import { retrievalMetrics } from './retrieval-metrics.js';
import { type TenantLabel, tenantLabels, tenantMetrics, usageMetrics } from './usage-metrics.js';

/** How much a tier holds. A number that the tier does not know is left out. */
export interface TierSize {
  readonly tier: string;
  readonly entries?: number | undefined;
  readonly bytes?: number | undefined;
}

/** Listens between `open()` and `close()`; announcing costs nothing before and after. */
export class EngineMetrics {
  private readonly feeds: readonly Feed[];
  private readonly providers: ProviderMetrics;
  private stops: Array<() => void> = [];

  /** `tenants`: how many are told apart by name. None unless given: metrics that strangers read name nobody. `labelOf`: as those of `StateMetrics`. */
  constructor(
    private readonly registry: Registry,
    { tenants = 0, labelOf = tenantLabels(tenants) }: { tenants?: number; labelOf?: TenantLabel } = {},
  ) {
    const feedsOf = (group: (registry: Registry) => Feed[]) => group(registry);
    this.providers = new ProviderMetrics(registry);
    const feeds = [
      ...[queryMetrics, cacheMetrics].flatMap(feedsOf),
      ...this.providers.feeds,
      ...[embeddingMetrics, modelMetrics, retrievalMetrics, refusalMetrics, usageMetrics, auditMetrics].flatMap(
        feedsOf,
      ),
    ];
    this.feeds = tenants > 0 ? [...feeds, ...tenantMetrics(registry, tenants, labelOf)] : feeds;
  }

  open(): void {
    if (this.stops.length === 0) this.stops = this.feeds.map((feed) => feed());
  }

  /** Stops listening; what was counted stays. May be called twice. */
  close(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  /** Begins the series of a provider that was opened and not called yet. May be called again. */
  expect(family: ProviderFamily, provider: string): void {
    this.providers.begin(family, provider);
  }

  /** Reads how much the tiers hold at each scrape: `metrics.watchTiers(() => cache.stats())`. Call once a registry. */
  watchTiers(read: () => readonly TierSize[]): void {
    this.tierGauge('resk_cache_entries', 'Entries held, by tier.', read, ({ entries }) => entries);
    this.tierGauge('resk_cache_bytes', 'Bytes held, by tier.', read, ({ bytes }) => bytes);
  }

  private tierGauge(
    name: string,
    help: string,
    read: () => readonly TierSize[],
    sizeOf: (size: TierSize) => number | undefined,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: ['tier'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const size of read()) {
          const value = sizeOf(size);
          if (value !== undefined) this.set({ tier: size.tier }, value);
        }
      },
    });
  }
}
