// Builds the server from its configuration, starts it, and stops it without losing a request.
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HttpDoor } from '#gateway';
import { createLogger, Health, type Logger } from '#observability';
import { NestLogger } from '#observability/module';
import { type AppConfig, AppModule } from './app.module.js';

export interface RunningServer {
  readonly app: NestFastifyApplication;
  /** E.g. `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Accepts no more, finishes what is under way within STOP_TIMEOUT, closes the stores. May be called twice. */
  stop(): Promise<void>;
}

/** The application, initialised but not listening. */
export async function buildApp(config: AppConfig, logger: Logger = createLogger(config.observability)) {
  const door = await HttpDoor.open(config.http, config.rateLimit);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(config, logger, door), door.adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new NestLogger(logger),
    forceCloseConnections: false,
  });
  door.bind(app);
  await app.init();
  return { app, door };
}

/** @throws Failure that says what keeps the server from starting. Nothing is left open then. */
export async function startServer(
  config: AppConfig,
  logger = createLogger(config.observability),
): Promise<RunningServer> {
  const { app, door } = await buildApp(config, logger);
  try {
    await app.listen(config.http.port, config.http.host);
  } catch (error) {
    await app.close();
    throw error;
  }
  let stopping: Promise<void> | undefined;
  return {
    app,
    url: await app.getUrl(),
    stop: () => (stopping ??= stop(app, door, config.http.stopTimeoutMs)),
  };
}

async function stop(app: NestFastifyApplication, door: HttpDoor, limitMs: number): Promise<void> {
  app.get(Health).stop();
  const server = app.getHttpServer() as { closeAllConnections(): void };
  const force = setTimeout(() => server.closeAllConnections(), limitMs);
  await door.close();
  await app.close().finally(() => clearTimeout(force));
}
