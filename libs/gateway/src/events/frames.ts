// What goes over an event connection: frames from clients, replies, failures and deliveries, the same at both doors.
import { z } from 'zod';
import { type Failure, failure, type JsonValue } from '#ports';

/** The channel on which the service itself speaks. */
export const SERVICE_CHANNEL = 'events';

/** Nobody but the service may publish data whose `type` begins so. */
const RESERVED_TYPES = /^(cache|provider|quota)\./;
/** JSON nested deeper than this is not passed on. */
const MAX_DEPTH = 32;

const channel = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ : -');

/** W3C Trace Context, which a frame may carry where a request has a header for it. Anything is taken, and what is none counts as none. */
const traced = { traceparent: z.string().max(256).optional() };

const frameSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('subscribe'), channel, ...traced }),
  z.strictObject({ type: z.literal('unsubscribe'), channel, ...traced }),
  z.strictObject({
    type: z.literal('publish'),
    channel,
    data: z.custom<JsonValue>((value) => isPlainJson(value), `must be JSON nested at most ${MAX_DEPTH} levels deep`),
    ...traced,
  }),
  z.strictObject({ type: z.literal('ping'), ...traced }),
]);

/** What a client may send. */
export type Frame = z.infer<typeof frameSchema>;

/** The answer to one frame. */
export type Reply =
  | { ok: true; subscribed: string }
  | { ok: true; unsubscribed: string }
  | { ok: true; published: string }
  | { ok: true; pong: string };

/** The answer to a frame that was refused, and the last word before a connection is closed. */
export interface ErrorFrame {
  error: { code: string; detail: string };
}

/** What subscribers receive. */
export interface Delivery {
  channel: string;
  data: JsonValue;
  /** ISO 8601 UTC. */
  at: string;
  /** Of the publisher's frame, where it was traced: receivers may go on with its trace. */
  traceparent?: string | undefined;
}

/** A frame to many connections: written as text once, and only if one of them wants text. */
export class Outgoing<Content extends object = object> {
  #text: string | undefined;

  constructor(readonly frame: Content) {}

  get text(): string {
    this.#text ??= JSON.stringify(this.frame);
    return this.#text;
  }
}

/** Reads a frame from its text, or from what Socket.IO has parsed. Fails with `event.too_large` or `event.frame_invalid`. */
export function readFrame(received: unknown, maxBytes: number): Frame {
  const value = typeof received === 'string' ? parse(received, maxBytes) : received;
  const { success, data: frame, error } = frameSchema.safeParse(value);
  if (!success) throw failure('event.frame_invalid', { reason: reasonOf(error) });
  if (typeof received !== 'string') checkSize(JSON.stringify(frame), maxBytes);
  return frame;
}

/** Refuses data that a subscriber could take for the service's own. Fails with `event.reserved`. */
export function checkUnreserved(data: JsonValue): void {
  const type = typeof data === 'object' && data !== null && !Array.isArray(data) ? data.type : undefined;
  const reserved = typeof type === 'string' ? RESERVED_TYPES.exec(type) : null;
  if (reserved) throw failure('event.reserved', { prefix: reserved[0] });
}

export function errorFrame({ code, kind, message }: Failure): ErrorFrame {
  return { error: { code, detail: kind === 'internal' ? failure('internal.unexpected', {}).message : message } };
}

function parse(text: string, maxBytes: number): unknown {
  checkSize(text, maxBytes);
  try {
    return JSON.parse(text);
  } catch {
    throw failure('event.frame_invalid', { reason: 'it is not JSON' });
  }
}

function checkSize(text: string, maxBytes: number): void {
  if (Buffer.byteLength(text) > maxBytes) throw failure('event.too_large', { limit: maxBytes });
}

function reasonOf(error: z.ZodError): string {
  const { path, message } = error.issues[0]!;
  return `${path.join('.') || 'frame'}: ${message}`.slice(0, 200);
}

/** Socket.IO can carry buffers; and a key `__proto__` would come alive in a careless reader. */
function isPlainJson(value: unknown, depth = 0): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isPlainJson(item, depth + 1));
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.hasOwn(value, '__proto__')) return false;
  return Object.values(value).every((item) => isPlainJson(item, depth + 1));
}
