// Spans around work, and the ids of the trace that is under way. While tracing is off they cost one comparison.
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { isFailure } from '#ports';

const TRACER_NAME = 'resk-caching';

let tracer: Tracer | undefined;

/** Whether spans are made: ask before making attributes that cost something. */
export function isTracing(): boolean {
  return tracer !== undefined;
}

/** Begins or ends the making of spans; `startTracing` calls it, once the SDK stands. */
export function switchTracing(on: boolean): void {
  tracer = on ? trace.getTracer(TRACER_NAME) : undefined;
}

/** The tracer where tracing is on. */
export function activeTracer(): Tracer | undefined {
  return tracer;
}

/** Runs the work inside a span, child of the span around it. A failure marks the span and passes through. */
export function span<T>(name: string, attributes: Attributes, run: () => T): T {
  if (tracer === undefined) return run();
  return inSpan(tracer.startSpan(name, { attributes }), context.active(), run);
}

/** Adds to the span that is under way, if any. */
export function annotate(attributes: Attributes): void {
  if (tracer !== undefined) trace.getActiveSpan()?.setAttributes(attributes);
}

/** Ids of the trace under way, under the names of the OpenTelemetry log data model; empty where there is none. */
export function activeTrace(): { trace_id?: string; span_id?: string } {
  const active = tracer && trace.getActiveSpan()?.spanContext();
  return active && isSpanContextValid(active) ? { trace_id: active.traceId, span_id: active.spanId } : {};
}

/** What a span says at its end, beyond what it said at its beginning. */
export interface SpanEnd {
  attributesOf?: (error?: unknown) => Attributes;
  /** Whether an error marks the span as failed; every one does by default. */
  isFault?: (error: unknown) => boolean;
}

/** Runs the work inside a span that was just opened, and ends it with the work: when a promise settles, for a promise. */
export function inSpan<T>(opened: Span, outer: Context, run: () => T, end: SpanEnd = {}): T {
  try {
    const result = context.with(trace.setSpan(outer, opened), run);
    if (result instanceof Promise) return settled(opened, result, end) as T;
    endWell(opened, end);
    return result;
  } catch (error) {
    endFailed(opened, error, end);
    throw error;
  }
}

async function settled(opened: Span, work: Promise<unknown>, end: SpanEnd): Promise<unknown> {
  try {
    const result = await work;
    endWell(opened, end);
    return result;
  } catch (error) {
    endFailed(opened, error, end);
    throw error;
  }
}

function endWell(opened: Span, { attributesOf }: SpanEnd): void {
  if (attributesOf) opened.setAttributes(attributesOf());
  opened.end();
}

// Only the kind of error is told: its message may hold what a vendor echoed of a prompt.
function endFailed(opened: Span, error: unknown, { attributesOf, isFault = () => true }: SpanEnd): void {
  if (attributesOf) opened.setAttributes(attributesOf(error));
  if (isFault(error)) {
    opened.setAttribute('error.type', isFailure(error) ? error.code : error instanceof Error ? error.name : 'unknown');
    opened.setStatus({ code: SpanStatusCode.ERROR });
  }
  opened.end();
}
