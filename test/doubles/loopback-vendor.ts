// What the doubles of vendors share: a server on loopback that answers as the vendor does, unless a test plans otherwise.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface VendorRequest {
  method: string;
  /** Path and query, as they were sent. */
  target: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface VendorReply {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** A planned answer: another reply, none at all, a broken connection, or the honest one, later or altered. */
export type Plan =
  | VendorReply
  | 'hang'
  | 'drop'
  | { afterMs: number }
  | { altered: (reply: VendorReply) => VendorReply };

export abstract class LoopbackVendor {
  readonly requests: VendorRequest[] = [];
  private readonly planned: Plan[] = [];
  private usual: Plan | undefined;
  private readonly server = createServer((request, response) => void this.take(request, response));

  /** The address, without a path. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await new Promise((resolve) => this.server.once('listening', resolve));
    return this;
  }

  /** Plans the next answers, one a request; then it answers as usual again. */
  next(...plans: Plan[]): void {
    this.planned.push(...plans);
  }

  /** Answers every request so, from now on; honestly where nothing is given. */
  always(plan?: Plan): void {
    this.usual = plan;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** What an honest server would answer. */
  protected abstract answer(request: VendorRequest): VendorReply;

  private async take(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = { ...lineOf(message), headers: message.headers, body: await textOf(message) };
    this.requests.push(request);
    const plan = this.planned.shift() ?? this.usual;
    if (plan === 'hang') return;
    if (plan === 'drop') return void response.destroy();
    if (plan && 'afterMs' in plan) await new Promise((resolve) => setTimeout(resolve, plan.afterMs));
    if (plan && 'status' in plan) return send(response, plan);
    const honest = this.answer(request);
    send(response, plan && 'altered' in plan ? plan.altered(honest) : honest);
  }
}

function lineOf({ method, url }: IncomingMessage) {
  return { method: method ?? '', target: url ?? '' };
}

function send(response: ServerResponse, { status, headers, body }: VendorReply): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
