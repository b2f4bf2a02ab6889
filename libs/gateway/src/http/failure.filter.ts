// Step 7 at the HTTP door: whatever was thrown becomes the error body, and a fault of ours becomes a log line.
import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LOGGER, type Logger, RequestMetrics } from '#observability';
import { type Failure, failure } from '#ports';
import { noteDenial } from '../audit/denial.js';
import { type Arrival, Pipeline } from '../pipeline.js';
import { failureHeaders } from './headers.js';
import { asFailure, problemOf } from './problem.js';
import { RouteTable } from './route-table.js';
import { withinTrace } from './traced.js';

@Catch()
@Injectable()
export class FailureFilter implements ExceptionFilter {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly routes: RouteTable,
    private readonly pipeline: Pipeline,
    private readonly metrics: RequestMetrics,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  /** Sends the error reply, once it is counted. The hot route calls it as it is. */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const send = (failed: unknown) => withinTrace(request, () => this.send(failed, request, reply));
    try {
      const waiting = this.pipeline.countRefused(request.exchange, request as Arrival);
      if (waiting) waiting.then(() => send(error), send);
      else send(error);
    } catch (limited) {
      send(limited);
    }
  }

  private send(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const failed = this.named(asFailure(error), request, reply);
    const { correlationId } = request.exchange;
    const problem = problemOf(failed, correlationId);
    this.metrics.failed(request.routeOptions?.url ?? 'unmatched', failed.code);
    request.exchange.trace?.failed(failed);
    if (failed.kind === 'forbidden') this.pipeline.countDenial(request.exchange);
    noteDenial(failed, request.exchange, request.routeOptions?.url);
    if (problem.status >= 500) this.log(failed, request, problem.status);
    const extra = failureHeaders({ status: problem.status, retryAfterMs: failed.retryAfterMs });
    for (let index = 0; index < extra.length; index += 2) reply.header(extra[index]!, extra[index + 1]!);
    void reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }

  /** A path that exists under another method is not absent: 405, with the methods that there are. */
  private named(failed: Failure, request: FastifyRequest, reply: FastifyReply): Failure {
    if (failed.code !== 'request.not_found') return failed;
    const methods = this.routes.methodsOf(request.url);
    if (methods.length === 0 || methods.includes(request.method)) return failed;
    const allowed = methods.join(', ');
    reply.header('allow', allowed);
    return failure('request.method', { allowed });
  }

  private log(failed: Failure, request: FastifyRequest, status: number): void {
    const { correlationId } = request.exchange;
    const route = request.routeOptions?.url ?? 'unmatched';
    const line = { correlationId, code: failed.code, status, route, err: failed.cause ?? failed };
    if (failed.kind === 'internal') this.logger.error(line, failed.message);
    else this.logger.warn(line, failed.message);
  }
}
