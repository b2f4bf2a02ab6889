// Traces inside the container: nestjs-otel where tracing is on, and nothing on the path of a request where it is off.
import { type DynamicModule, Module } from '@nestjs/common';
import { OpenTelemetryModule, TraceService } from 'nestjs-otel';
import type { Logger } from './logger.js';
import { startTracing, type TracingConfig } from './tracing.js';
import { TRACING, TracingService } from './tracing.service.js';

@Module({})
export class TracingModule {
  /** Starts tracing when the container is made; stops it when the application shuts down. */
  static forRoot(config: TracingConfig, logger: Logger): DynamicModule {
    const on = config.tracesEndpoint !== undefined;
    return {
      module: TracingModule,
      // nestjs-otel puts a middleware before every route, so it is only there when spans are made.
      imports: on ? [OpenTelemetryModule.forRoot()] : [],
      providers: [
        ...(on ? [] : [TraceService]),
        { provide: TRACING, useFactory: () => startTracing(config, { logger }) },
        TracingService,
      ],
      exports: [TRACING, TracingService, ...(on ? [OpenTelemetryModule] : [TraceService])],
    };
  }
}
