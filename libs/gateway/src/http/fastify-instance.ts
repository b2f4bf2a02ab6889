// The Fastify instance under Nest: its limits (step 0), its body parser, and what every reply carries.
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { answerClientError, answerUnroutable } from './client-error.js';
import type { Connections } from './connections.js';
import type { Cors } from './cors.js';
import { countReplies, type Sent } from './count-replies.js';
import { type Doorkeeper, MAX_HEADER_BYTES, MAX_HEADERS } from './doorkeeper.js';
import { DOCS_POLICY, exchangeHeaders, securityHeaders } from './headers.js';
import type { HttpConfig } from './http.section.js';
import { readJson } from './json-body.js';
import { NDJSON } from './lines.js';
import type { Arrivals } from './request.js';
import type { RouteTable } from './route-table.js';
import type { TlsFiles } from './tls-files.js';
import { beginTrace, timing, withinTrace } from './traced.js';

/** Longer than the idle time of usual load balancers, so that they and not we end a connection. */
const KEEP_ALIVE_MS = 72_000;
/** How often connections are looked through for requests that take too long to arrive. */
const LOOK_FOR_SLOW_MS = 5000;

/** Handles a request without Nest, or leaves it: `false`. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => boolean;

/** What both instances of the door hold to. */
export interface DoorRules {
  /** Whether Strict-Transport-Security is sent. */
  readonly hsts: boolean;
  readonly cors: Cors | undefined;
  readonly keeper: Doorkeeper;
}

export interface DoorParts {
  config: HttpConfig;
  routes: RouteTable;
  rules: DoorRules;
  connections: Connections;
  tls: TlsFiles | undefined;
}

/** The instance that Nest works on. Requests that `shortcut` takes never reach it; connections are the same for both. */
export function mainInstance(parts: DoorParts, shortcut: Shortcut): FastifyInstance {
  const { config, routes, rules } = parts;
  const instance = fastify({
    ...limits(config),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: (error, request, reply) => answerUnroutable(error, request.raw, reply.raw, rules.hsts),
    clientErrorHandler: (error, socket) => answerClientError(error, socket as Socket, rules.hsts),
    serverFactory: (handler) => theServer(parts, shortcut, handler),
  });
  instance.addHook('onRoute', ({ url, method }) => routes.add(url, method));
  return readingJson(instance);
}

/** The one server of the door: its connections are bounded, and TLS where there are certificates. */
function theServer({ config, connections, tls }: DoorParts, shortcut: Shortcut, handler: RequestListener): Server {
  const listener: RequestListener = (request, response) => {
    if (connections.mayWait(request, response) && !shortcut(request, response)) handler(request, response);
  };
  const options = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: config.headersTimeoutMs,
    headersTimeout: config.headersTimeoutMs,
    connectionsCheckingInterval: Math.min(LOOK_FOR_SLOW_MS, config.headersTimeoutMs / 2),
    keepAliveTimeout: KEEP_ALIVE_MS,
  };
  const server = tls
    ? createTlsServer({ ...options, ...tls.serverOptions, handshakeTimeout: config.headersTimeoutMs }, listener)
    : createServer(options, listener);
  // A client that does not read its reply holds the memory of it; nothing moves any more, and it is let go.
  server.timeout = config.requestTimeoutMs + config.headersTimeoutMs;
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.maxConnections = config.maxConnections;
  server.maxRequestsPerSocket = config.maxRequestsPerConnection;
  connections.watch(server);
  return server;
}

/** An instance for hot routes: the same limits and parser, no hooks, and no connections of its own. */
export function hotInstance(config: HttpConfig): FastifyInstance {
  return readingJson(fastify({ ...limits(config), serverFactory: () => createServer() }));
}

function limits({ maxBodyBytes }: HttpConfig) {
  // As long as a request line can be: what is too long for an endpoint is refused by its schema, as everything else is.
  return { bodyLimit: maxBodyBytes, routerOptions: { maxParamLength: MAX_HEADER_BYTES, ignoreTrailingSlash: true } };
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
  // Read as it is worked on, by the endpoints that take it so; the pipeline refuses it everywhere else.
  instance.addContentTypeParser(NDJSON, (_request, body, done) => done(null, body));
  // Declared, so that every request has one form; the exchange itself is made when a request arrives.
  return instance.decorateRequest('exchange');
}

/** Gives every request of the instance an exchange, and lets in what the rules allow; `sent` hears of each that is over. */
export function dress(
  instance: FastifyInstance,
  { rules, arrivals, routes }: { rules: DoorRules; arrivals: Arrivals; routes: RouteTable },
  sent: Sent,
): void {
  instance.addHook('onRequest', (request, reply, done) => {
    request.exchange = arrivals.begin(request);
    beginTrace(request, reply);
    const refused = rules.keeper.refusal(request.raw);
    if (refused) return withinTrace(request, () => done(refused));
    const preflight = rules.cors?.preflight(request.method, request.headers, () => routes.methodsOf(request.url));
    if (!preflight) return withinTrace(request, done);
    setHeaders(reply, preflight);
    reply.code(204).send();
  });
  // Reading a body loses the context that the request began in.
  instance.addHook('preValidation', (request, _reply, done) => withinTrace(request, done));
  sendHeaders(instance, rules);
  countReplies(instance, (request, status) => {
    request.exchange.close();
    sent(request, status);
  });
}

/** Gives every reply that Fastify sends the headers of its exchange. */
export function sendHeaders(instance: FastifyInstance, { hsts, cors }: DoorRules): void {
  const fixed = Object.entries(securityHeaders(hsts)).flat();
  instance.addHook('onSend', (request, reply, _payload, done) => {
    setHeaders(reply, fixed);
    if (request.url.startsWith('/docs')) reply.header('content-security-policy', DOCS_POLICY);
    if (cors) setHeaders(reply, cors.headers(request.headers.origin));
    setHeaders(reply, exchangeHeaders(request.exchange));
    const { trace } = request.exchange;
    if (trace) reply.header('server-timing', timing(reply.getHeader('server-timing'), trace));
    done();
  });
}

/** Sets headers given as names and values in turn. */
export function setHeaders(reply: FastifyReply, headers: readonly string[]): void {
  for (let index = 0; index < headers.length; index += 2) reply.header(headers[index]!, headers[index + 1]!);
}
