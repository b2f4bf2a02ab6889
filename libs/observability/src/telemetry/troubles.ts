// Tells the log of a collector that does not take what is sent: at once, and then once a minute at most.
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { Logger } from '../logger.js';

const EVERY_MS = 60_000;

/** Hears of troubles. Its own lines are not sent to the collector: they would cause the next. */
export function troubleTeller(logger: Logger | undefined, now: () => number = () => performance.now()) {
  let toldAt = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return (err: unknown): void => {
    if (now() - toldAt < EVERY_MS) {
      untold++;
      return;
    }
    toldAt = now();
    const fields = { err, ...(untold > 0 && { times: untold + 1 }) };
    untold = 0;
    context.with(suppressTracing(context.active()), () => logger?.warn(fields, 'Telemetry could not be sent.'));
  };
}
