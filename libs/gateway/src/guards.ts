// The pipeline's steps as Nest guards, in their order. Guards run before pipes and interceptors, so nothing slips past them.
import { type CanActivate, type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { failure } from '#ports';
import { ENDPOINT, type EndpointSpec } from './endpoint.js';
import type { Exchange } from './exchange.js';
import { type Arrival, Pipeline } from './pipeline.js';

/** What a guard works on, found from Nest's context. */
interface Passage {
  exchange: Exchange;
  endpoint: EndpointSpec;
  arrival: Arrival;
}

function passage(context: ExecutionContext, reflector: Reflector): Passage {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const endpoint = reflector.get<EndpointSpec | undefined>(ENDPOINT, context.getHandler());
  // The boot has checked that there is one; a handler that got past it stays closed all the same.
  if (!endpoint) throw failure('boot.endpoint_undeclared', { handler: context.getHandler().name });
  return { exchange: request.exchange, endpoint, arrival: request as Arrival };
}

/** Sockets pass the steps at their handshake and frame by frame (events/): a guard has nothing left to ask of them. */
function isSocket(context: ExecutionContext): boolean {
  return context.getType() === 'ws';
}

@Injectable()
export class AdmissionGuard implements CanActivate {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (isSocket(context)) return true;
    const { exchange, endpoint } = passage(context, this.reflector);
    await this.pipeline.admit(exchange, endpoint);
    return true;
  }
}

@Injectable()
export class ValidationGuard implements CanActivate {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (isSocket(context)) return true;
    const { endpoint, arrival } = passage(context, this.reflector);
    this.pipeline.validate(arrival, endpoint);
    return true;
  }
}

@Injectable()
export class TokenGuard implements CanActivate {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (isSocket(context)) return true;
    const { exchange, endpoint, arrival } = passage(context, this.reflector);
    await this.pipeline.authenticate(exchange, arrival, endpoint);
    return true;
  }
}

/** The throttler's guard, deciding by the pipeline's rules: by caller, not by socket address alone. */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  @Inject(Pipeline) private readonly pipeline!: Pipeline;

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (isSocket(context)) return true;
    const { exchange, endpoint } = passage(context, this.reflector);
    await this.pipeline.limit(exchange, endpoint);
    return true;
  }
}

/** The order of the steps, for every handler of every door. */
export const GUARDS: readonly Type<CanActivate>[] = [AdmissionGuard, ValidationGuard, TokenGuard, RateLimitGuard];
