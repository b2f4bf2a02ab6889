// The server span of a request: continues the caller's trace, and is the parent of all that the request does.
import { type Attributes, propagation, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { isFailure } from '#ports';
import { activeTracer, inSpan } from './spans.js';

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

export interface RequestFacts {
  method: string;
  /** The template of the route, e.g. `/api/cache/entries/:key`: paths and queries may name a person or hold a question. */
  route: string;
  /** Headers by lower-case name; `traceparent` and `tracestate` are read. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  scheme?: 'http' | 'https';
  correlationId?: string;
  /** The status that is sent, asked when the work is over; `error` is what it threw, if it did. */
  statusOf?: (error?: unknown) => number;
}

/**
 * Runs the work of a request inside its server span, with everything that it begins and awaits. A failure passes
 * through; the span is marked as failed where the fault is ours (a 5xx), not where it is the caller's. Free while
 * tracing is off.
 */
export function requestSpan<T>(request: RequestFacts, run: () => T): T {
  const tracer = activeTracer();
  if (tracer === undefined) return run();
  const outer = propagation.extract(ROOT_CONTEXT, request.headers);
  const attributes = attributesOf(request);
  const name = `${METHODS.has(request.method) ? request.method : 'HTTP'} ${request.route}`;
  const opened = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, outer);
  const statusOf = (error?: unknown): Attributes =>
    request.statusOf ? { 'http.response.status_code': request.statusOf(error) } : {};
  return inSpan(opened, outer, run, { attributesOf: statusOf, isFault });
}

// Semantic conventions for HTTP: a method that is not known is `_OTHER`, and the name of the span then says HTTP.
function attributesOf({ method, route, scheme = 'http', correlationId }: RequestFacts): Attributes {
  return {
    'http.request.method': METHODS.has(method) ? method : '_OTHER',
    'http.route': route,
    'url.scheme': scheme,
    ...(correlationId !== undefined && { 'resk.correlation_id': correlationId }),
  };
}

function isFault(error: unknown): boolean {
  return !isFailure(error) || ['internal', 'unavailable', 'late'].includes(error.kind);
}
