// The hot route, on a Fastify instance of its own: the very same pipeline steps as its controller, with nothing around them.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Answer, QueryService, Question } from '#query';
import { type EndpointSpec, endpointOf } from '../endpoint.js';
import type { Exchange } from '../exchange.js';
import type { Arrival, Pipeline } from '../pipeline.js';
import { answerHeaders, answerJson } from './answer-json.js';
import { countedStatus, countReplies, type Sent } from './count-replies.js';
import type { FailureFilter } from './failure.filter.js';
import { type DoorRules, hotInstance, type Shortcut, sendHeaders } from './fastify-instance.js';
import { exchangeHeaders, securityHeaders } from './headers.js';
import type { HttpConfig } from './http.section.js';
import { inTime } from './in-time.js';
import { QueryController } from './query.controller.js';
import type { Arrivals } from './request.js';
import { beginTrace, timing } from './traced.js';

export const HOT_PATH = '/api/cache/query';

/** What the hot route needs of the container, which is built after the route is registered. */
export interface HotParts {
  sent: Sent;
  pipeline: Pipeline;
  query: QueryService;
  failures: FailureFilter;
}

/** Answers questions with the least work around the steps. Until `bind` is called nothing listens. */
export class HotRoutes {
  private parts!: HotParts;
  private stopping = false;
  private readonly endpoint: EndpointSpec = endpointOf(QueryController.prototype.ask);
  private readonly fixed: readonly string[];
  private readonly instance: FastifyInstance;

  constructor(
    config: HttpConfig,
    private readonly arrivals: Arrivals,
    private readonly rules: DoorRules,
  ) {
    const security = Object.entries(securityHeaders(rules.hsts)).flat();
    this.fixed = [...security, 'content-type', 'application/json; charset=utf-8'];
    this.instance = hotInstance(config);
    // These run for error replies alone: answers are written past them.
    sendHeaders(this.instance, rules);
    countReplies(this.instance, (request, status) => this.parts.sent(request, status));
    this.instance.setErrorHandler((error, request, reply) => this.fail(error, request, reply));
    this.instance.post(HOT_PATH, (request, reply) => this.ask(request, reply));
  }

  async open(): Promise<void> {
    await this.instance.ready();
  }

  bind(parts: HotParts): void {
    this.parts = parts;
  }

  /** Takes a question as clients usually send it; with a query string, a closing slash or something to be refused for it is the controller's. */
  readonly take: Shortcut = (request, response) => {
    if (request.url !== HOT_PATH || request.method !== 'POST' || this.rules.keeper.refusal(request)) return false;
    this.instance.routing(request, response);
    return true;
  };

  /** From now on each reply ends its connection, so that the server can close. */
  stop(): void {
    this.stopping = true;
  }

  /** Gives nothing back: Fastify waits for what a handler gives, and a reply can be waited for. */
  private ask(request: FastifyRequest, reply: FastifyReply): void {
    const exchange = this.begin(request);
    beginTrace(request, reply);
    if (exchange.trace) exchange.trace.run(() => this.pass(exchange, request, reply));
    else this.pass(exchange, request, reply);
  }

  private pass(exchange: Exchange, request: FastifyRequest, reply: FastifyReply): void {
    try {
      const waiting = this.parts.pipeline.pass(exchange, request as Arrival, this.endpoint);
      if (waiting || !this.recall(request, reply)) void this.askSlowly(request, reply, waiting ?? undefined);
    } catch (error) {
      this.fail(error, request, reply);
    }
  }

  /** Answers from memory, if it can be. */
  private recall(request: FastifyRequest, reply: FastifyReply): boolean {
    const { exchange } = request;
    const answer = this.parts.query.recall(request.body as Question, exchange.caller!, exchange.startedAt);
    if (answer) this.send(request, reply, answer);
    return answer !== undefined;
  }

  private async askSlowly(request: FastifyRequest, reply: FastifyReply, waiting?: Promise<void>): Promise<void> {
    const { exchange } = request;
    try {
      if (waiting) {
        await waiting;
        if (this.recall(request, reply)) return;
      }
      const ask = () => this.parts.query.ask(request.body as Question, exchange.caller!, { signal: exchange.signal });
      this.send(request, reply, await inTime(exchange, ask));
    } catch (error) {
      this.fail(error, request, reply);
    }
  }

  /** Writes past Fastify's serialiser: the body is JSON already. */
  private send(request: FastifyRequest, reply: FastifyReply, answer: Answer): void {
    const body = answerJson(answer);
    const headers = this.fixed.concat(exchangeHeaders(request.exchange), this.headersOf(answer, request.exchange), [
      'content-length',
      String(Buffer.byteLength(body)),
    ]);
    if (this.rules.cors) headers.push(...this.rules.cors.headers(request.headers.origin));
    if (this.stopping) headers.push('connection', 'close');
    reply.hijack();
    reply.raw.writeHead(200, headers);
    reply.raw.end(body);
    this.parts.sent(request, countedStatus(reply.raw, 200));
  }

  /** Its last header is `server-timing`. */
  private headersOf(answer: Answer, { trace }: Exchange): string[] {
    const headers = answerHeaders(answer);
    if (trace) headers.push(timing(headers.pop(), trace));
    return headers;
  }

  private fail(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    // A body that cannot be read fails before the handler, and so before the exchange was begun.
    if (!request.exchange) {
      this.begin(request);
      beginTrace(request, reply);
    }
    if (this.stopping) reply.header('connection', 'close');
    this.parts.failures.answer(error, request, reply);
  }

  private begin(request: FastifyRequest): Exchange {
    request.exchange = this.arrivals.begin(request);
    return request.exchange;
  }
}
