// The Fastify instance under Nest: its limits (step 0), its body parser, and what every reply carries.
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { DOCS_POLICY, exchangeHeaders, securityHeaders } from './headers.js';
import type { HttpConfig } from './http.section.js';
import { readJson } from './json-body.js';
import type { Arrivals } from './request.js';
import type { RouteTable } from './route-table.js';

export interface DoorParts {
  config: HttpConfig;
  arrivals: Arrivals;
  routes: RouteTable;
}

/** Told of every reply that was sent. */
export type Sent = (request: FastifyRequest, status: number) => void;

/** A Fastify instance with limits and the JSON parser, but without hooks: what is registered next has none around it. */
export function bareInstance({ config, routes }: Pick<DoorParts, 'config' | 'routes'>): FastifyInstance {
  const instance = fastify({
    bodyLimit: config.maxBodyBytes,
    connectionTimeout: config.headersTimeoutMs,
    requestTimeout: config.headersTimeoutMs,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true },
  });
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, readJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  // Set before routes, and inherited by them; the exchange itself is made when a request arrives.
  instance.decorateRequest('exchange');
  instance.addHook('onRoute', ({ url, method }) => routes.add(url, method));
  return instance;
}

/** Gives every request of the instance an exchange, and every reply its headers; `sent` hears of each. */
export function dress(instance: FastifyInstance, { config, arrivals }: DoorParts, sent: Sent): void {
  const fixed = Object.entries(securityHeaders(config.hsts)).flat();
  instance.addHook('onRequest', (request, _reply, done) => {
    request.exchange = arrivals.begin(request);
    done();
  });
  instance.addHook('onSend', (request, reply, _payload, done) => {
    setHeaders(reply, fixed);
    if (request.url.startsWith('/docs')) reply.header('content-security-policy', DOCS_POLICY);
    setHeaders(reply, exchangeHeaders(request.exchange));
    done();
  });
  instance.addHook('onResponse', (request, reply, done) => {
    request.exchange.close();
    sent(request, reply.statusCode);
    done();
  });
}

/** Sets headers given as names and values in turn. */
export function setHeaders(reply: FastifyReply, headers: readonly string[]): void {
  for (let index = 0; index < headers.length; index += 2) reply.header(headers[index]!, headers[index + 1]!);
}
