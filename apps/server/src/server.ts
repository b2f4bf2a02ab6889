// Builds the server from its configuration, starts it, and stops it without losing a request.
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HttpDoor } from '#gateway';
import { createLogger, Health, type Logger } from '#observability';
import { NestLogger } from '#observability/module';
import { failure } from '#ports';
import { OutgoingRules, setOutgoingRules } from '#resilience';
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
  setOutgoingRules(OutgoingRules.allowing(config.outgoing.allowedHosts));
  const door = await HttpDoor.open(config);
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

/** @throws Failure that says what keeps the server from starting; the process is expected to end then. */
export async function startServer(
  config: AppConfig,
  logger = createLogger(config.observability),
): Promise<RunningServer> {
  const { app, door } = await buildApp(config, logger);
  const { port, host } = config.http;
  try {
    await app.listen(port, host);
  } catch (error) {
    await door.close();
    await app.close();
    throw cannotListen(error, port, host);
  }
  let stopping: Promise<void> | undefined;
  return {
    app,
    url: (await app.getUrl()).replace(/^http(?=:)/, door.protocol),
    stop: () => (stopping ??= stop(app, door, config.http.stopTimeoutMs)),
  };
}

async function stop(app: NestFastifyApplication, door: HttpDoor, limitMs: number): Promise<void> {
  app.get(Health).stop();
  const server = app.getHttpServer() as { closeAllConnections(): void };
  const force = setTimeout(() => server.closeAllConnections(), limitMs);
  // Side by side: the port closes at once, however long event connections take to say goodbye.
  await Promise.all([door.close(), app.close()]).finally(() => clearTimeout(force));
}

function cannotListen(error: unknown, port: number, host: string): unknown {
  const reason = LISTEN_ERRORS[String((error as NodeJS.ErrnoException).code)];
  return reason
    ? failure('boot.failed', { reason: `Cannot listen on ${host}:${port}: ${reason}` }, { cause: error })
    : error;
}

const LISTEN_ERRORS: Record<string, string | undefined> = {
  EADDRINUSE: 'something listens there already. Stop it, or set PORT to another port (0 takes a free one).',
  EADDRNOTAVAIL: 'this machine has no such address. Set HOST to one of its own.',
  ENOTFOUND: 'that name has no address. Set HOST to an address of this machine.',
  EACCES: 'the system does not allow it. Set PORT to one above 1023.',
};
