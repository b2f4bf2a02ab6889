// Sends traces, metrics and logs to a collector where one is configured; elsewhere OpenTelemetry's SDK is never even loaded.
import { withTimeout } from '#resilience';
import type { ObservabilityConfig } from '../observability.section.js';
import { signalsOf, type TelemetryParts } from './signals.js';

export interface Telemetry {
  /** Whether spans are made. */
  readonly tracing: boolean;
  /** Sends what is left, for three seconds at most, and stops. May be called twice. */
  shutdown(): Promise<void>;
}

const LAST_SENDING_MS = 3000;

const OFF: Telemetry = { tracing: false, shutdown: async () => {} };

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
