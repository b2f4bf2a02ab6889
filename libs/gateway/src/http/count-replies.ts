// Tells of each request once: when its reply was sent, or once it is decided what a caller who has left would have been told.
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Told of every request that is over. */
export type Sent = (request: FastifyRequest, status: number) => void;

/** No status of HTTP, but the one that servers note so, since nginx did. */
const CALLER_LEFT = 499;

/** The status that a request counts under: what has failed here has failed also where nobody waits for it any more. */
export function countedStatus(response: ServerResponse, decided: number): number {
  return response.destroyed && decided < 500 ? CALLER_LEFT : decided;
}

/** Tells of the replies that Fastify sends. */
export function countReplies(instance: FastifyInstance, sent: Sent): void {
  instance.addHook('onSend', (request, reply, _payload, done) => {
    const { raw } = reply;
    // After its close, a response says nothing more.
    if (raw.destroyed) sent(request, countedStatus(raw, reply.statusCode));
    else whenOver(raw, () => sent(request, reply.statusCode));
    done();
  });
}

function whenOver(response: ServerResponse, tell: () => void): void {
  const over = () => {
    response.off('finish', over).off('close', over);
    tell();
  };
  response.on('finish', over).on('close', over);
}
