// The structured log: JSON lines with time, level, service and trace, without secrets or the texts of users.
import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { errorFields } from './error-fields.js';
import { tapped } from './log-tap.js';
import type { ObservabilityConfig } from './observability.section.js';
import { masked, redacted, WITHHELD_PATHS, withheld } from './redaction.js';
import { activeTrace } from './spans.js';

export type { Logger } from 'pino';

/** The injection token of the log: `@Inject(LOGGER) logger: Logger`. */
export const LOGGER = Symbol('logger');

export interface LoggerOptions {
  /** Where lines go; standard output by default. */
  destination?: DestinationStream;
}

/**
 * Makes the log of the process. A request's own: `logger.child({ correlationId })`. Fields are redacted by name at any
 * depth, and finished lines of bearer tokens, JWTs and passwords in URLs; still, never put a text of a user into a message.
 */
export function createLogger(
  config: Pick<ObservabilityConfig, 'logLevel' | 'serviceName' | 'logsExporter'>,
  { destination = pino.destination(1) }: LoggerOptions = {},
): Logger {
  return pino(
    {
      level: config.logLevel,
      base: { service: config.serviceName },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => redacted(fields) },
      // Fields given to child() do not pass formatters.log.
      redact: { paths: WITHHELD_PATHS, censor: (value, path) => withheld(String(path.at(-1)), value) },
      // Errors are fields already, but for those given to child(); pino's own serializer would print all that they hold.
      serializers: { err: (value: unknown) => (value instanceof Error ? errorFields(value) : value) },
      hooks: { streamWrite: masked },
      mixin: activeTrace,
    },
    config.logsExporter === 'otlp' ? tapped(destination) : destination,
  );
}
