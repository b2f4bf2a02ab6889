// Metrics inside the container: one registry, fed by the doors and by what the engine rooms announce.
import { Controller, type DynamicModule, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Registry } from 'prom-client';
import { EngineMetrics } from './engine-metrics.js';
import { dropMisnamedMetrics, limitMetrics } from './process-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { StateMetrics } from './state-metrics.js';
import { tenantLabels } from './usage-metrics.js';

/** The Prometheus module wants a controller; the door to the metrics is the gateway's, behind METRICS_ACCESS. */
@Controller()
class NoDoor {}

@Module({})
export class MetricsModule implements OnModuleInit, OnModuleDestroy {
  constructor(private readonly engine: EngineMetrics) {}

  /** Provides `Registry`, `RequestMetrics`, `EngineMetrics` (which listens while the application lives) and `StateMetrics`, all of one registry of its own. */
  static forRoot({ tenants = 0 }: { tenants?: number } = {}): DynamicModule {
    const registry = new Registry();
    // One set of names: a tenant is told apart in all metrics, or in none.
    const o = { tenants, labelOf: tenantLabels(tenants) };
    const prometheus = PrometheusModule.register({
      controller: NoDoor,
      defaultMetrics: { enabled: true, config: { register: registry } },
    });
    dropMisnamedMetrics(registry);
    limitMetrics(registry);
    return {
      module: MetricsModule,
      imports: [prometheus],
      providers: [
        { provide: Registry, useValue: registry },
        { provide: RequestMetrics, useValue: new RequestMetrics(registry) },
        { provide: EngineMetrics, useValue: new EngineMetrics(registry, o) },
        { provide: StateMetrics, useValue: new StateMetrics(registry, o) },
      ],
      exports: [Registry, RequestMetrics, EngineMetrics, StateMetrics],
    };
  }

  onModuleInit(): void {
    this.engine.open();
  }

  onModuleDestroy(): void {
    this.engine.close();
  }
}
