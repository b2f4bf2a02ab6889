// The exporters of each signal: OTLP over HTTP, as protobuf or as JSON.
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import type { ObservabilityConfig } from '../observability.section.js';
import { pairsOf } from './pairs.js';

type Options = NonNullable<ConstructorParameters<typeof JsonTraces>[0]>;

export interface Sending {
  readonly timeoutMs: number;
  readonly protobuf: boolean;
  readonly options: Options;
}

/** What the exporters take. What is not set here (certificates of the collector) they read from the environment themselves. */
export function sendingOf(config: ObservabilityConfig, url: string): Sending {
  const { otlpTimeoutMs: timeoutMs, otlpCompression, otlpProtocol, otlpHeaders } = config;
  const options = {
    url,
    headers: pairsOf(otlpHeaders?.reveal()),
    timeoutMillis: timeoutMs,
    compression: otlpCompression as NonNullable<Options['compression']>,
  };
  return { timeoutMs, protobuf: otlpProtocol === 'http/protobuf', options };
}

export function spanExporter({ protobuf, options }: Sending) {
  return protobuf ? new ProtobufTraces(options) : new JsonTraces(options);
}

export function metricExporter({ protobuf, options }: Sending) {
  return protobuf ? new ProtobufMetrics(options) : new JsonMetrics(options);
}

export function logExporter({ protobuf, options }: Sending) {
  return protobuf ? new ProtobufLogs(options) : new JsonLogs(options);
}
