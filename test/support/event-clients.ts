// Clients of the events that speak to either door, Socket.IO or plain WebSocket, with the same words.
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { io, type Socket } from 'socket.io-client';
import { type ClientOptions, WebSocket } from 'ws';

// biome-ignore lint/suspicious/noExplicitAny: what comes over a wire is looked at, not trusted
export type Received = any;

export interface Client {
  /** Sends a frame, or anything else, and waits for the reply. */
  say(frame: unknown): Promise<Received>;
  /** Waits for the next delivery. */
  next(): Promise<Received>;
  /** Resolves with what is known of the end: the close code of a WebSocket, the reason of Socket.IO. */
  readonly ended: Promise<string | number>;
  /** Reads nothing more from the wire, until `read`. */
  stall(): void;
  read(): void;
  close(): void;
}

/** Messages in the order of their arrival, handed out one by one. */
class Inbox {
  private readonly messages: Received[] = [];
  private readonly takers: Array<(message: Received) => void> = [];

  put(message: Received): void {
    const taker = this.takers.shift();
    if (taker) taker(message);
    else this.messages.push(message);
  }

  take(): Promise<Received> {
    return new Promise((resolve) => {
      if (this.messages.length > 0) resolve(this.messages.shift());
      else this.takers.push(resolve);
    });
  }
}

export const doors = {
  'Socket.IO': connectSocketIo,
  'plain WebSocket': connectPlain,
};

export async function connectSocketIo(url: string, token: string): Promise<Client> {
  const socket = openSocketIo(url, { auth: { token } });
  const deliveries = new Inbox();
  socket.on('message', (message: Received) => deliveries.put(message));
  const ended = new Promise<string>((resolve) => socket.on('disconnect', (reason) => resolve(reason)));
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', reject);
  });
  return {
    say: (frame) => new Promise((resolve) => socket.emit('message', frame, resolve)),
    next: () => deliveries.take(),
    ended,
    stall: () => wireOf(socket).pause(),
    read: () => wireOf(socket).resume(),
    close: () => void socket.close(),
  };
}

/** The WebSocket under a Socket.IO client in Node. */
function wireOf(socket: Socket): WebSocket {
  return (socket.io.engine.transport as unknown as { ws: WebSocket }).ws;
}

export function openSocketIo(url: string, options: object): Socket {
  return io(`${url}/events`, { transports: ['websocket'], reconnection: false, forceNew: true, ...options });
}

export async function connectPlain(url: string, token: string): Promise<Client> {
  const socket = openPlain(url, { headers: { authorization: `Bearer ${token}` } });
  const inbox = { reply: new Inbox(), delivery: new Inbox() };
  socket.on('message', (data) => {
    const message = JSON.parse((data as Buffer).toString()) as Received;
    inbox['channel' in message ? 'delivery' : 'reply'].put(message);
  });
  const ended = new Promise<number>((resolve) => socket.once('close', resolve));
  await once(socket, 'open');
  return {
    say: (frame) => {
      socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
      return inbox.reply.take();
    },
    next: () => inbox.delivery.take(),
    ended,
    stall: () => socket.pause(),
    read: () => socket.resume(),
    close: () => socket.close(),
  };
}

export function openPlain(url: string, options: ClientOptions = {}, protocols: string[] = [], path = '/ws'): WebSocket {
  return new WebSocket(`${url.replace('http', 'ws')}${path}`, protocols, options);
}

/** How the server answered an upgrade that it refused. */
export function refusalOf(
  socket: WebSocket,
): Promise<{ status: number; headers: Record<string, unknown>; body: Received }> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => reject(new Error('the upgrade was not refused')));
    socket.on('error', () => undefined);
    socket.once('unexpected-response', (_, response) => {
      json(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
  });
}

/** How a Socket.IO handshake was refused. */
export function connectErrorOf(socket: Socket): Promise<{ message: string; data: Received }> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => reject(new Error('the handshake was not refused')));
    socket.once('connect_error', (error) => {
      socket.close();
      resolve(error as unknown as { message: string; data: Received });
    });
  });
}
