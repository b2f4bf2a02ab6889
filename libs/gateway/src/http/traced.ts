// Step 1 at the HTTP door: the span of a request, where requests are traced.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isTracing, RequestTrace } from '#observability';

/** Asked again and again by machines: their traces would bury all others. */
const UNTRACED = new Set(['/health', '/health/live', '/health/ready', '/api/metrics']);

/** Begins the span; while tracing is off, does nothing. A caller who leaves before the reply ends it too. */
export function beginTrace(request: FastifyRequest, reply: FastifyReply): void {
  if (!isTracing()) return;
  const { exchange, method, headers, protocol, raw } = request;
  const route = request.routeOptions.url;
  if (route !== undefined && UNTRACED.has(route)) return;
  const { correlationId } = exchange;
  const protocolVersion = raw.httpVersion;
  const begun = RequestTrace.begin({ method, route, headers, scheme: protocol, protocolVersion, correlationId });
  exchange.trace = begun;
  if (begun) reply.raw.once('close', () => begun.abandon());
}

/** Does a part of the request's work inside its span, where it has one. */
export function withinTrace<T>({ exchange }: FastifyRequest, work: () => T): T {
  return exchange.trace ? exchange.trace.run(work) : work();
}

/** The header `server-timing` with the trace beside the layers that stand there. */
export function timing(layers: unknown, { serverTiming }: RequestTrace): string {
  return typeof layers === 'string' ? `${layers}, ${serverTiming}` : serverTiming;
}
