// The pipeline's steps as Nest guards, in their order. Guards run before pipes and interceptors, so nothing slips past them.
import { type CanActivate, type ExecutionContext, Inject, Injectable, type Type } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import { failure } from '#ports';
import { ENDPOINT, type EndpointSpec } from './endpoint.js';
import type { Exchange } from './exchange.js';
import { type Arrival, Pipeline } from './pipeline.js';
import { Freshness } from './writes/freshness.js';

/** What a guard works on, found from Nest's context. */
interface Passage {
  request: FastifyRequest;
  exchange: Exchange;
  endpoint: EndpointSpec;
  arrival: Arrival;
}

/** Takes a step for a request. Sockets take theirs at the handshake and frame by frame (events/): nothing is left to ask of them. */
async function stepping(
  context: ExecutionContext,
  reflector: Reflector,
  step: (passage: Passage) => void | Promise<void>,
): Promise<true> {
  if (context.getType() === 'ws') return true;
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const endpoint = reflector.get<EndpointSpec | undefined>(ENDPOINT, context.getHandler());
  // The boot has checked that there is one; a handler that got past it stays closed all the same.
  if (!endpoint) throw failure('boot.endpoint_undeclared', { handler: context.getHandler().name });
  await step({ request, exchange: request.exchange, endpoint, arrival: request as Arrival });
  return true;
}

@Injectable()
export class AdmissionGuard implements CanActivate {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return stepping(context, this.reflector, ({ exchange, endpoint }) => this.pipeline.admit(exchange, endpoint));
  }
}

@Injectable()
export class ValidationGuard implements CanActivate {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return stepping(context, this.reflector, ({ arrival, endpoint }) => this.pipeline.validate(arrival, endpoint));
  }
}

@Injectable()
export class TokenGuard implements CanActivate {
  constructor(
    private readonly pipeline: Pipeline,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return stepping(context, this.reflector, ({ exchange, arrival, endpoint }) =>
      this.pipeline.authenticate(exchange, arrival, endpoint),
    );
  }
}

/** The throttler's guard, deciding by the pipeline's rules: by caller, not by socket address alone. */
@Injectable()
export class RateLimitGuard extends ThrottlerGuard {
  @Inject(Pipeline) private readonly pipeline!: Pipeline;

  override canActivate(context: ExecutionContext): Promise<boolean> {
    return stepping(context, this.reflector, ({ exchange, endpoint }) => this.pipeline.limit(exchange, endpoint));
  }
}

/** Where it is demanded: a write must prove that it is no replay. After the limits, so that nonces are limited too. */
@Injectable()
export class FreshnessGuard implements CanActivate {
  constructor(
    @Inject(Freshness) private readonly freshness: Freshness | null,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): Promise<boolean> {
    return stepping(context, this.reflector, ({ request, exchange, endpoint }) =>
      this.freshness && endpoint.effect === 'write' && exchange.caller
        ? this.freshness.prove(request.headers, exchange.caller)
        : undefined,
    );
  }
}

/** The order of the steps, for every handler of every door. */
export const GUARDS: readonly Type<CanActivate>[] = [
  AdmissionGuard,
  ValidationGuard,
  TokenGuard,
  RateLimitGuard,
  FreshnessGuard,
];
