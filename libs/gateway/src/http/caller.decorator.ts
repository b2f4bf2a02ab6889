// Hands a handler who is calling, and the end of its time.
import type { Readable } from 'node:stream';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Caller } from '#auth';
import { linesOf, type ReadLine } from './lines.js';

/** The longest text of a document as JSON writes it, every character escaped, and room for a vector. */
const MOST_LINE_BYTES = 2 * 1024 ** 2;

const exchangeOf = (context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().exchange;

/** The verified caller; the endpoint has a scope, so there is one. */
export const CalledBy = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller => exchangeOf(context).caller!,
);

/** The lines of the body, as they come. The endpoint declares what each is. */
export const Lines = createParamDecorator((_: unknown, context: ExecutionContext): AsyncGenerator<ReadLine<never>> => {
  const { body, exchange } = context.switchToHttp().getRequest<FastifyRequest>();
  const schema = exchange.endpoint!.input.lines!.schema as z.ZodType<never>;
  return linesOf(body as Readable, schema, { maxBytes: MOST_LINE_BYTES, idleMs: exchange.timeoutMs });
});

/** Milliseconds that one part of the work may take, where the whole takes as long as its caller sends. */
export const PartMs = createParamDecorator((_: unknown, context: ExecutionContext) => exchangeOf(context).timeoutMs);

/** Aborted when the request's time is over. */
export const Until = createParamDecorator(
  (_: unknown, context: ExecutionContext): AbortSignal => exchangeOf(context).signal,
);
