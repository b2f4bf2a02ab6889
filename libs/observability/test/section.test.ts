// What an operator may set of logs, metrics and traces is checked.
import { describe, expect, test } from 'vitest';
import { mayReadMetrics } from '#observability';
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
    expect(config.tracesEndpoint).toBeUndefined();
  });

  test.each([
    ['LOG_LEVEL', 'loud'],
    ['METRICS_ACCESS', 'everyone'],
    ['METRICS_TOKEN', 'short'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318'],
    ['OTEL_SERVICE_NAME', 'a name\nwith lines'],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5'],
  ])('refuses %s=%s by name', (name, value) => {
    expect(() => configOf({ [name]: value })).toThrow(name);
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
