// The Fastify instance under Nest: its limits (step 0), its body parser, and what every reply carries.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { answerClientError } from './client-error.js';
import { DOCS_POLICY, exchangeHeaders, securityHeaders } from './headers.js';
import type { HttpConfig } from './http.section.js';
import { readJson } from './json-body.js';
import type { Arrivals } from './request.js';
import type { RouteTable } from './route-table.js';

/** Longer than the idle time of usual load balancers, so that they and not we end a connection. */
const KEEP_ALIVE_MS = 72_000;

/** Told of every reply that was sent. */
export type Sent = (request: FastifyRequest, status: number) => void;

/** Handles a request without Nest, or leaves it: `false`. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The instance that Nest works on. Requests that `shortcut` takes never reach it; connections are the same for both. */
export function mainInstance(
  { config, routes }: { config: HttpConfig; routes: RouteTable },
  shortcut: Shortcut,
): FastifyInstance {
  const instance = fastify({
    ...limits(config),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    clientErrorHandler: answerClientError,
    serverFactory: (handler) => {
      const server = createServer((request, response) => {
        if (!shortcut(request, response)) handler(request, response);
      });
      server.requestTimeout = config.headersTimeoutMs;
      server.headersTimeout = config.headersTimeoutMs;
      server.keepAliveTimeout = KEEP_ALIVE_MS;
      return server;
    },
  });
  instance.addHook('onRoute', ({ url, method }) => routes.add(url, method));
  return readingJson(instance);
}

/** An instance for hot routes: the same limits and parser, no hooks, and no connections of its own. */
export function hotInstance(config: HttpConfig): FastifyInstance {
  return readingJson(fastify({ ...limits(config), serverFactory: () => createServer() }));
}

function limits({ maxBodyBytes }: HttpConfig) {
  return { bodyLimit: maxBodyBytes, routerOptions: { maxParamLength: 512, ignoreTrailingSlash: true } };
}

function readingJson(instance: FastifyInstance): FastifyInstance {
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, readJson(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  // Declared, so that every request has one form; the exchange itself is made when a request arrives.
  return instance.decorateRequest('exchange');
}

/** Gives every request of the instance an exchange; `sent` hears of each reply. */
export function dress(
  instance: FastifyInstance,
  { hsts, arrivals }: { hsts: boolean; arrivals: Arrivals },
  sent: Sent,
): void {
  instance.addHook('onRequest', (request, _reply, done) => {
    request.exchange = arrivals.begin(request);
    done();
  });
  sendHeaders(instance, hsts);
  instance.addHook('onResponse', (request, reply, done) => {
    request.exchange.close();
    sent(request, reply.statusCode);
    done();
  });
}

/** Gives every reply that Fastify sends the headers of its exchange. */
export function sendHeaders(instance: FastifyInstance, hsts: boolean): void {
  const fixed = Object.entries(securityHeaders(hsts)).flat();
  instance.addHook('onSend', (request, reply, _payload, done) => {
    setHeaders(reply, fixed);
    if (request.url.startsWith('/docs')) reply.header('content-security-policy', DOCS_POLICY);
    setHeaders(reply, exchangeHeaders(request.exchange));
    done();
  });
}

/** Sets headers given as names and values in turn. */
export function setHeaders(reply: FastifyReply, headers: readonly string[]): void {
  for (let index = 0; index < headers.length; index += 2) reply.header(headers[index]!, headers[index + 1]!);
}
