// Remembers for each bucket of a histogram the last request of a recorded trace that fell into it.
import type { SpanContext } from '@opentelemetry/api';

/** In the form that prom-client has for one. */
export interface Exemplar {
  labelSet: { trace_id: string; span_id: string };
  value: number;
  /** Epoch seconds. */
  timestamp: number;
}

export class Exemplars {
  private readonly kept: Array<Exemplar | undefined> = [];

  at(bucket: number): Exemplar | undefined {
    return this.kept[bucket];
  }

  put(bucket: number, value: number, { traceId, spanId }: SpanContext, now = Date.now()): void {
    this.kept[bucket] = { labelSet: { trace_id: traceId, span_id: spanId }, value, timestamp: now / 1000 };
  }
}
