// Lets Nest log through the one logger, so that its lines have the same form. What it tells of its start is for debugging.
import { Injectable, type LoggerService } from '@nestjs/common';
import type { Logger } from './logger.js';

/** What Nest calls: a message, then more messages, then the context (a class name); for errors a stack in between. */
@Injectable()
export class NestLogger implements LoggerService {
  constructor(readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: 'warn' | 'debug' | 'trace' | 'error' | 'fatal', message: unknown, rest: unknown[]): void {
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const err = [message, ...rest].find((one) => one instanceof Error);
    const fields = { ...(context !== undefined && { context }), ...(err && { err }) };
    if (typeof message === 'string') this.logger[level](fields, message);
    else this.logger[level]({ ...fields, ...(!err && { details: message }) });
  }
}
