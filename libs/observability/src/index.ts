// What the service tells of itself: logs, metrics, traces, health.
export { EngineMetrics, type TierSize } from './engine-metrics.js';
export { type ErrorFields, errorFields } from './error-fields.js';
export { type Check, Health, type Probe, type Readiness } from './health.js';
export { createLogger, LOGGER, type Logger, type LoggerOptions } from './logger.js';
export { mayReadMetrics } from './metrics-access.js';
export { type ObservabilityConfig, observabilitySection } from './observability.section.js';
export { RequestMetrics } from './request-metrics.js';
export { type RequestFacts, requestSpan } from './request-span.js';
export { activeTrace, annotate, isTracing, span } from './spans.js';
export { startTracing, type Tracing, type TracingConfig } from './tracing.js';
