// Reads a body of JSON lines as it comes: one line at a time, each checked by itself, and no more than is asked for.
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { failure, isFailure } from '#ports';
import { readJson } from './json-body.js';

export const NDJSON = 'application/x-ndjson';

/** One line: its value as the schema gives it, or why it has none. Rows count from 1; blank lines count, and are passed over. */
export type ReadLine<T> = { row: number; value: T } | { row: number; reason: string };

export interface LineLimits {
  /** Bytes of one line; a longer one is passed over. */
  maxBytes: number;
  /** Milliseconds that the sender may be silent while it is waited for. */
  idleMs: number;
}

/**
 * Connections whose body is read as it is worked on. That takes as long as it takes: they are exempt from the time that a
 * request has to arrive whole, and answer for their silence instead.
 */
const streaming = new WeakSet<Socket>();

export function isStreaming(socket: Socket): boolean {
  return streaming.has(socket);
}

/** @throws Failure `request.slow`; `request.headers` where the connection was lost */
export async function* linesOf<T>(
  body: Readable & { socket?: Socket },
  schema: z.ZodType<T>,
  limits: LineLimits,
): AsyncGenerator<ReadLine<T>> {
  const { socket } = body;
  if (socket) streaming.add(socket);
  try {
    let row = 0;
    for await (const line of rawLines(body, limits)) {
      row++;
      if (line === undefined) yield { row, reason: `the line is longer than ${limits.maxBytes} bytes` };
      else if (!isBlank(line)) yield checked(row, line, schema);
    }
  } finally {
    if (socket) streaming.delete(socket);
  }
}

function checked<T>(row: number, line: Buffer, schema: z.ZodType<T>): ReadLine<T> {
  try {
    const result = schema.safeParse(readJson(line));
    if (result.success) return { row, value: result.data };
    const { path, message } = result.error.issues[0]!;
    return { row, reason: path.length > 0 ? `${path.join('.').slice(0, 200)}: ${message}` : message };
  } catch (error) {
    if (isFailure(error)) return { row, reason: error.problems?.[0]?.message ?? error.message };
    throw error;
  }
}

const NEWLINE = 0x0a;

/** Lines without their ends; `undefined` in the place of one that is too long, of which no more is held than the limit. */
async function* rawLines(body: Readable, { maxBytes, idleMs }: LineLimits): AsyncGenerator<Buffer | undefined> {
  let held: Buffer[] = [];
  let bytes = 0;
  const take = (part: Buffer) => {
    bytes += part.length;
    if (bytes <= maxBytes) held.push(part);
    else held = [];
  };
  const line = () => {
    const whole = bytes <= maxBytes ? Buffer.concat(held) : undefined;
    held = [];
    bytes = 0;
    return whole;
  };
  for await (const chunk of timely(body, idleMs)) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      take(chunk.subarray(from, at));
      yield line();
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  if (bytes > 0) yield line();
}

/** Chunks as they are asked for; the time in which nobody asks does not count. */
async function* timely(body: Readable, idleMs: number): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  for (;;) {
    const { promise: silent, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(failure('request.slow', {})), idleMs);
    const next = await Promise.race([chunks.next().catch(lost), silent]).finally(() => clearTimeout(timer));
    if (next.done) return;
    yield next.value;
  }
}

/** Whoever sends the body has ended the connection: no fault of ours, and as a body that is read whole has it. */
function lost(cause: unknown): never {
  throw failure('request.headers', { reason: 'its body ends early' }, { cause });
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);
}
