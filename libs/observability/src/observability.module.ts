// Logs, metrics, traces and health for the whole container.
import { type DynamicModule, Module } from '@nestjs/common';
import { EngineWarnings } from './engine-warnings.js';
import { Health } from './health.js';
import { LOGGER, type Logger } from './logger.js';
import { MetricsModule } from './metrics.module.js';
import { NestLogger } from './nest-logger.service.js';
import type { ObservabilityConfig } from './observability.section.js';
import { TelemetryModule } from './telemetry.module.js';

export { MetricsModule } from './metrics.module.js';
export { NestLogger } from './nest-logger.service.js';
export { TelemetryModule } from './telemetry.module.js';
export { TELEMETRY, TracingService } from './tracing.service.js';

@Module({})
export class ObservabilityModule {
  /** Provides, globally: `LOGGER`, `NestLogger`, `Health`, `Registry`, `RequestMetrics`, `EngineMetrics`, `StateMetrics`, `TracingService`. */
  static forRoot(config: ObservabilityConfig, logger: Logger): DynamicModule {
    return {
      module: ObservabilityModule,
      global: true,
      imports: [MetricsModule.forRoot({ tenants: namedTenants(config) }), TelemetryModule.forRoot(config, logger)],
      providers: [
        { provide: LOGGER, useValue: logger },
        { provide: NestLogger, useValue: new NestLogger(logger) },
        { provide: Health, useValue: new Health() },
        { provide: EngineWarnings, useValue: new EngineWarnings(logger) },
      ],
      exports: [LOGGER, NestLogger, Health, MetricsModule, TelemetryModule],
    };
  }
}

/** A tenant's numbers are behind the tenant's wall: whoever may read open metrics could be anybody. */
function namedTenants({ metricsAccess, metricsTenantsMax }: ObservabilityConfig): number {
  return metricsAccess === 'token' ? metricsTenantsMax : 0;
}
