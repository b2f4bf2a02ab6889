// The HTTP door as a whole: made before the container, since Nest listens through it, and bound to it afterwards.
import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
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
import { bareInstance, dress, type Sent } from './fastify-instance.js';
import { HOT_PATH, HotRoutes } from './hot-routes.js';
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

  /** Makes the Fastify instance, with the hot route in a context of its own, and dresses what comes after. */
  static async open(
    config: HttpConfig,
    { trustedProxies }: Pick<RateLimitConfig, 'trustedProxies'>,
  ): Promise<HttpDoor> {
    const routes = new RouteTable();
    const arrivals = new Arrivals(trustedProxies, config.requestTimeoutMs);
    const instance = bareInstance({ config, routes });
    const hot = config.hotRoutes ? new HotRoutes(config.hsts) : undefined;
    await hot?.register(instance);
    const door = new HttpDoor(new DoorAdapter(instance, hot !== undefined), routes, hot);
    dress(instance, { config, arrivals, routes }, (request, status) => door.sent(request, status));
    return door;
  }

  /** Ends the event connections that Nest does not know of. Call it before the application closes. */
  async close(): Promise<void> {
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

/** Nest's adapter, which leaves to Fastify what is registered there already: one path, one handler. */
class DoorAdapter extends FastifyAdapter {
  constructor(
    instance: FastifyInstance,
    private readonly hotIsTaken: boolean,
  ) {
    super(instance as never);
  }

  override post(...args: Parameters<FastifyAdapter['post']>) {
    const [path] = args as unknown as [string];
    if (this.hotIsTaken && path === HOT_PATH) return this.getInstance() as never;
    return super.post(...args);
  }
}
