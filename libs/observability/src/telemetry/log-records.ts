// Makes OpenTelemetry's log records of finished log lines, so that what was redacted for the one is for the other.
import {
  type Attributes,
  type Context,
  context,
  type Logger as LogSink,
  ROOT_CONTEXT,
  SeverityNumber,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { ErrorFields } from '../error-fields.js';

const SEVERITIES: Readonly<Record<string, SeverityNumber>> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
};

interface Line {
  level: string;
  time: string;
  service: string;
  msg?: string;
  trace_id?: string;
  span_id?: string;
  trace_flags?: string;
  correlationId?: string;
  err?: ErrorFields;
  [field: string]: unknown;
}

/** Sends one line. Lines about the sending itself are left out. */
export function sendLine(sink: LogSink, text: string): void {
  if (isTracingSuppressed(context.active())) return;
  const { level, time, service: _, msg = '', trace_id, span_id, trace_flags, ...fields } = JSON.parse(text) as Line;
  sink.emit({
    timestamp: Date.parse(time),
    severityNumber: SEVERITIES[level] ?? SeverityNumber.UNSPECIFIED,
    severityText: level.toUpperCase(),
    body: msg,
    attributes: attributesOf(fields),
    context: contextOf(trace_id, span_id, trace_flags),
  });
}

/** Names of the semantic conventions where there are some; else the names that the fields have in the line. */
function attributesOf({ correlationId, err, ...rest }: Partial<Line>): Attributes {
  return {
    ...(rest as Attributes),
    ...(correlationId !== undefined && { 'resk.correlation_id': correlationId }),
    ...(err && exceptionOf(err)),
  };
}

function exceptionOf({ type, message, stack, code, cause }: ErrorFields): Attributes {
  return {
    'exception.type': type,
    'exception.message': message,
    ...(stack && { 'exception.stacktrace': stack.join('\n') }),
    ...(code !== undefined && { 'error.type': code }),
    ...(cause && { 'resk.error.cause': { ...cause } as unknown as Attributes[string] }),
  };
}

function contextOf(traceId?: string, spanId?: string, flags?: string): Context {
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  const traceFlags = flags === '01' ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags });
}
