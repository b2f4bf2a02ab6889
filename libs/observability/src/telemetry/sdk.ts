// OpenTelemetry's SDK, as far as it is used: one provider a signal, all of one resource, their troubles told in one place.
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Registry } from 'prom-client';
import { followWork } from '../followed-spans.js';
import { openTap } from '../log-tap.js';
import type { ObservabilityConfig } from '../observability.section.js';
import { traceOutgoing } from '../outgoing-trace.js';
import { activeTracer, switchTracing } from '../spans.js';
import { logExporter, metricExporter, type Sending, sendingOf, spanExporter } from './exporters.js';
import { sendLine } from './log-records.js';
import { RegistryMetrics } from './registry-metrics.js';
import { resourceOf, SCOPE } from './resource.js';
import { samplerOf } from './sampler.js';
import type { Signals, TelemetryParts } from './signals.js';
import { troubleTeller } from './troubles.js';

export interface Sdk {
  /** Makes no more spans and takes no more lines. */
  stop(): void;
  /** Sends what is left, and closes. */
  flush(): Promise<void>;
  /** Forgets what is global. */
  disable(): void;
}

interface Part {
  stop(): void;
  flush(): Promise<void>;
}

type Resource = ReturnType<typeof resourceOf>;

export function startSdk(config: ObservabilityConfig, signals: Signals, { logger, registry }: TelemetryParts): Sdk {
  setGlobalErrorHandler(troubleTeller(logger));
  const resource = resourceOf(config);
  const sending = (url: string) => sendingOf(config, url);
  const parts: Part[] = [];
  if (signals.traces) parts.push(tracesPart(config, resource, sending(signals.traces)));
  if (signals.metrics && registry) parts.push(metricsPart(config, resource, sending(signals.metrics), registry));
  if (signals.logs) parts.push(logsPart(config, resource, sending(signals.logs)));
  return {
    stop: () => {
      for (const part of parts) part.stop();
    },
    flush: async () => void (await Promise.all(parts.map((part) => part.flush()))),
    disable: () => {
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}

function tracesPart(config: ObservabilityConfig, resource: Resource, sending: Sending): Part {
  const provider = new TracerProvider({
    resource,
    sampler: samplerOf(config),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: spanExporter(sending),
        scheduledDelayMillis: config.spansDelayMs,
        maxQueueSize: config.spansQueueMax,
        maxExportBatchSize: Math.min(config.spansBatchMax, config.spansQueueMax),
        exportTimeoutMillis: sending.timeoutMs,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  switchTracing(true);
  const tracer = activeTracer()!;
  const stops = [followWork(tracer), traceOutgoing(tracer)];
  return {
    stop: () => {
      switchTracing(false);
      for (const stop of stops) stop();
    },
    flush: () => provider.shutdown(),
  };
}

function metricsPart(config: ObservabilityConfig, resource: Resource, sending: Sending, registry: Registry): Part {
  const reader = new PeriodicExportingMetricReader({
    exporter: metricExporter(sending),
    exportIntervalMillis: config.metricsIntervalMs,
    exportTimeoutMillis: Math.min(config.metricsIntervalMs, sending.timeoutMs),
    metricProducers: [new RegistryMetrics(registry)],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return { stop: () => {}, flush: () => provider.shutdown() };
}

function logsPart(config: ObservabilityConfig, resource: Resource, sending: Sending): Part {
  const processor = new BatchLogRecordProcessor({
    exporter: logExporter(sending),
    scheduledDelayMillis: config.linesDelayMs,
    maxQueueSize: config.linesQueueMax,
    maxExportBatchSize: Math.min(MOST_LINES, config.linesQueueMax),
    exportTimeoutMillis: sending.timeoutMs,
  });
  const provider = new LoggerProvider({ resource, processors: [processor] });
  const log = provider.getLogger(SCOPE);
  return { stop: openTap((line) => sendLine(log, line)), flush: () => provider.shutdown() };
}

const MOST_LINES = 512;
