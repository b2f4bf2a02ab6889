// What the service tells of itself: logs, metrics, traces, health.
export { type AuditBody, type AuditLine, canonicalBody, GENESIS, hashOf, parseAuditLine } from './audit/audit-line.js';
export { AuditLog, type AuditLogOptions, type AuditSigner } from './audit/audit-log.js';
export { type AuditProblem, type AuditVerdict, AuditVerifier, type CheckSignature } from './audit/verify-audit.js';
export { EngineMetrics, type TierSize } from './engine-metrics.js';
export { type ErrorFields, errorFields } from './error-fields.js';
export { type Check, Health, type Probe, type Readiness } from './health.js';
export { createLogger, LOGGER, type Logger, type LoggerOptions } from './logger.js';
export { type Handshaken, handshakeSpan, type MessageFacts, messageSpan } from './message-span.js';
export { mayReadMetrics } from './metrics-access.js';
export { type ObservabilityConfig, observabilitySection } from './observability.section.js';
export { OPEN_METRICS, openMetricsText, wantsOpenMetrics } from './open-metrics.js';
export { RequestMetrics } from './request-metrics.js';
export { type RequestFacts, RequestTrace } from './request-trace.js';
export { activeTrace, annotate, isTracing, recordedTraceparent, span } from './spans.js';
export { type KeyAge, type QuotaShare, StateMetrics, type TlsState } from './state-metrics.js';
export { type Signals, signalsOf, type TelemetryParts } from './telemetry/signals.js';
export { startTelemetry, type Telemetry } from './telemetry/telemetry.js';
