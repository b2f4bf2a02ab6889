// Spans of what comes over sockets: the handshake of a connection, and each message after it, in traces of their own.
import {
  type Attributes,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
} from '@opentelemetry/api';
import { activeTracer, errorTypeOf, inSpan, markFailed } from './spans.js';

/** What a message says of itself. */
export interface MessageFacts {
  /** Of a closed set, e.g. `publish`. */
  type: string;
  /** W3C Trace Context of the sender, where the message carries one. */
  traceparent?: string | undefined;
}

/** Where a connection began, so that its messages can name it. */
export type Handshaken = SpanContext;

/** Runs the handshake of a connection inside a server span; `done` hears where the connection began. Free while tracing is off. */
export function handshakeSpan<T>(
  door: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  run: (began: Handshaken | undefined) => Promise<T>,
): Promise<T> {
  const tracer = activeTracer();
  if (tracer === undefined) return run(undefined);
  const outer = propagation.extract(ROOT_CONTEXT, headers);
  const opened = tracer.startSpan(`handshake ${door}`, { kind: SpanKind.SERVER, attributes: about(door) }, outer);
  return inSpan(opened, outer, () => run(opened.spanContext()));
}

/**
 * Reads a message and does what it asks inside a server span of its own: in the sender's trace where the message carries
 * one, else in a new one; either way linked to the handshake. What cannot be read is a failed span. Free while tracing is off.
 */
export function messageSpan<M extends MessageFacts, T>(
  door: string,
  began: Handshaken | undefined,
  { read, run }: { read: () => M; run: (message: M) => T },
): T {
  const tracer = activeTracer();
  if (tracer === undefined) return run(read());
  const open = (type: string, outer: Context) =>
    tracer.startSpan(
      `${type} ${door}`,
      {
        kind: SpanKind.SERVER,
        attributes: { ...about(door), ...messaging(type) },
        links: began ? [{ context: began }] : [],
      },
      outer,
    );
  let message: M;
  try {
    message = read();
  } catch (error) {
    const opened = open('unreadable', ROOT_CONTEXT);
    markFailed(opened, errorTypeOf(error));
    opened.end();
    throw error;
  }
  const outer = contextOf(message);
  return inSpan(open(message.type, outer), outer, () => run(message));
}

function contextOf({ traceparent }: MessageFacts): Context {
  return traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}

function about(door: string): Attributes {
  return { 'network.protocol.name': 'websocket', 'resk.door': door };
}

/** Only publishing is messaging. The channel's name is a text of the caller, and not told. */
function messaging(type: string): Attributes {
  const attributes = { 'resk.message.type': type };
  if (type !== 'publish') return attributes;
  return {
    ...attributes,
    'messaging.system': 'resk-caching',
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
  };
}
