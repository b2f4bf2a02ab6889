// What an operator may set of logs, metrics and traces is checked.
import { describe, expect, test } from 'vitest';
import { mayReadMetrics, signalsOf } from '#observability';
import { configOf } from './observability-config.js';

describe('observability settings', () => {
  test('logs at info, shows metrics to all and traces nothing until told otherwise', () => {
    const config = configOf();
    expect(config).toMatchObject({
      logLevel: 'info',
      metricsAccess: 'open',
      serviceName: 'resk-caching',
      tracesRatio: 1,
    });
    expect(signalsOf(config)).toEqual({});
  });

  test.each([
    ['LOG_LEVEL', 'loud'],
    ['METRICS_ACCESS', 'everyone'],
    ['METRICS_TOKEN', 'short'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_SERVICE_NAME', 'a name\nwith lines'],
    ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', 'collector:4318'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'production'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=b,c=100%'],
    ['OTEL_METRICS_EXPORTER', 'otlp'],
    ['OTEL_LOGS_EXPORTER', 'otlp'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => configOf({ [name]: value })).toThrow(name);
  });

  test('sends each signal where it is asked for, and nothing where it is switched off', () => {
    const all = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/otlp/',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_LOGS_EXPORTER: 'otlp',
    };
    expect(signalsOf(configOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }))).toEqual({
      traces: 'http://collector:4318/v1/traces',
    });
    const logsEndpoint = { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'https://loki/otlp/v1/logs' };
    expect(signalsOf(configOf({ ...all, ...logsEndpoint }))).toEqual({
      traces: 'http://collector:4318/otlp/v1/traces',
      metrics: 'http://collector:4318/otlp/v1/metrics',
      logs: 'https://loki/otlp/v1/logs',
    });
    expect(signalsOf(configOf({ ...all, OTEL_TRACES_EXPORTER: 'none' })).traces).toBeUndefined();
    expect(signalsOf(configOf({ ...logsEndpoint, OTEL_LOGS_EXPORTER: 'otlp' }))).toEqual({
      logs: 'https://loki/otlp/v1/logs',
    });
    expect(signalsOf(configOf({ ...all, OTEL_SDK_DISABLED: 'true' }))).toEqual({});
  });

  test('refuses to guard metrics with a token that is not set', () => {
    expect(() => configOf({ METRICS_ACCESS: 'token' })).toThrow('METRICS_TOKEN');
  });
});

describe('access to metrics', () => {
  const guarded = configOf({ METRICS_ACCESS: 'token', METRICS_TOKEN: 'a-long-enough-token' });

  test('is given to everyone where it is open, and to nobody where it is off', () => {
    expect(mayReadMetrics(configOf({ METRICS_ACCESS: 'open' }), undefined)).toBe(true);
    expect(mayReadMetrics(configOf({ METRICS_ACCESS: 'off' }), 'Bearer a-long-enough-token')).toBe(false);
  });

  test('is given for the token alone, whatever the case of its scheme', () => {
    expect(mayReadMetrics(guarded, 'Bearer a-long-enough-token')).toBe(true);
    expect(mayReadMetrics(guarded, 'bearer a-long-enough-token')).toBe(true);
  });

  test.each([
    undefined,
    '',
    'Bearer',
    'Bearer a-long-enough-tokem',
    'Bearer a-long-enough-token2',
    'Basic a-long-enough-token',
  ])('is refused for %j', (sent) => {
    expect(mayReadMetrics(guarded, sent)).toBe(false);
  });
});
