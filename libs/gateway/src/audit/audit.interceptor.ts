// Writes acts to the audit log before they are answered: who may act must not be able to do so unseen.
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { AuditLog } from '#observability';
import { type AuditEvent, announce } from '#ports';
import { type AuditNote, ENDPOINT, type EndpointSpec } from '../endpoint.js';
import { asFailure } from '../http/problem.js';
import { isDenial, whoOf } from './denial.js';

type Fields = Record<string, unknown>;

@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly log: AuditLog,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const note = this.reflector.get<EndpointSpec | undefined>(ENDPOINT, context.getHandler())?.audit;
    if (context.getType() !== 'http' || !note) return next.handle();
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    return from(this.noted(request, note, () => lastValueFrom(next.handle())));
  }

  private async noted(request: FastifyRequest, note: AuditNote, act: () => Promise<unknown>): Promise<unknown> {
    let reply: unknown;
    try {
      reply = await act();
    } catch (error) {
      const failed = asFailure(error);
      // Written behind the reply, which says what went wrong. Denials are noted where every failure passes.
      if (!isDenial(failed)) {
        announce('audit.event', this.event(request, note, {}, { outcome: 'failed', code: failed.code }));
      }
      throw error;
    }
    await this.log.write(this.event(request, note, (reply ?? {}) as Fields, { outcome: 'done' }));
    return reply;
  }

  private event(
    { params, query, body, exchange }: FastifyRequest,
    note: AuditNote,
    reply: Fields,
    ended: Pick<AuditEvent, 'outcome' | 'code'>,
  ): AuditEvent {
    const asked = { params: fields(params), query: fields(query), body: fields(body) };
    return { ...whoOf(exchange), ...note(asked, reply), ...ended };
  }
}

function fields(part: unknown): Fields {
  return typeof part === 'object' && part !== null ? (part as Fields) : {};
}
