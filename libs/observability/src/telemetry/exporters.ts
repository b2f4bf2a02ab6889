// The exporters of each signal: OTLP over HTTP, as protobuf or as JSON.
import { readFileSync } from 'node:fs';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtobufLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { failure } from '#ports';
import type { ObservabilityConfig } from '../observability.section.js';
import { pairsOf } from './pairs.js';

type Options = NonNullable<ConstructorParameters<typeof JsonTraces>[0]>;

export interface Sending {
  readonly timeoutMs: number;
  readonly protobuf: boolean;
  readonly options: Options;
}

/** What the exporters take. @throws Failure `boot.failed` where a file of a certificate cannot be read */
export function sendingOf(config: ObservabilityConfig, url: string): Sending {
  const { otlpTimeoutMs: timeoutMs, otlpCompression, otlpProtocol, otlpHeaders } = config;
  const options = {
    url,
    headers: pairsOf(otlpHeaders?.reveal()),
    timeoutMillis: timeoutMs,
    compression: otlpCompression as NonNullable<Options['compression']>,
    httpAgentOptions: { keepAlive: true, ...certificatesOf(config) },
  };
  return { timeoutMs, protobuf: otlpProtocol === 'http/protobuf', options };
}

function certificatesOf({ otlpCaFile, otlpCertFile, otlpKeyFile }: ObservabilityConfig) {
  return {
    ...(otlpCaFile !== undefined && { ca: pemOf('OTEL_EXPORTER_OTLP_CERTIFICATE', otlpCaFile) }),
    ...(otlpCertFile !== undefined && { cert: pemOf('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', otlpCertFile) }),
    ...(otlpKeyFile !== undefined && { key: pemOf('OTEL_EXPORTER_OTLP_CLIENT_KEY', otlpKeyFile) }),
  };
}

function pemOf(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw failure('boot.failed', { reason: `The file of ${variable} cannot be read (${code}).` }, { cause });
  }
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
