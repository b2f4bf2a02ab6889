// Answers what never became a request: headers that are too large, a client that is too slow, bytes that are no HTTP.
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Failure, failure } from '#ports';
import { securityHeaders } from './headers.js';
import { isStreaming } from './lines.js';
import { asFailure, problemOf } from './problem.js';
import { correlationIdOf } from './request.js';

const LINGER_MS = 1000;

/** https://nodejs.org/api/http.html#event-clienterror: the connection is ours to answer and to end. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket, hsts = false): void {
  // Node lets a request that is still arriving be, unless it is ended here.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isStreaming(socket)) return;
  // Where TLS has failed, nobody could read an answer.
  if (error.code === 'ECONNRESET' || /^ERR_(SSL|TLS)_/.test(error.code ?? '')) socket.destroy();
  if (!socket.writable) return;
  const { status, headers, body } = told(failureOf(error), randomUUID(), hsts);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`;
  socket.end(head + body);
  // What still comes is read and dropped: a connection closed over unread bytes is reset, and the answer lost with it.
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Answers what the router could not read, e.g. a path that is not validly encoded: it never meets a hook or a handler. */
export function answerUnroutable(error: Error, request: IncomingMessage, response: ServerResponse, hsts = false): void {
  const { status, headers, body } = told(asFailure(error), correlationIdOf(request.headers), hsts);
  response.writeHead(status, headers);
  response.end(body);
}

function told(failed: Failure, correlationId: string, hsts: boolean) {
  const problem = problemOf(failed, correlationId);
  const body = JSON.stringify(problem);
  const headers: Record<string, string> = {
    ...securityHeaders(hsts),
    'x-correlation-id': correlationId,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
  };
  return { status: problem.status, headers, body };
}

function failureOf({ code }: NodeJS.ErrnoException): Failure {
  if (code === 'HPE_HEADER_OVERFLOW') return failure('request.headers_too_large', {});
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return failure('request.slow', {});
  return failure('request.headers', { reason: 'it is not a valid HTTP request' });
}
