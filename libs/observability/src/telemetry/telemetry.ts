// Sends traces, metrics and logs to a collector where one is configured; elsewhere OpenTelemetry's SDK is never even loaded.
import type { Registry } from 'prom-client';
import { withTimeout } from '#resilience';
import type { Logger } from '../logger.js';
import type { ObservabilityConfig } from '../observability.section.js';

export interface Telemetry {
  /** Whether spans are made. */
  readonly tracing: boolean;
  /** Sends what is left, for three seconds at most, and stops. May be called twice. */
  shutdown(): Promise<void>;
}

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

const LAST_SENDING_MS = 3000;

const OFF: Telemetry = { tracing: false, shutdown: async () => {} };

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

/**
 * Starts sending for the process: OTLP over HTTP, W3C trace context. A collector that does not answer costs spans, metrics
 * and lines, never a request; it is told to the log. One at a time: shut down before starting again.
 */
export async function startTelemetry(config: ObservabilityConfig, parts: TelemetryParts = {}): Promise<Telemetry> {
  const signals = signalsOf(config);
  if (Object.keys(signals).length === 0) return OFF;
  const { startSdk } = await import('./sdk.js');
  const sdk = startSdk(config, signals, parts);
  let ended: Promise<void> | undefined;
  const end = async () => {
    sdk.stop();
    await withTimeout('The collector', LAST_SENDING_MS, undefined, () => sdk.flush()).catch((err: unknown) =>
      parts.logger?.warn({ err }, 'The last telemetry could not be sent.'),
    );
    sdk.disable();
  };
  return { tracing: signals.traces !== undefined, shutdown: () => (ended ??= end()) };
}
