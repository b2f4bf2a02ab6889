// What never became a request is answered in the form of every error.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { answerClientError } from '../../src/http/client-error.js';

/** What a client reads when its connection ends with this error. */
async function read(code: string, before: (socket: Socket) => void = () => {}): Promise<string> {
  const server = createServer((socket) => {
    before(socket);
    answerClientError(Object.assign(new Error('broken'), { code }), socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return text(connect((server.address() as AddressInfo).port, '127.0.0.1'));
}

it.each([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large', 'request.headers_too_large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout', 'request.slow'],
  ['HPE_INVALID_METHOD', '400 Bad Request', 'request.headers'],
])('%s is answered as %s, in the form of every error', async (code, status, named) => {
  const [head, body] = (await read(code)).split('\r\n\r\n') as [string, string];
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`));
  expect(head).toContain('content-type: application/problem+json');
  expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
  const problem = JSON.parse(body);
  expect(problem).toMatchObject({ code: named, status: Number(status.slice(0, 3)) });
  expect(head).toContain(`x-correlation-id: ${problem.correlationId}`);
});

it('a connection that is gone already is only let go', async () => {
  expect(await read('ECONNRESET')).toBe('');
  expect(await read('HPE_INVALID_METHOD', (socket) => socket.end())).toBe('');
});
