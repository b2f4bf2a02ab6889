// Spans of what comes over sockets: the handshake of a connection, and each message after it, in traces of their own.
import {
  type Attributes,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
} from '@opentelemetry/api';
import { isOurFault } from './faults.js';
import { activeTracer, errorTypeOf, inSpan } from './spans.js';

/** What a message says of itself. */
export interface MessageFacts {
  /** Of a closed set, e.g. `publish`. */
  type: string;
  /** W3C Trace Context of the sender, where the message carries one. */
  traceparent?: string | undefined;
}

/** Where a connection began, so that its messages can name it. */
export type Handshaken = SpanContext;

/** Runs the handshake of a connection inside a server span, and tells it where the connection begins. Free while tracing is off. */
export function handshakeSpan<T>(
  door: string,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  run: (began: Handshaken | undefined) => Promise<T>,
): Promise<T> {
  const tracer = activeTracer();
  if (tracer === undefined) return run(undefined);
  const outer = propagation.extract(ROOT_CONTEXT, headers);
  const opened = tracer.startSpan(`handshake ${door}`, { kind: SpanKind.SERVER, attributes: about(door) }, outer);
  return inSpan(opened, outer, () => run(opened.spanContext()), { isFault: isOurFault });
}

/**
 * Reads a message and does what it asks inside a server span of its own: in the sender's trace where the message carries
 * one, else in a new one; either way linked to the handshake. What is refused says why; failed is the span where the fault is ours. Free while tracing is off.
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
        attributes: { ...about(door), 'resk.message.type': type },
        links: began ? [{ context: began }] : [],
      },
      outer,
    );
  let message: M;
  try {
    message = read();
  } catch (error) {
    const opened = open('unreadable', ROOT_CONTEXT);
    opened.setAttribute('error.type', errorTypeOf(error));
    opened.end();
    throw error;
  }
  const outer = contextOf(message);
  return inSpan(open(message.type, outer), outer, () => run(message), { isFault: isOurFault });
}

function contextOf({ traceparent }: MessageFacts): Context {
  return traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}

function about(door: string): Attributes {
  return { 'network.protocol.name': 'websocket', 'resk.door': door };
}
