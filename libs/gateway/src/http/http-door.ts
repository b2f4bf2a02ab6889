// The HTTP door as a whole: made before the container, since Nest listens through it, and bound to it afterwards.
import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { configToken } from '#config';
import { LOGGER, type Logger, RequestMetrics } from '#observability';
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
import { FailureFilter } from './failure.filter.js';
import { dress, mainInstance, type Sent } from './fastify-instance.js';
import { HotRoutes } from './hot-routes.js';
import type { HttpConfig } from './http.section.js';
import { Arrivals } from './request.js';
import { RouteTable } from './route-table.js';

export class HttpDoor {
  private sent: Sent = () => undefined;
  private events: PlainWebSocketDoor | undefined;

  private constructor(
    /** To be given to `NestFactory.create`, with `bodyParser: false`. */
    readonly adapter: FastifyAdapter,
    readonly routes: RouteTable,
    private readonly hot: HotRoutes | undefined,
  ) {}

  /** Makes the Fastify instance that Nest works on, and before it the hot route's. */
  static async open(
    config: HttpConfig,
    { trustedProxies }: Pick<RateLimitConfig, 'trustedProxies'>,
  ): Promise<HttpDoor> {
    const routes = new RouteTable();
    const arrivals = new Arrivals(trustedProxies, config.requestTimeoutMs);
    const hot = config.hotRoutes ? new HotRoutes(config, arrivals) : undefined;
    await hot?.open();
    const instance = mainInstance({ config, routes }, hot?.take ?? (() => false));
    const door = new HttpDoor(new FastifyAdapter(instance as never), routes, hot);
    dress(instance, { hsts: config.hsts, arrivals }, (request, status) => door.sent(request, status));
    return door;
  }

  /** Ends what Nest does not know of: event connections, and those of hot routes as they answer. Call it before the application closes. */
  async close(): Promise<void> {
    this.hot?.stop();
    await this.events?.close();
  }

  /** Makes the documents and gives the hot route its parts. Call it once, before the application listens. */
  bind(app: INestApplication): void {
    const metrics = app.get(RequestMetrics);
    const logger = app.get<Logger>(LOGGER);
    this.sent = (request, status) => {
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
    this.hot?.bind({
      sent: this.sent,
      pipeline: app.get(Pipeline),
      query: app.get(QueryService),
      failures: app.get(FailureFilter),
    });
    const events = app.get<EventsConfig>(configToken(eventsSection));
    app.useWebSocketAdapter(new EventsIoAdapter(app, app.get(Handshake), events));
    this.events = attachPlainWebSocket(app.getHttpServer() as Server, app.get(EventHub), {
      handshake: app.get(Handshake),
      config: events,
    });
    const document = makeOpenApiDocument(app);
    app.get(OpenApiDocument).value = document;
    SwaggerModule.setup('docs', app, document, { raw: false });
  }
}
