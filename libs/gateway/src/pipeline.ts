// Everything that a request passes, in order, for HTTP and sockets alike. Each step is a method that a guard wraps;
// the hot routes call the very same methods with less around them.
import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { ThrottlerStorage } from '@nestjs/throttler';
import type { z } from 'zod';
import { type Caller, Callers, lacking } from '#auth';
import { PassportAuthenticator } from '#auth/module';
import { configToken } from '#config';
import { announce, type Failure, failure, type InputProblem } from '#ports';
import type { EndpointSpec } from './endpoint.js';
import { Exchange } from './exchange.js';
import { QuotaGate } from './quota-gate.js';
import {
  addressTracker,
  callerTracker,
  type Hit,
  type RateLimitConfig,
  type RateRule,
  rateLimitSection,
  rateRules,
  SlidingWindowStorage,
} from './rate-limit/index.js';

/** What the steps read of a request, whatever the door. */
export interface Arrival {
  headers: { readonly authorization?: string | undefined; readonly accept?: string | undefined };
  body?: unknown;
  query?: unknown;
  params?: unknown;
}

const UNROUTED: EndpointSpec = { input: {}, scope: 'open', cost: 1 };

/** The result of a step that may have to wait. */
type Step = void | Promise<void>;

@Injectable()
export class Pipeline {
  private readonly rules: Record<'caller' | 'address' | 'unauthenticated', RateRule>;

  constructor(
    private readonly callers: Callers,
    private readonly authenticator: PassportAuthenticator,
    @Inject(ThrottlerStorage) private readonly windows: SlidingWindowStorage,
    @Inject(configToken(rateLimitSection)) config: RateLimitConfig,
    private readonly quotas: QuotaGate,
  ) {
    this.rules = rateRules(config);
  }

  /** The steps in their order. Synchronous as long as none of them has to wait, as on a hit by a caller known already. */
  pass(exchange: Exchange, arrival: Arrival, endpoint: EndpointSpec): Step {
    return after(this.admit(exchange, endpoint), () => {
      this.validate(arrival, endpoint);
      return after(this.authenticate(exchange, arrival, endpoint), () => this.limit(exchange, endpoint));
    });
  }

  // 0. Size, depth and media type: limits of the door's own parser (http/fastify-instance.ts, events/).
  // 1. Correlation id and deadline: made with the Exchange, by the door.

  /** 1b. A coarse limit of the address, before anything is parsed: floods of bad requests are limited too. */
  admit(exchange: Exchange, endpoint: EndpointSpec): Step {
    exchange.endpoint = endpoint;
    if (endpoint.cost === 0) return;
    return this.count(exchange, this.rules.address, addressTracker(exchange.address), endpoint.cost);
  }

  /** 2. Every part of the input is what the endpoint declares; the parsed values take the place of the raw ones. */
  validate(arrival: Arrival, { input, produces, alsoProduces }: EndpointSpec): void {
    checkAccept(arrival.headers.accept, produces, alsoProduces);
    if (input.params) arrival.params = parsed(input.params, arrival.params, 'path');
    if (input.query) {
      checkNames(arrival.query);
      arrival.query = parsed(input.query, arrival.query, 'query');
    }
    if (arrival.body instanceof Readable !== (input.lines !== undefined)) {
      throw arrival.body === undefined ? failure('request.empty', {}) : failure('request.media_type', {});
    }
    if (input.lines) return;
    if (input.body) {
      if (arrival.body === undefined || arrival.body === null) throw failure('request.empty', {});
      arrival.body = parsed(input.body.schema as z.ZodType, arrival.body, 'body');
    } else refuseBody(arrival.body);
  }

  /** 3. Token or certificate → caller, and the endpoint's scope. What was verified before and is still good costs a look-up. */
  authenticate(exchange: Exchange, arrival: Arrival, endpoint: EndpointSpec): Step {
    if (endpoint.scope === 'open') return;
    const { authorization } = arrival.headers;
    const { certificate, address } = exchange;
    const known = this.callers.known(authorization, certificate);
    if (known) return this.permit(exchange, known, endpoint);
    const shown = { authorization, certificate, address };
    return this.callers
      .identify(shown, () => this.authenticator.authenticate(arrival))
      .then(
        (caller) => this.permit(exchange, caller, endpoint),
        (refusal: Failure) => this.refuse(exchange, refusal),
      );
  }

  /** 4. The sliding window of the caller, and the quotas of its tenant; the window of the address where nobody is known. */
  limit(exchange: Exchange, { cost }: EndpointSpec): Step {
    if (cost === 0) return;
    const { caller } = exchange;
    if (!caller) return this.count(exchange, this.rules.unauthenticated, addressTracker(exchange.address), cost);
    const counted = this.count(exchange, this.rules.caller, callerTracker(caller), cost);
    return counted ? counted.then(() => this.quotas.pass(caller.tenant, cost)) : this.quotas.pass(caller.tenant, cost);
  }

