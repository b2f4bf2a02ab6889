// Bounds what one address may hold open, and what one connection may leave unread.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { announce } from '#ports';
import { clientAddress, TrustedProxies } from '../rate-limit/index.js';

/** Requests of one connection that may wait for the replies before them. */
export const MAX_WAITING = 256;

export interface ConnectionLimits {
  /** Connections at a time of one address; of an IPv6 /64 network. */
  perAddress: number;
  /** Their connections are those of many clients, and not counted. */
  trustedProxies: readonly string[];
}

export class Connections {
  private readonly open = new Map<string, number>();
  private readonly waiting = new WeakMap<Socket, number>();
  private readonly proxies: TrustedProxies;
  private readonly nobody = new TrustedProxies([]);

  constructor(private readonly limits: ConnectionLimits) {
    this.proxies = new TrustedProxies(limits.trustedProxies);
  }

  /** From now on the server's connections are counted, and those beyond the limit closed before they are read. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.count(socket));
    // A client was told that this connection ends with the reply before, and has gone on: it gets 503, and the end.
    server.on('dropRequest', (_request, socket) => setImmediate(() => socket.end()));
  }

  /**
   * Whether a request may wait behind the replies before it. A client that sends on without reading would fill the memory
   * with requests: beyond the limit its connection is ended. Only requests that do wait cost anything.
   */
  mayWait(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    // Node gives a response its socket when its turn has come: https://nodejs.org/api/http.html#responsesocket
    if (response.socket !== null) return true;
    const waiting = (this.waiting.get(socket) ?? 0) + 1;
    if (waiting > MAX_WAITING) return this.end(socket);
    this.waiting.set(socket, waiting);
    response.once('close', () => this.waiting.set(socket, this.waiting.get(socket)! - 1));
    return true;
  }

  private count(socket: Socket): void {
    const address = clientAddress({ socket, headers: {} }, this.nobody);
    if (this.proxies.includes(socket.remoteAddress ?? '')) return;
    const open = (this.open.get(address) ?? 0) + 1;
    if (open > this.limits.perAddress) return void this.end(socket);
    this.open.set(address, open);
    socket.once('close', () => this.leave(address));
  }

  private leave(address: string): void {
    const left = this.open.get(address)! - 1;
    if (left === 0) this.open.delete(address);
    else this.open.set(address, left);
  }

  private end(socket: Socket): false {
    announce('rate.limited', { door: 'http', tracker: 'address' });
    socket.destroy();
    return false;
  }
}
