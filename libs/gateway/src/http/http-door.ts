// The HTTP door as a whole: made before the container, since Nest listens through it, and bound to it afterwards.
import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { configToken } from '#config';
import { LOGGER, type Logger, RequestMetrics, StateMetrics } from '#observability';
import { QueryService } from '#query';
import {
  attachPlainWebSocket,
  EventHub,
  type EventsConfig,
  EventsIoAdapter,
  eventsSection,
  Handshake,
  type PlainWebSocketDoor,
} from '../events/index.js';
import { makeOpenApiDocument, OpenApiDocument } from '../openapi-document.js';
import { Pipeline } from '../pipeline.js';
import type { RateLimitConfig } from '../rate-limit/index.js';
import { AllowedHosts } from './allowed-hosts.js';
import { Connections } from './connections.js';
import { Cors } from './cors.js';
import type { Sent } from './count-replies.js';
import { Doorkeeper } from './doorkeeper.js';
import { FailureFilter } from './failure.filter.js';
import { dress, mainInstance } from './fastify-instance.js';
import { HotRoutes } from './hot-routes.js';
import { type HttpConfig, httpSection } from './http.section.js';
import { Arrivals } from './request.js';
import { RouteTable } from './route-table.js';
import type { TlsConfig } from './tls.section.js';
import { TlsFiles } from './tls-files.js';

/** The sections that the door is made of. */
export interface DoorConfig {
  readonly http: HttpConfig;
  readonly tls: TlsConfig;
  readonly rateLimit: Pick<RateLimitConfig, 'trustedProxies'>;
}

export class HttpDoor {
  private sent: Sent = () => undefined;
  private events: PlainWebSocketDoor | undefined;
  private unfollow: (() => void) | undefined;

  private constructor(
    /** To be given to `NestFactory.create`, with `bodyParser: false`. */
    readonly adapter: FastifyAdapter,
    readonly routes: RouteTable,
    private readonly hot: HotRoutes | undefined,
    private readonly tls: TlsFiles | undefined,
  ) {}

  /** Makes the Fastify instance that Nest works on, and before it the hot route's. @throws Failure `boot.failed` */
  static async open({ http: config, tls: tlsConfig, rateLimit: { trustedProxies } }: DoorConfig): Promise<HttpDoor> {
    const tls = TlsFiles.open(tlsConfig);
    const routes = new RouteTable();
    const arrivals = new Arrivals(trustedProxies, config.requestTimeoutMs, tls?.asksClients);
    const rules = {
      hsts: config.hsts || tls !== undefined,
      cors: Cors.of(config.corsOrigins),
      keeper: new Doorkeeper(AllowedHosts.of(config.allowedHosts)),
    };
    const connections = new Connections({ perAddress: config.maxConnectionsPerAddress, trustedProxies });
    const hot = config.hotRoutes ? new HotRoutes(config, arrivals, rules) : undefined;
    await hot?.open();
    const instance = mainInstance({ config, routes, rules, connections, tls }, hot?.take ?? (() => false));
    const door = new HttpDoor(new FastifyAdapter(instance as never), routes, hot, tls);
    dress(instance, { rules, arrivals, routes }, (request, status) => door.sent(request, status));
    return door;
  }

  /** How its addresses begin. */
  get protocol(): 'http' | 'https' {
    return this.tls ? 'https' : 'http';
  }

  /** Ends what Nest does not know of: event connections, and those of hot routes as they answer. Call it before the application closes. */
  async close(): Promise<void> {
    this.hot?.stop();
    this.unfollow?.();
    await this.events?.close();
  }

  /** Makes the documents and gives the hot route its parts. Call it once, before the application listens. */
  bind(app: INestApplication): void {
    const metrics = app.get(RequestMetrics);
    const logger = app.get<Logger>(LOGGER);
    const note: Sent = (request, status) => {
      const { exchange, method, routeOptions } = request;
      const route = routeOptions.url ?? 'unmatched';
      const ms = performance.now() - exchange.startedAt;
      metrics.observe(route, method, status, ms / 1000);
      if (logger.isLevelEnabled('debug')) {
        logger.debug(
          { correlationId: exchange.correlationId, method, route, status, durationMs: ms },
          'request answered',
        );
      }
    };
    this.sent = (request, status) => {
      const { trace } = request.exchange;
      if (!trace) return note(request, status);
      // Of its trace are the line of the log and the example of the metrics, too.
      trace.run(() => note(request, status));
      trace.end(status);
    };
    this.hot?.bind({
      sent: this.sent,
      pipeline: app.get(Pipeline),
      query: app.get(QueryService),
      failures: app.get(FailureFilter),
    });
    const events = app.get<EventsConfig>(configToken(eventsSection));
    const { corsOrigins } = app.get<HttpConfig>(configToken(httpSection));
    const origins = events.origins.length > 0 ? events.origins : corsOrigins;
    app.useWebSocketAdapter(new EventsIoAdapter(app, app.get(Handshake), { ...events, origins }));
    const server = app.getHttpServer() as Server;
    // A long poll of Socket.IO is quiet until the next ping.
    server.timeout = Math.max(server.timeout, 2 * events.pingIntervalMs);
    this.events = attachPlainWebSocket(server, app.get(EventHub), {
      handshake: app.get(Handshake),
      config: events,
    });
    const { tls } = this;
    if (tls) app.get(StateMetrics).watchTls(() => tls.state);
    this.unfollow = tls?.follow(app.getHttpServer() as TlsServer, logger);
    const document = makeOpenApiDocument(app);
    app.get(OpenApiDocument).value = document;
    SwaggerModule.setup('docs', app, document, { raw: false });
  }
}
