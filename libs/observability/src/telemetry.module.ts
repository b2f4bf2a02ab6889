// Telemetry inside the container: what goes to a collector, nestjs-otel where spans are made, and nothing on the path of a request where they are not.
import { type DynamicModule, Module } from '@nestjs/common';
import { OpenTelemetryModule, TraceService } from 'nestjs-otel';
import { Registry } from 'prom-client';
import type { Logger } from './logger.js';
import type { ObservabilityConfig } from './observability.section.js';
import { signalsOf } from './telemetry/signals.js';
import { startTelemetry } from './telemetry/telemetry.js';
import { TELEMETRY, TracingService } from './tracing.service.js';

@Module({})
export class TelemetryModule {
  /** Starts sending when the container is made; stops it when the application shuts down. The registry is a global one. */
  static forRoot(config: ObservabilityConfig, logger: Logger): DynamicModule {
    const traced = signalsOf(config).traces !== undefined;
    return {
      module: TelemetryModule,
      // nestjs-otel puts a middleware before every route, so it is only there when spans are made.
      imports: traced ? [OpenTelemetryModule.forRoot()] : [],
      providers: [
        ...(traced ? [] : [TraceService]),
        {
          provide: TELEMETRY,
          inject: [Registry],
          useFactory: (registry: Registry) => startTelemetry(config, { logger, registry }),
        },
        TracingService,
      ],
      exports: [TELEMETRY, TracingService, ...(traced ? [OpenTelemetryModule] : [TraceService])],
    };
  }
}
