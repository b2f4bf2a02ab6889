// Hands a handler who is calling, and the end of its time.
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '#auth';

const exchangeOf = (context: ExecutionContext) => context.switchToHttp().getRequest<FastifyRequest>().exchange;

/** The verified caller; the endpoint has a scope, so there is one. */
export const CalledBy = createParamDecorator(
  (_: unknown, context: ExecutionContext): Caller => exchangeOf(context).caller!,
);

/** Aborted when the request's time is over. */
export const Until = createParamDecorator(
  (_: unknown, context: ExecutionContext): AbortSignal => exchangeOf(context).signal,
);
