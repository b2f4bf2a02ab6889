// The hot route, registered on Fastify itself: the very same pipeline steps as its controller, with nothing around them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isTracing, requestSpan } from '#observability';
import type { Answer, QueryService, Question } from '#query';
import { type EndpointSpec, endpointOf } from '../endpoint.js';
import type { Arrival, Pipeline } from '../pipeline.js';
import { answerHeaders, answerJson } from './answer-json.js';
import type { FailureFilter } from './failure.filter.js';
import { exchangeHeaders, securityHeaders } from './headers.js';
import { inTime } from './in-time.js';
import { QueryController } from './query.controller.js';

export const HOT_PATH = '/api/cache/query';

/** What the hot route needs of the container, which is built after the route is registered. */
export interface HotParts {
  pipeline: Pipeline;
  query: QueryService;
  failures: FailureFilter;
}

/** Answers questions with the least work around the steps. Until `bind` is called nothing listens. */
export class HotRoutes {
  private parts!: HotParts;
  private readonly endpoint: EndpointSpec = endpointOf(QueryController.prototype.ask);
  private readonly fixed: readonly string[];

  constructor(hsts: boolean) {
    this.fixed = [...Object.entries(securityHeaders(hsts)).flat(), 'content-type', 'application/json; charset=utf-8'];
  }

  bind(parts: HotParts): void {
    this.parts = parts;
  }

  /** Registers in a context of its own, for its error handler. The instance's hooks begin, end and count its requests too. */
  async register(instance: FastifyInstance): Promise<void> {
    await instance.register(async (context) => {
      context.setErrorHandler((error, request, reply) => this.fail(error, request, reply));
      context.post(HOT_PATH, (request, reply) => this.ask(request, reply));
    });
  }

  private ask(request: FastifyRequest, reply: FastifyReply): FastifyReply | Promise<FastifyReply> {
    const { exchange } = request;
    const { pipeline, query } = this.parts;
    try {
      const waiting = pipeline.pass(exchange, request as Arrival, this.endpoint);
      if (waiting || isTracing()) return this.askSlowly(request, reply, waiting ?? undefined);
      const answer = query.recall(request.body as Question, exchange.caller!, exchange.startedAt);
      return answer ? this.send(request, reply, answer) : this.askSlowly(request, reply);
    } catch (error) {
      return this.fail(error, request, reply);
    }
  }

  private async askSlowly(
    request: FastifyRequest,
    reply: FastifyReply,
    waiting?: Promise<void>,
  ): Promise<FastifyReply> {
    const { exchange, method, headers } = request;
    try {
      await waiting;
      const ask = () => this.parts.query.ask(request.body as Question, exchange.caller!, { signal: exchange.signal });
      const answer = await requestSpan({ method, route: HOT_PATH, headers }, () => inTime(exchange, ask));
      return this.send(request, reply, answer);
    } catch (error) {
      return this.fail(error, request, reply);
    }
  }

  /** Writes past Fastify's serialiser: the body is JSON already. */
  private send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
    const body = answerJson(answer);
    const headers = [...this.fixed, ...exchangeHeaders(request.exchange), ...answerHeaders(answer)];
    headers.push('content-length', String(Buffer.byteLength(body)));
    reply.hijack();
    reply.raw.writeHead(200, headers);
    reply.raw.end(body);
    return reply;
  }

  private fail(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    this.parts.failures.answer(error, request, reply);
    return reply;
  }
}
