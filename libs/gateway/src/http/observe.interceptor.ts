// Step 5 at the HTTP door: the end of a handler's time. Its span has begun with the request.
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { inTime } from './in-time.js';

@Injectable()
export class ObserveInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | ReturnType<CallHandler['handle']> {
    if (context.getType() !== 'http') return next.handle();
    const { exchange } = context.switchToHttp().getRequest<FastifyRequest>();
    // What is read as it comes takes as long as it comes; its handler bounds each part of it.
    if (exchange.endpoint?.input.lines !== undefined) return next.handle();
    return from(inTime(exchange, () => lastValueFrom(next.handle())));
  }
}
