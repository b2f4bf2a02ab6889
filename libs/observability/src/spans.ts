// Spans around work, and the ids of the trace that is under way. While tracing is off they cost one comparison.
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type Span,
  type SpanContext,
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

/** Begins or ends the making of spans; called once the SDK stands. */
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

/**
 * Ids of the trace under way, under the names of OpenTelemetry's logs in other formats; empty where there is none. Also
 * of a trace that is not recorded: the caller's own logs may have the same ids.
 */
export function activeTrace(): { trace_id?: string; span_id?: string; trace_flags?: string } {
  const active = tracer && trace.getActiveSpan()?.spanContext();
  if (!active || !isSpanContextValid(active)) return {};
  return { trace_id: active.traceId, span_id: active.spanId, trace_flags: flagsOf(active) };
}

/** The span under way where it is recorded, so that whoever is sent its ids finds it. */
export function recordedSpan(): SpanContext | undefined {
  const active = tracer && trace.getActiveSpan();
  return active?.isRecording() ? active.spanContext() : undefined;
}

/** The span under way as W3C Trace Context, where it is recorded: for those who are sent something of it. */
export function recordedTraceparent(): string | undefined {
  const recorded = recordedSpan();
  return recorded && traceparentOf(recorded);
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceparentOf(of: SpanContext): string {
  return `00-${of.traceId}-${of.spanId}-${flagsOf(of)}`;
}

function flagsOf({ traceFlags }: SpanContext): string {
  return traceFlags.toString(16).padStart(2, '0');
}

/** What a span says at its end, beyond what it said at its beginning. */
export interface SpanEnd {
  /** The `error.type` of a failed span, where something better is known than the error. */
  errorType?: () => string | undefined;
  /** Whether an error marks the span as failed; every one does by default. Its type is told either way. */
  isFault?: (error: unknown) => boolean;
}

/** Runs the work inside a span that was just opened, and ends it with the work: when a promise settles, for a promise. */
export function inSpan<T>(opened: Span, outer: Context, run: () => T, end: SpanEnd = {}): T {
  try {
    const result = context.with(trace.setSpan(outer, opened), run);
    if (result instanceof Promise) return settled(opened, result, end) as T;
    opened.end();
    return result;
  } catch (error) {
    endFailed(opened, error, end);
    throw error;
  }
}

async function settled(opened: Span, work: Promise<unknown>, end: SpanEnd): Promise<unknown> {
  try {
    const result = await work;
    opened.end();
    return result;
  } catch (error) {
    endFailed(opened, error, end);
    throw error;
  }
}

// Only the kind of error is told: its message may hold what a vendor echoed of a prompt.
function endFailed(opened: Span, error: unknown, { errorType, isFault = () => true }: SpanEnd): void {
  const type = errorType?.() ?? errorTypeOf(error);
  if (isFault(error)) markFailed(opened, type);
  else opened.setAttribute('error.type', type);
  opened.end();
}

export function markFailed(opened: Span, errorType: string): void {
  opened.setAttribute('error.type', errorType);
  opened.setStatus({ code: SpanStatusCode.ERROR });
}

/** The kind of an error, of a closed set. */
export function errorTypeOf(error: unknown): string {
  if (isFailure(error)) return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
