// What is sent to a collector, where each part of it goes, and of what it is made.
import type { Registry } from 'prom-client';
import type { Logger } from '../logger.js';
import type { ObservabilityConfig } from '../observability.section.js';

export interface TelemetryParts {
  /** Hears of a collector that does not take what is sent. */
  logger?: Logger | undefined;
  /** The metrics that are sent. Without it, none are. */
  registry?: Registry | undefined;
}

/** Whole URLs, of the signals that are sent. */
export interface Signals {
  traces?: string;
  metrics?: string;
  logs?: string;
}

/** What is to be sent, and where, as the specification of OpenTelemetry's environment variables says. */
export function signalsOf(config: ObservabilityConfig): Signals {
  const signals: Signals = {};
  if (config.telemetryOff) return signals;
  for (const name of ['traces', 'metrics', 'logs'] as const) {
    const base = config.otlpEndpoint?.replace(/\/+$/, '');
    const url = config[`${name}Endpoint`] ?? (base === undefined ? undefined : `${base}/v1/${name}`);
    if (config[`${name}Exporter`] === 'otlp' && url !== undefined) signals[name] = url;
  }
  return signals;
}
