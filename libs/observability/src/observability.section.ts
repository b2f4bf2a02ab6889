// How much the service logs, who may read its metrics, and where its traces go.
import { type ConfigOf, section, setting } from '#config';

export const observabilitySection = section(
  'observability',
  {
    title: 'Logs, metrics and traces',
    doc: 'How much the service logs, who may read its metrics, and where its traces go.',
    rule: ({ metricsAccess, metricsToken }) =>
      metricsAccess === 'token' && !metricsToken
        ? [{ setting: 'metricsToken', message: 'must be set where METRICS_ACCESS=token' }]
        : [],
  },
  {
    logLevel: setting('LOG_LEVEL', {
      doc: 'Least level that is logged. Logs are JSON lines on standard output.',
    })
      .oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
      .default('info'),
    metricsAccess: setting('METRICS_ACCESS', {
      doc: 'Who may read /api/metrics: everyone (open), who sends METRICS_TOKEN as a bearer token (token), or nobody (off).',
    })
      .oneOf(['open', 'token', 'off'])
      .default('open'),
    metricsToken: setting('METRICS_TOKEN', {
      doc: 'The bearer token of the metrics scraper, at least 16 characters. Used where METRICS_ACCESS=token.',
    })
      .secret({ minLength: 16 })
      .optional(),
    metricsTenantsMax: setting('METRICS_TENANTS_MAX', {
      doc: 'Tenants that the metrics name, at most; further ones count as `other`. 0 names none. They are named only where METRICS_ACCESS=token: open metrics would tell anybody how much each tenant asks.',
    })
      .integer({ max: 1000 })
      .default('50'),
    auditDenials: setting('AUDIT_DENIALS_PER_MINUTE', {
      doc: 'Refused requests of one source (address, caller, reason) in a minute that stand in the audit log in full; further ones are counted in one line. 0 counts all. Acts are always in full.',
    })
      .integer({ min: 0, max: 10_000 })
      .default('10'),
    tracesEndpoint: setting('OTEL_EXPORTER_OTLP_ENDPOINT', {
      doc: 'Base URL of an OpenTelemetry collector; spans go to its /v1/traces as OTLP over HTTP. Unset: no tracing, at no cost.',
      example: 'http://localhost:4318',
    })
      .url(['http:', 'https:'])
      .optional(),
    tracesHeaders: setting('OTEL_EXPORTER_OTLP_HEADERS', {
      doc: 'Headers sent to the collector, e.g. an API key: name=value, separated by commas, values percent-encoded.',
      example: 'x-api-key=abc',
    })
      .secret()
      .optional(),
    serviceName: setting('OTEL_SERVICE_NAME', {
      doc: 'Name of this service in logs and traces.',
    })
      .text({ pattern: /^[\w.-]{1,64}$/, says: 'up to 64 letters, digits, dots, dashes or underscores' })
      .default('resk-caching'),
    tracesRatio: setting('OTEL_TRACES_SAMPLER_ARG', {
      doc: 'Share of requests traced, 0 to 1, where the caller has not decided it already (traceparent).',
    })
      .decimal({ min: 0, max: 1 })
      .default('1'),
  },
);

export type ObservabilityConfig = ConfigOf<typeof observabilitySection>;
