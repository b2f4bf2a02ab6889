// What OpenTelemetry's own variables mean here: what is sent to a collector, where, how often, and under which name.
import { setting } from '#config';

const PAIRS = /^\s*(?:[^=,\s]+=(?:[^,%]|%[0-9A-Fa-f]{2})*(?:,\s*[^=,\s]+=(?:[^,%]|%[0-9A-Fa-f]{2})*)*)?\s*$/;
const signal = (name: string, path: string) => ({
  doc: `Where ${name} go instead of the ${path} of OTEL_EXPORTER_OTLP_ENDPOINT: the whole URL.`,
});

const endpoints = {
  otlpEndpoint: setting('OTEL_EXPORTER_OTLP_ENDPOINT', {
    doc: 'Base URL of an OpenTelemetry collector, as OTLP over HTTP: traces go to its /v1/traces, metrics and logs where they are asked for. Unset: nothing is sent, at no cost.',
    example: 'http://localhost:4318',
  })
    .url(['http:', 'https:'])
    .optional(),
  tracesEndpoint: setting('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', signal('traces', '/v1/traces'))
    .url(['http:', 'https:'])
    .optional(),
  metricsEndpoint: setting('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT', signal('metrics', '/v1/metrics'))
    .url(['http:', 'https:'])
    .optional(),
  logsEndpoint: setting('OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', signal('logs', '/v1/logs'))
    .url(['http:', 'https:'])
    .optional(),
};

const signals = {
  telemetryOff: setting('OTEL_SDK_DISABLED', { doc: 'true: nothing is sent, whatever the other OTEL_ variables say.' })
    .flag()
    .default('false'),
  tracesExporter: setting('OTEL_TRACES_EXPORTER', {
    doc: 'Whether traces are sent to the collector, where one is set.',
  })
    .oneOf(['otlp', 'none'])
    .default('otlp'),
  metricsExporter: setting('OTEL_METRICS_EXPORTER', {
    doc: 'Whether metrics are sent to the collector too (otlp). /api/metrics is there in any case, by METRICS_ACCESS: prometheus and none say the same here.',
  })
    .oneOf(['otlp', 'prometheus', 'none'])
    .default('none'),
  logsExporter: setting('OTEL_LOGS_EXPORTER', {
    doc: 'Whether log lines are sent to the collector too (otlp), redacted as they are on standard output.',
  })
    .oneOf(['otlp', 'none'])
    .default('none'),
};

const certificates = {
  otlpCaFile: setting('OTEL_EXPORTER_OTLP_CERTIFICATE', {
    doc: "File of the authorities that the collector's certificate may be signed by, PEM. Unset: those that Node trusts.",
  })
    .text()
    .optional(),
  otlpCertFile: setting('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', {
    doc: 'File of the certificate that is shown to the collector, PEM. Set together with OTEL_EXPORTER_OTLP_CLIENT_KEY.',
  })
    .text()
    .optional(),
  otlpKeyFile: setting('OTEL_EXPORTER_OTLP_CLIENT_KEY', { doc: 'File of the key of that certificate, PEM.' })
    .text()
    .optional(),
};

const sending = {
  otlpHeaders: setting('OTEL_EXPORTER_OTLP_HEADERS', {
    doc: 'Headers sent to the collector, e.g. an API key: name=value, separated by commas, values percent-encoded.',
    example: 'x-api-key=abc',
  })
    .secret()
    .optional(),
  otlpProtocol: setting('OTEL_EXPORTER_OTLP_PROTOCOL', {
    doc: 'Form of what is sent. There is no gRPC: every collector takes HTTP, on port 4318.',
  })
    .oneOf(['http/protobuf', 'http/json'])
    .default('http/protobuf'),
  otlpCompression: setting('OTEL_EXPORTER_OTLP_COMPRESSION', { doc: 'Whether what is sent is compressed.' })
    .oneOf(['gzip', 'none'])
    .default('none'),
  otlpTimeoutMs: setting('OTEL_EXPORTER_OTLP_TIMEOUT', {
    doc: 'Milliseconds that the collector may take to accept a batch, with repetitions.',
  })
    .integer({ min: 1, max: 600_000 })
    .default('10000'),
  metricsIntervalMs: setting('OTEL_METRIC_EXPORT_INTERVAL', {
    doc: 'Milliseconds from one sending of metrics to the next.',
  })
    .integer({ min: 100, max: 3_600_000 })
    .default('60000'),
  spansDelayMs: setting('OTEL_BSP_SCHEDULE_DELAY', { doc: 'Milliseconds that spans wait for company, at most.' })
    .integer({ min: 1, max: 600_000 })
    .default('5000'),
  spansQueueMax: setting('OTEL_BSP_MAX_QUEUE_SIZE', {
    doc: 'Spans that wait to be sent, at most; further ones are left out.',
  })
    .integer({ min: 1, max: 1_000_000 })
    .default('2048'),
  spansBatchMax: setting('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', { doc: 'Spans in one sending, at most.' })
    .integer({ min: 1, max: 1_000_000 })
    .default('512'),
  linesDelayMs: setting('OTEL_BLRP_SCHEDULE_DELAY', { doc: 'Milliseconds that log lines wait for company, at most.' })
    .integer({ min: 1, max: 600_000 })
    .default('1000'),
  linesQueueMax: setting('OTEL_BLRP_MAX_QUEUE_SIZE', {
    doc: 'Log lines that wait to be sent, at most; further ones are on standard output alone.',
  })
    .integer({ min: 1, max: 1_000_000 })
    .default('2048'),
};

const naming = {
  serviceName: setting('OTEL_SERVICE_NAME', {
    doc: 'Name of this service in logs, traces and what is sent to a collector.',
  })
    .text({ pattern: /^[\w.-]{1,64}$/, says: 'up to 64 letters, digits, dots, dashes or underscores' })
    .default('resk-caching'),
  resourceAttributes: setting('OTEL_RESOURCE_ATTRIBUTES', {
    doc: 'What else is said of this service to a collector: key=value, separated by commas, values percent-encoded.',
    example: 'deployment.environment.name=production,k8s.pod.name=resk-0',
  })
    .text({ pattern: PAIRS, says: 'key=value pairs, separated by commas, values percent-encoded' })
    .optional(),
};

const sampling = {
  tracesSampler: setting('OTEL_TRACES_SAMPLER', {
    doc: 'Which requests are traced. parentbased_…: where the caller has decided it already (traceparent), that holds.',
  })
    .oneOf([
      'parentbased_traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'traceidratio',
      'always_on',
      'always_off',
    ])
    .default('parentbased_traceidratio'),
  tracesRatio: setting('OTEL_TRACES_SAMPLER_ARG', {
    doc: 'Share of requests traced, 0 to 1, by the samplers named …traceidratio.',
  })
    .decimal({ min: 0, max: 1 })
    .default('1'),
};

export const telemetrySettings = { ...endpoints, ...signals, ...sending, ...certificates, ...naming, ...sampling };
