// Spans of outgoing HTTP calls, and the trace along with them, so that a vendor's or a store's own spans join it.
import { channel } from 'node:diagnostics_channel';
import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { errorTypeOf, markFailed } from './spans.js';

/** What undici publishes of a request: https://undici.nodejs.org/#/docs/api/DiagnosticsChannel */
interface Published {
  request: { method: string; origin?: string | URL; addHeader(name: string, value: string): void };
  response?: { statusCode: number };
  error?: unknown;
}

/**
 * A span for every request of undici (and of `fetch`) that is made inside a span, which `traceparent` names to the server.
 * Attempts that are repeated are spans of their own. Neither path nor query is told: they may name a collection or a
 * person. Returns how to stop.
 */
export function traceOutgoing(tracer: Tracer): () => void {
  const underWay = new WeakMap<object, Span>();
  const end = (request: object) => {
    underWay.get(request)?.end();
    underWay.delete(request);
  };
  const stops = [
    hear('create', ({ request }) => {
      const active = trace.getActiveSpan();
      if (!active || hasEnded(active)) return;
      const opened = active.isRecording() ? begin(tracer, request) : active;
      if (opened !== active) underWay.set(request, opened);
      const within = trace.setSpan(context.active(), opened);
      propagation.inject(within, request, { set: (to, name, value) => to.addHeader(name, String(value)) });
    }),
    hear('headers', ({ request, response }) => answered(underWay.get(request), response!.statusCode)),
    hear('trailers', ({ request }) => end(request)),
    hear('error', ({ request, error }) => {
      const opened = underWay.get(request);
      if (opened) markFailed(opened, codeOf(error));
      end(request);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Of timers that were set during a request: what they do is no part of it. */
function hasEnded(active: Span): boolean {
  return !active.isRecording() && (active.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

function begin(tracer: Tracer, request: Published['request']): Span {
  const { method } = request;
  return tracer.startSpan(method, { kind: SpanKind.CLIENT, attributes: attributesOf(request) });
}

function answered(opened: Span | undefined, status: number): void {
  if (!opened) return;
  opened.setAttribute('http.response.status_code', status);
  if (status >= 400) markFailed(opened, String(status));
}

function attributesOf({ method, origin }: Published['request']): Attributes {
  const { protocol, hostname, port } = new URL(String(origin));
  const scheme = protocol.slice(0, -1);
  return {
    'http.request.method': method,
    'url.scheme': scheme,
    'server.address': hostname,
    'server.port': port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
  };
}

/** The code of a system error or of undici, e.g. `ECONNREFUSED`. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : errorTypeOf(error);
}

function hear(name: string, heard: (message: Published) => void): () => void {
  const listener = (message: unknown) => heard(message as Published);
  const published = channel(`undici:request:${name}`);
  published.subscribe(listener);
  return () => void published.unsubscribe(listener);
}