  // 4b. A write is no replay, where that is to be proven: FreshnessGuard. No hot route writes.
  // 5. Span and histogram around the rest: ObserveInterceptor. An Idempotency-Key: IdempotencyInterceptor. 6. The handler. 7. Failures: FailureFilter.

  /**
   * What failed before anybody was counted counts still: like any stranger's request where it met no endpoint (no such
   * path, a body that cannot be read), and as the caller's where that is known already.
   */
  countRefused(exchange: Exchange, { headers }: Arrival): Step {
    const { endpoint, caller, certificate, limit } = exchange;
    if (!endpoint) return after(this.admit(exchange, UNROUTED), () => this.limit(exchange, UNROUTED));
    if (caller || endpoint.scope === 'open' || limit?.rule !== 'address' || !limit.allowed) return;
    exchange.caller = this.callers.known(headers.authorization, certificate);
    return exchange.caller && this.limit(exchange, endpoint);
  }

  /** What a caller may not do counts against its subject, whether a step or the handler says so: asking on and on locks it out. */
  countDenial({ caller }: Exchange): void {
    if (caller) this.callers.denied(caller);
  }

  private permit(exchange: Exchange, caller: Caller, { scope, operator }: EndpointSpec): void {
    exchange.caller = caller;
    if (scope !== 'token' && scope !== 'open' && !caller.may(scope)) throw lacking(caller, scope);
    if (operator && !caller.operator) throw failure('auth.operator', {});
  }

  /** A refused token counts against its address, so that guessing is limited: 401 until the window is full, then 429. */
  private async refuse(exchange: Exchange, refusal: Failure): Promise<never> {
    if (refusal.code === 'auth.locked_out') throw refusal;
    await this.count(exchange, this.rules.unauthenticated, addressTracker(exchange.address), 1);
    throw refusal;
  }

  private count(exchange: Exchange, rule: RateRule, tracker: string, cost: number): Step {
    const hit = this.windows.hit(rule, tracker, cost);
    return hit instanceof Promise ? hit.then((one) => settle(exchange, rule, one)) : settle(exchange, rule, hit);
  }
}

/** The next step, at once where the one before has not had to wait. */
function after(step: Step, next: () => Step): Step {
  return step ? step.then(next) : next();
}

/** What the reply says of limits is the narrowest rule counted last, which is the caller's. */
function settle(exchange: Exchange, rule: RateRule, hit: Hit): void {
  exchange.limit = { ...hit, limit: rule.limit, rule: rule.name };
  if (hit.allowed) return;
  announce('rate.limited', { door: exchange.door, tracker: rule.name === 'caller' ? 'caller' : 'address' });
  const facts = { limit: rule.limit, windowSeconds: Math.round(rule.windowMs / 1000) };
  throw failure('rate.limited', facts, { retryAfterMs: hit.retryAfterMs });
}

function parsed(schema: z.ZodType, value: unknown, part: string): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.flatMap(problemsOf);
  throw failure('request.invalid', { part, count: problems.length }, { problems: problems.slice(0, MOST_PROBLEMS) });
}

/** Zod passes over a parameter of this name, so that a purge of nothing known would become a purge of all. */
function checkNames(query: unknown): void {
  if (!Object.hasOwn(query as object, '__proto__')) return;
  throw invalid('query', { path: '__proto__', code: 'unrecognized_keys', message: NO_SUCH_FIELD });
}

/** Who puts a selector into the body of a DELETE would purge all. An empty object says nothing, and some clients send it. */
function refuseBody(body: unknown): void {
  if (body === undefined || body === null || (typeof body === 'object' && Object.keys(body).length === 0)) return;
  throw invalid('body', { path: '', code: 'unexpected_body', message: 'This operation takes no body.' });
}

function invalid(part: string, problem: InputProblem): Failure {
  return failure('request.invalid', { part, count: 1 }, { problems: [problem] });
}

/** Problems told in one reply: a reply is not to be many times the size of what it refuses. */
const MOST_PROBLEMS = 100;
const NO_SUCH_FIELD = 'There is no such field. Remove it.';

/** One problem a field: an unknown field is named itself, not the object around it. */
function problemsOf(issue: z.core.$ZodIssue): InputProblem[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key].join('.').slice(0, 200),
      code: issue.code,
      message: NO_SUCH_FIELD,
    }));
  }
  return [{ path: path.join('.').slice(0, 200), code: issue.code, message: issue.message }];
}

function checkAccept(accept: string | undefined, produces = 'application/json', also?: string): void {
  if (accept === undefined || accept.includes('*/*') || accept.includes(produces)) return;
  const wanted = accept.toLowerCase();
  const enough = [
    produces,
    `${produces.split('/')[0]}/*`,
    'application/problem+json',
    ...(also === undefined ? [] : [also]),
  ];
  if (enough.some((type) => wanted.includes(type))) return;
  throw failure('request.not_acceptable', { offered: also === undefined ? produces : `${produces}, ${also}` });
}
