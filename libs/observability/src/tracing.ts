// Starts OpenTelemetry where a collector is configured; elsewhere its SDK is never even loaded.
import { context, propagation, trace } from '@opentelemetry/api';
import { withTimeout } from '#resilience';
import { makeAnnouncedSpans } from './announced-spans.js';
import type { Logger } from './logger.js';
import type { ObservabilityConfig } from './observability.section.js';
import { sendTraceAlong } from './outgoing-trace.js';
import { activeTracer, switchTracing } from './spans.js';

export type TracingConfig = Pick<
  ObservabilityConfig,
  'tracesEndpoint' | 'tracesHeaders' | 'tracesRatio' | 'serviceName'
>;

export interface Tracing {
  readonly enabled: boolean;
  /** Sends what is left, for three seconds at most, and stops. May be called twice. */
  shutdown(): Promise<void>;
}

const LAST_SENDING_MS = 3000;

const OFF: Tracing = { enabled: false, shutdown: async () => {} };

/**
 * Starts tracing for the process: OTLP over HTTP, W3C trace context, a share of requests. A collector that does not
 * answer costs spans, never a request; it is told to the log. One tracing at a time: shut down before starting again.
 */
export async function startTracing(config: TracingConfig, { logger }: { logger?: Logger } = {}): Promise<Tracing> {
  if (config.tracesEndpoint === undefined) return OFF;
  const sdk = await startSdk(config, config.tracesEndpoint, logger);
  switchTracing(true);
  const stops = [makeAnnouncedSpans(activeTracer()!), sendTraceAlong()];
  let ended: Promise<void> | undefined;
  const end = async () => {
    switchTracing(false);
    for (const stop of stops) stop();
    await withTimeout('The trace collector', LAST_SENDING_MS, undefined, () => sdk.shutdown()).catch((err: unknown) =>
      logger?.warn({ err }, 'The last traces could not be sent.'),
    );
    for (const api of [trace, context, propagation]) api.disable();
  };
  return { enabled: true, shutdown: () => (ended ??= end()) };
}

async function startSdk(config: TracingConfig, endpoint: string, logger: Logger | undefined) {
  const [{ NodeSDK }, { OTLPTraceExporter }, { ParentBasedSampler, TraceIdRatioBasedSampler }, core] =
    await Promise.all([
      import('@opentelemetry/sdk-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/sdk-trace'),
      import('@opentelemetry/core'),
    ]);
  core.setGlobalErrorHandler((err) => logger?.warn({ err }, 'Traces could not be sent.'));
  const sdk = new NodeSDK({
    serviceName: config.serviceName,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(config.tracesRatio) }),
    traceExporter: new OTLPTraceExporter({
      url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
      headers: headersOf(config.tracesHeaders?.reveal() ?? ''),
    }),
    textMapPropagator: new core.W3CTraceContextPropagator(),
    // Metrics go through Prometheus and logs through standard output; the detectors would send paths of the machine.
    metricReaders: [],
    logRecordProcessors: [],
    autoDetectResources: false,
  });
  sdk.start();
  return sdk;
}

/** `a=1,b=2` with percent-encoded values, as OpenTelemetry's specification of exporters says. */
function headersOf(text: string): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair.includes('='));
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())];
    }),
  );
}
