// Failures of frames as the error frame, to the acknowledgement where the client gave one.
import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { Socket } from 'socket.io';
import { asFailure } from '../http/problem.js';
import { errorFrame } from './frames.js';

@Catch()
export class EventFailureFilter implements ExceptionFilter {
  private readonly logger = new Logger(EventFailureFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const failed = asFailure(error);
    if (failed.kind === 'internal') this.logger.error(failed);
    // Nest gives client, data, acknowledgement (where there is one) and pattern.
    answer(host.getArgByIndex<Socket>(0), host.getArgByIndex<unknown>(2), errorFrame(failed));
  }
}

/** Answers a frame by its acknowledgement, or else as a message. */
export function answer(client: Socket, acknowledge: unknown, reply: object): void {
  if (typeof acknowledge === 'function') acknowledge(reply);
  else client.send(reply);
}
