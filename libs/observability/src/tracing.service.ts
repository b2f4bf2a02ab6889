// Tracing for services inside the container: what the request under way is called, and the end of tracing.
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Attributes } from '@opentelemetry/api';
import { TraceService } from 'nestjs-otel';
import type { Tracing } from './tracing.js';

/** The injection token of what `startTracing` gave. */
export const TRACING = Symbol('tracing');

@Injectable()
export class TracingService implements OnApplicationShutdown {
  constructor(
    private readonly traces: TraceService,
    @Inject(TRACING) private readonly tracing: Tracing,
  ) {}

  get enabled(): boolean {
    return this.tracing.enabled;
  }

  /** Id of the trace under way, to be told to a caller or a colleague; `undefined` outside of one. */
  traceId(): string | undefined {
    return this.tracing.enabled ? this.traces.getSpan()?.spanContext().traceId : undefined;
  }

  /** Adds to the span under way, if any. Never a prompt, an answer or a person. */
  annotate(attributes: Attributes): void {
    if (this.tracing.enabled) this.traces.getSpan()?.setAttributes(attributes);
  }

  /** Sends the last spans, after the last request. */
  async onApplicationShutdown(): Promise<void> {
    await this.tracing.shutdown();
  }
}
