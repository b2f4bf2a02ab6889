// A collector that receives what tracing sends, for each test anew.
import { afterEach, beforeEach, expect } from 'vitest';
import { startTelemetry, type Telemetry } from '#observability';
import { OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { configOf } from './observability-config.js';

export interface Receiving {
  receiver: OtlpReceiver;
  telemetry: Telemetry;
}

/** Both are of the test that is under way; what was received is well-formed, or the test fails. */
export function receiving(): Receiving {
  const now = {} as Receiving;
  beforeEach(async () => {
    now.receiver = await OtlpReceiver.start();
    now.telemetry = await startTelemetry(configOf(now.receiver.env));
  });
  afterEach(async () => {
    await now.telemetry.shutdown();
    await now.receiver.stop();
    expect(now.receiver.problems).toEqual([]);
  });
  return now;
}
