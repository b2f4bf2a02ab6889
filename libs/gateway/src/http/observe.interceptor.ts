// Step 5 at the HTTP door: a span around the handler, and the end of its time.
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { requestSpan } from '#observability';
import { inTime } from './in-time.js';

@Injectable()
export class ObserveInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | ReturnType<CallHandler['handle']> {
    if (context.getType() !== 'http') return next.handle();
    const { exchange, method, routeOptions, headers } = context.switchToHttp().getRequest<FastifyRequest>();
    const about = { method, route: routeOptions.url ?? 'unmatched', headers };
    const work = () => lastValueFrom(next.handle());
    // What is read as it comes takes as long as it comes; its handler bounds each part of it.
    const isBounded = exchange.endpoint?.input.lines === undefined;
    return from(requestSpan(about, () => (isBounded ? inTime(exchange, work) : work())));
  }
}
