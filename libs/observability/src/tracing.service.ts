// Tracing for services inside the container: what the request under way is called, and the end of all telemetry.
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Attributes } from '@opentelemetry/api';
import { TraceService } from 'nestjs-otel';
import type { Telemetry } from './telemetry/telemetry.js';

/** The injection token of what `startTelemetry` gave. */
export const TELEMETRY = Symbol('telemetry');

@Injectable()
export class TracingService implements OnApplicationShutdown {
  constructor(
    private readonly traces: TraceService,
    @Inject(TELEMETRY) private readonly telemetry: Telemetry,
  ) {}

  get enabled(): boolean {
    return this.telemetry.tracing;
  }

  /** Id of the trace under way, to be told to a caller or a colleague; `undefined` outside of one. */
  traceId(): string | undefined {
    return this.telemetry.tracing ? this.traces.getSpan()?.spanContext().traceId : undefined;
  }

  /** Adds to the span under way, if any. Never a prompt, an answer or a person. */
  annotate(attributes: Attributes): void {
    if (this.telemetry.tracing) this.traces.getSpan()?.setAttributes(attributes);
  }

  /** Sends the last spans, metrics and lines, after the last request. */
  async onApplicationShutdown(): Promise<void> {
    await this.telemetry.shutdown();
  }
}
