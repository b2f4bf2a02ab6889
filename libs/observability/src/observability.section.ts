// How much the service logs, who may read its metrics, and what goes to a collector.
import { type ConfigOf, section, setting } from '#config';
import { telemetrySettings } from './telemetry/telemetry.settings.js';

export const observabilitySection = section(
  'observability',
  {
    title: 'Logs, metrics and traces',
    doc: 'How much the service logs, who may read its metrics, and what goes to an OpenTelemetry collector.',
    rule: (values) => [
      ...(values.metricsAccess === 'token' && !values.metricsToken
        ? [{ setting: 'metricsToken' as const, message: 'must be set where METRICS_ACCESS=token' }]
        : []),
      ...(['metrics', 'logs'] as const)
        .filter((name) => values[`${name}Exporter`] === 'otlp' && !values[`${name}Endpoint`] && !values.otlpEndpoint)
        .map((name) => ({
          setting: `${name}Exporter` as const,
          message: 'is otlp, and no OTEL_EXPORTER_OTLP_ENDPOINT is set',
        })),
    ],
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
    ...telemetrySettings,
  },
);

export type ObservabilityConfig = ConfigOf<typeof observabilitySection>;
