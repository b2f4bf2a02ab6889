// Gives a POST with an Idempotency-Key its effect once. Stands before the audit log: a reply given again is no act.
import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { LOGGER, type Logger } from '#observability';
import { failure } from '#ports';
import { ENDPOINT, type EndpointSpec } from '../endpoint.js';
import { idempotencyKey } from './idempotency-key.js';
import { type Claim, IdempotencyRecords } from './idempotency-records.js';

@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly kept: IdempotencyRecords,
    private readonly reflector: Reflector,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const header = request.headers['idempotency-key'];
    if (header === undefined || request.method !== 'POST' || !request.exchange.caller) return next.handle();
    const spec = this.reflector.get<EndpointSpec | undefined>(ENDPOINT, context.getHandler());
    if (spec?.effect !== 'write') return next.handle();
    if (spec.input.lines) throw failure('idempotency.unsupported', {});
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return from(this.once(request, reply, idempotencyKey(header), () => lastValueFrom(next.handle())));
  }

  private async once(
    { exchange, method, url, body }: FastifyRequest,
    reply: FastifyReply,
    key: string,
    act: () => Promise<unknown>,
  ): Promise<unknown> {
    const { tenant, subject } = exchange.caller!;
    const begun = await this.kept.begin({ tenant, subject, key, method, path: url, body });
    if ('reply' in begun) {
      reply.code(begun.reply.status).header('idempotency-replayed', 'true');
      return JSON.parse(begun.reply.body);
    }
    return this.first(begun.claim, reply, exchange.correlationId, act);
  }

  private async first(
    claim: Claim,
    reply: FastifyReply,
    correlationId: string,
    act: () => Promise<unknown>,
  ): Promise<unknown> {
    let result: unknown;
    try {
      result = await act();
    } catch (error) {
      await this.tried(correlationId, () => claim.release());
      throw error;
    }
    const { statusCode: status } = reply;
    const good = status >= 200 && status <= 299;
    const kept = { status, body: JSON.stringify(result ?? null) };
    await this.tried(correlationId, () => (good ? claim.keep(kept) : claim.release()));
    return result;
  }

  /** The act is done or has failed; whether that is remembered does not change it. */
  private async tried(correlationId: string, work: () => Promise<void>): Promise<void> {
    await work().catch((err: unknown) =>
      this.logger.warn({ correlationId, err }, 'The outcome under an Idempotency-Key could not be kept.'),
    );
  }
}
