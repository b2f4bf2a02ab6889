// A proxy on loopback in front of any HTTP server, real or a double, that misbehaves on the way back when a test asks for it.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';

/** What the server behind answered, or would have. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * What becomes of one request. The server behind receives it unless the fault is its status or its silence: what breaks
 * is the way back, so a write may have happened.
 */
export type Fault =
  /** All goes well: to reach a later request of a call. */
  | 'none'
  /** No answer, ever. */
  | 'hang'
  /** The connection breaks before any of the answer. */
  | 'drop'
  /** The connection breaks in the middle of the answer, whose whole length was announced. */
  | 'dropMidReply'
  /** Half of the answer, properly ended, as a broken proxy does. */
  | 'truncate'
  /** The answer in pieces of a few bytes with pauses between; it lasts `pieces` × `everyMs`. */
  | { dripEveryMs: number; pieces?: number }
  | { delayMs: number }
  /** An answer of another making. */
  | { status: number; retryAfter?: string; body?: unknown }
  /** The answer's JSON, changed. */
  | { altered: (json: unknown) => unknown };

export interface PassedRequest {
  method: string;
  target: string;
}

export class Misbehaving {
  /** What came through, in order. */
  readonly requests: PassedRequest[] = [];
  private readonly planned: Fault[] = [];
  private usual: Fault | undefined;
  private readonly behind: Pool;
  private readonly server = createServer((request, response) => void this.pass(request, response));

  private constructor(url: string) {
    this.behind = new Pool(new URL(url).origin);
  }

  static async inFrontOf(url: string): Promise<Misbehaving> {
    const proxy = new Misbehaving(url);
    proxy.server.listen(0, '127.0.0.1');
    await new Promise((resolve) => proxy.server.once('listening', resolve));
    return proxy;
  }

  /** The address, without a path. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Plans what becomes of the next requests, one fault each; after them all goes well again. */
  next(...faults: Fault[]): void {
    this.planned.push(...faults);
  }

  /** What becomes of every request from now on; nothing where no fault is given. */
  always(fault?: Fault): void {
    this.usual = fault;
    this.planned.length = 0;
  }

  /** Ends the proxy and every connection, also those that hang. May be called twice. */
  async stop(): Promise<void> {
    if (!this.server.listening) return;
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.behind.destroy();
  }

  private async pass(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await bodyOf(message);
    const fault = this.planned.shift() ?? this.usual;
    this.requests.push({ method: message.method ?? '', target: message.url ?? '' });
    if (fault === 'hang') return;
    if (typeof fault === 'object' && 'status' in fault) return refuse(response, fault);
    const answer = await this.ask(message, sent).catch(() => undefined);
    if (!answer || fault === 'drop') return void response.destroy();
    await give(response, answer, fault);
  }

  private async ask({ method, url, headers }: IncomingMessage, sent: Buffer): Promise<Answer> {
    const { connection: _, host: __, 'transfer-encoding': ___, expect: ____, ...kept } = headers;
    const reply = await this.behind.request({
      method: (method ?? 'GET') as 'GET',
      path: url ?? '/',
      headers: kept,
      body: sent.length > 0 ? sent : null,
    });
    return { status: reply.statusCode, headers: reply.headers, body: Buffer.from(await reply.body.arrayBuffer()) };
  }
}

async function give(response: ServerResponse, answer: Answer, fault: Fault | undefined): Promise<void> {
  const { status, headers, body } = answer;
  const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...kept } = headers;
  if (fault === 'dropMidReply') {
    response.writeHead(status, { ...kept, 'content-length': body.length });
    response.write(body.subarray(0, body.length / 2), () => response.destroy());
    return;
  }
  if (typeof fault === 'object' && 'delayMs' in fault) await pause(fault.delayMs);
  if (typeof fault === 'object' && 'dripEveryMs' in fault) {
    response.writeHead(status, { ...kept, 'content-length': body.length });
    return drip(response, body, fault);
  }
  response.writeHead(status, kept).end(changed(body, fault));
}

function changed(body: Buffer, fault: Fault | undefined): Buffer | string {
  if (fault === 'truncate') return body.subarray(0, body.length / 2);
  if (typeof fault === 'object' && 'altered' in fault) {
    return JSON.stringify(fault.altered(JSON.parse(body.toString('utf8'))));
  }
  return body;
}

/** The last piece brings whatever is left. */
async function drip(
  response: ServerResponse,
  body: Buffer,
  o: { dripEveryMs: number; pieces?: number },
): Promise<void> {
  const { dripEveryMs, pieces = 1000 } = o;
  const size = Math.max(1, Math.floor(body.length / pieces));
  for (let piece = 0; piece < pieces && !response.destroyed; piece++) {
    const last = piece === pieces - 1;
    response.write(body.subarray(piece * size, last ? body.length : (piece + 1) * size));
    await pause(dripEveryMs);
  }
  response.end();
}

function refuse(response: ServerResponse, o: { status: number; retryAfter?: string; body?: unknown }): void {
  const { status, retryAfter, body = { error: 'planned by the test' } } = o;
  const asked = retryAfter !== undefined && { 'retry-after': retryAfter };
  response.writeHead(status, { 'content-type': 'application/json', ...asked }).end(JSON.stringify(body));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
