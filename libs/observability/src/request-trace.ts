// The server span of a request, from its arrival to the end of its reply: the parent of all that the request does.
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { activeTracer, errorTypeOf, markFailed, traceparentOf } from './spans.js';

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

export interface RequestFacts {
  method: string;
  /** The template of the route, e.g. `/api/cache/entries/:key`: paths and queries may name a person or hold a question. Absent where none fits. */
  route?: string | undefined;
  /** Headers by lower-case name; `traceparent` and `tracestate` are read. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  scheme?: 'http' | 'https';
  protocolVersion?: string;
  correlationId?: string;
}

export class RequestTrace {
  private readonly within: Context;
  private errorType: string | undefined;

  private constructor(
    private readonly opened: Span,
    outer: Context,
  ) {
    this.within = trace.setSpan(outer, opened);
  }

  /** Begins the span, in the trace of the caller where there is one. `undefined` while tracing is off. */
  static begin(request: RequestFacts): RequestTrace | undefined {
    const tracer = activeTracer();
    return tracer && RequestTrace.open(tracer, request);
  }

  private static open(tracer: Tracer, request: RequestFacts): RequestTrace {
    const outer = propagation.extract(ROOT_CONTEXT, request.headers);
    const method = METHODS.has(request.method) ? request.method : 'HTTP';
    const name = request.route === undefined ? method : `${method} ${request.route}`;
    const opened = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: attributesOf(request) }, outer);
    return new RequestTrace(opened, outer);
  }

  get spanContext(): SpanContext {
    return this.opened.spanContext();
  }

  /** What the reply says of it, as an entry of `server-timing`: https://w3c.github.io/trace-context/#traceresponse-header is not yet read by browsers, this is. */
  get serverTiming(): string {
    return `traceparent;desc="${traceparentOf(this.spanContext)}"`;
  }

  /** Does a part of the work inside the span. */
  run<T>(work: () => T): T {
    return context.with(this.within, work);
  }

  /** Notes why the request fails. */
  failed(error: unknown): void {
    this.errorType = errorTypeOf(error);
  }

  /** Ends the span; what comes after the first time counts no more. It failed where the fault is ours (5xx), not where it is the caller's. */
  end(status: number): void {
    if (!this.opened.isRecording()) return;
    this.opened.setAttribute('http.response.status_code', status);
    if (status >= 500) markFailed(this.opened, this.errorType ?? String(status));
    else if (this.errorType !== undefined) this.opened.setAttribute('error.type', this.errorType);
    this.opened.end();
  }

  /** Ends the span of a caller who left before the reply; nothing where it has ended. */
  abandon(): void {
    if (!this.opened.isRecording()) return;
    this.opened.setAttribute('error.type', 'cancelled');
    this.opened.end();
  }
}

// Semantic conventions for HTTP: a method that is not known is `_OTHER`, and the name of the span then says HTTP.
function attributesOf({ method, route, scheme = 'http', protocolVersion, correlationId }: RequestFacts): Attributes {
  return {
    'http.request.method': METHODS.has(method) ? method : '_OTHER',
    'url.scheme': scheme,
    ...(route !== undefined && { 'http.route': route }),
    ...(protocolVersion !== undefined && { 'network.protocol.version': protocolVersion }),
    ...(correlationId !== undefined && { 'resk.correlation_id': correlationId }),
  };
}
