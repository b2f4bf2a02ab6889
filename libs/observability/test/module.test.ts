// The container gets one log, one registry, one health and tracing.
import 'reflect-metadata';
import { type INestApplication, Injectable, Module } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Span } from 'nestjs-otel';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { createLogger, EngineMetrics, Health, LOGGER, type Logger, RequestMetrics, StateMetrics } from '#observability';
import { NestLogger, ObservabilityModule, TracingService } from '#observability/module';
import { announce, announced } from '#ports';
import { OtlpReceiver } from '../../../test/doubles/otlp-receiver.js';
import { announceHit } from '../../../test/support/announced.js';
import { aRequest } from './a-request.js';
import { configOf } from './observability-config.js';

@Injectable()
class Answers {
  @Span('answer')
  async answer(): Promise<string> {
    return 'yes';
  }
}

const ON_X = { method: 'GET', route: '/x' };

@Module({ providers: [Answers] })
class Room {}

describe('the observability module', () => {
  const lines: string[] = [];
  let app: INestApplication;

  async function start(env: Record<string, string> = {}): Promise<void> {
    const config = configOf(env);
    const logger = createLogger(config, { destination: { write: (line) => void lines.push(line) } });
    const imports = [ObservabilityModule.forRoot(config, logger), Room];
    const built = await Test.createTestingModule({ imports }).setLogger(new NestLogger(logger)).compile();
    app = built.createNestApplication(new FastifyAdapter());
    await app.init();
  }

  afterEach(async () => {
    await app.close();
    lines.length = 0;
  });

  test('names the same tenants in all metrics', async () => {
    await start({ METRICS_ACCESS: 'token', METRICS_TOKEN: 'a'.repeat(32), METRICS_TENANTS_MAX: '1' });
    app.get(StateMetrics).watchQuotas(() => [
      { tenant: 'south', quota: 'tokensPerDay', ratio: 0.5 },
      { tenant: 'north', quota: 'tokensPerDay', ratio: 0.2 },
    ]);
    announceHit('north');
    const text = await app.get(Registry).metrics();
    expect(text).toContain('resk_tenant_answers_total{tenant="north",status="hit"} 1\n');
    expect(text).toContain('resk_tenant_quota_used_ratio{tenant="north",quota="tokensPerDay"} 0.2\n');
    expect(text).toContain('resk_tenant_quota_used_ratio{tenant="other",quota="tokensPerDay"} 0.5\n');
  });

  test('gives what the rooms inject, all of one registry', async () => {
    await start();
    expect(app.get<Logger>(LOGGER)).toBe(app.get(NestLogger).logger);
    expect(app.get(Health)).toBeInstanceOf(Health);
    expect(app.get(EngineMetrics)).toBeInstanceOf(EngineMetrics);
    app.get(RequestMetrics).observe('/x', 'GET', 200, 0.1);
    announce('cache.purge', { tenant: 'n', scope: 'tenant', purged: null });
    const text = await app.get(Registry).metrics();
    expect(text).toContain('resk_http_requests_total{route="/x",method="GET",code="200"} 1\n');
    expect(text).toContain('resk_cache_purges_total{scope="tenant"} 1\n');
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  test('names tenants only where the metrics are behind a token', async () => {
    const answered = { tenant: 'north', key: 'k', status: 'hit', source: 'cache', tier: 'memory' } as const;
    const behindToken = { METRICS_ACCESS: 'token', METRICS_TOKEN: 'a token of the scraper' };
    for (const [env, named] of [
      [{}, false],
      [{ METRICS_ACCESS: 'off' }, false],
      [behindToken, true],
      [{ ...behindToken, METRICS_TENANTS_MAX: '0' }, false],
    ] as const) {
      await start(env);
      announce('query.answered', { ...answered, latencies: { total: 1, cache: 1 } });
      expect((await app.get(Registry).metrics()).includes('tenant="north"')).toBe(named);
      await app.close();
    }
    await start();
  });

  test('opens no door of its own', async () => {
    await start();
    const http = app.getHttpAdapter().getInstance() as { inject(url: string): Promise<{ statusCode: number }> };
    expect((await http.inject('/metrics')).statusCode).toBe(404);
    expect((await http.inject('/')).statusCode).toBe(404);
  });

  test('can be made more than once in a process, each with numbers of its own', async () => {
    await start();
    const first = app;
    await start();
    first.get(RequestMetrics).observe('/x', 'GET', 200, 0.1);
    expect(await app.get(Registry).metrics()).not.toContain('route="/x"');
    await first.close();
  });

  test('listens to the engine no longer than the application lives', async () => {
    await start();
    expect(announced('cache.lookup').hasSubscribers).toBe(true);
    await app.close();
    expect(announced('cache.lookup').hasSubscribers).toBe(false);
  });

  test('names no trace and makes no span without a collector', async () => {
    await start();
    const tracing = app.get(TracingService);
    const seen = await aRequest(async () => {
      tracing.annotate({ a: 1 });
      return [tracing.enabled, tracing.traceId(), await app.get(Answers).answer()];
    }, ON_X);
    expect(seen).toEqual([false, undefined, 'yes']);
  });

  test('traces services by nestjs-otel where there is a collector, until the application has closed', async () => {
    const receiver = await OtlpReceiver.start();
    await start(receiver.env);
    const tracing = app.get(TracingService);
    const traceId = await aRequest(async () => {
      tracing.annotate({ 'resk.cache.status': 'hit' });
      await app.get(Answers).answer();
      return tracing.traceId();
    }, ON_X);
    await app.close();
    await receiver.stop();
    const http = receiver.span('GET /x');
    expect(http).toMatchObject({ traceId, attributes: { 'resk.cache.status': 'hit' } });
    expect(receiver.span('answer')).toMatchObject({ traceId, parentSpanId: http.spanId });
  });
});

describe('lines of Nest', () => {
  const written = (write: (log: NestLogger) => void) => {
    const lines: string[] = [];
    const logger = createLogger(configOf({ LOG_LEVEL: 'trace' }), {
      destination: { write: (line) => void lines.push(line) },
    });
    write(new NestLogger(logger));
    return JSON.parse(lines[0]!) as Record<string, unknown>;
  };

  test.each([
    ['log', 'debug'],
    ['warn', 'warn'],
    ['debug', 'debug'],
    ['verbose', 'trace'],
    ['error', 'error'],
    ['fatal', 'fatal'],
  ] as const)('of %s come at the level %s with their context', (method, level) => {
    expect(written((log) => log[method]('Mapped {/x, GET}', 'RouterExplorer'))).toMatchObject({
      level,
      msg: 'Mapped {/x, GET}',
      context: 'RouterExplorer',
    });
  });

  test('of an error tell it as fields, its stack without paths of the machine', () => {
    const line = written((log) => log.error(new TypeError('oops'), undefined, 'ExceptionsHandler'));
    expect(line).toMatchObject({ context: 'ExceptionsHandler', err: { type: 'TypeError', message: 'oops' } });
    expect(JSON.stringify(line)).not.toContain(process.cwd());
  });

  test('of an error and its stack as texts keep the stack out', () => {
    const line = written((log) => log.error('oops', new Error('x').stack, 'ExceptionsHandler'));
    expect(line).toMatchObject({ msg: 'oops', context: 'ExceptionsHandler' });
    expect(JSON.stringify(line)).not.toContain(process.cwd());
  });

  test('of an object are redacted like all others', () => {
    expect(written((log) => log.log({ token: 'hunter2', port: 1 }))).toMatchObject({
      details: { token: '••••••', port: 1 },
    });
  });
});
