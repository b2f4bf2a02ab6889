// The plain WebSocket door of the events, on /ws of the same HTTP server: one JSON text a frame.
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Caller } from '#auth';
import { type Handshaken, handshakeSpan } from '#observability';
import { type Failure, failure } from '#ports';
import { asFailure, problemOf } from '../http/problem.js';
import { correlationIdOf } from '../http/request.js';
import { statusOf } from '../status.js';
import type { EventHub } from './event-hub.js';
import type { EventsConfig } from './events.section.js';
import { errorFrame } from './frames.js';
import { type Handshake, presentedToken } from './handshake.js';
import { PlainConnection } from './plain-connection.js';
import type { Session } from './session.js';

export interface PlainWebSocketOptions {
  handshake: Handshake;
  config: Pick<EventsConfig, 'maxFrameBytes' | 'pingIntervalMs'>;
  /** Path of the door. */
  path?: string;
  /** Paths that begin so are another door's: their upgrades are left alone. */
  leave?: string;
}

export interface PlainWebSocketDoor {
  /** Takes nobody in any more, closes every connection with 1001 and waits for them, two seconds at most. May be called twice. */
  close(): Promise<void>;
}

/** Browsers cannot set headers on a WebSocket: they send the protocols `bearer` and the token. */
const BEARER = 'bearer';
const CLOSE_WITHIN_MS = 2000;

/** Opens the door on a server, beside whatever else listens to its upgrades. */
export function attachPlainWebSocket(
  server: Server,
  hub: EventHub,
  options: PlainWebSocketOptions,
): PlainWebSocketDoor {
  return new Door(server, hub, options);
}

/** Who has shaken hands, and where that was traced. */
interface Entrant {
  caller: Caller;
  began: Handshaken | undefined;
}

class Door implements PlainWebSocketDoor {
  private readonly sockets: WebSocketServer;
  private readonly pinging: NodeJS.Timeout;
  private closing = false;

  constructor(
    server: Server,
    private readonly hub: EventHub,
    private readonly options: PlainWebSocketOptions,
  ) {
    const { maxFrameBytes, pingIntervalMs } = options.config;
    this.sockets = new WebSocketServer({
      noServer: true,
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      handleProtocols: (protocols) => protocols.has(BEARER) && BEARER,
    });
    // Other upgrades (h2c) are ordinary requests for this server, as they were before it had this door.
    const shouldUpgradeCallback = ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket';
    Object.assign(server, { shouldUpgradeCallback });
    server.on('upgrade', (request, socket, head) => void this.upgrade(request, socket, head));
    this.pinging = setInterval(() => this.ping(), pingIntervalMs).unref();
  }

  async close(): Promise<void> {
    this.closing = true;
    clearInterval(this.pinging);
    const { clients } = this.sockets;
    const gone = [...clients].map((client) => new Promise((resolve) => client.once('close', resolve)));
    for (const client of clients) client.close(1001, 'server.stopping');
    const patience = setTimeout(() => {
      for (const client of clients) client.terminate();
    }, CLOSE_WITHIN_MS);
    await Promise.all(gone);
    clearTimeout(patience);
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0]!;
    if (path.startsWith(this.options.leave ?? '/socket.io/')) return;
    socket.on('error', () => socket.destroy());
    try {
      if (path !== (this.options.path ?? '/ws')) throw failure('request.not_found', {});
      const entrant = await handshakeSpan('websocket', request.headers, (began) => this.admit(request, began));
      this.sockets.handleUpgrade(request, socket, head, (client) => this.welcome(client, entrant));
    } catch (error) {
      refuse(request, socket, asFailure(error));
    }
  }

  private async admit(request: IncomingMessage, began: Handshaken | undefined): Promise<Entrant> {
    const caller = await this.options.handshake.admit(request, () => tokenOf(request));
    if (this.closing) throw failure('server.stopping', {});
    this.hub.checkEntry(caller);
    return { caller, began };
  }

  private welcome(client: WebSocket, { caller, began }: Entrant): void {
    const connection = new PlainConnection(client);
    client.on('error', () => client.terminate());
    try {
      const session = this.hub.enter(caller, connection, began);
      client.on('close', () => this.hub.leave(session));
      client.on('message', (data, isBinary) => this.receive(client, session, data, isBinary));
      client.on('pong', () => connection.showLife());
    } catch (error) {
      connection.end(asFailure(error));
    }
  }

  private receive(client: WebSocket, session: Session, data: RawData, isBinary: boolean): void {
    if (session.gone) return;
    let reply: object;
    try {
      reply = this.hub.receive(session, isBinary ? undefined : (data as Buffer).toString());
    } catch (error) {
      reply = errorFrame(asFailure(error));
    }
    if (!session.gone) client.send(JSON.stringify(reply));
  }

  private ping(): void {
    for (const client of this.sockets.clients) PlainConnection.of(client)?.askForLife();
  }
}

/** The token from the Authorization header, or from the protocols. Never from the URL, which is logged on the way. */
function tokenOf({ headers }: IncomingMessage): string {
  const protocols = headers['sec-websocket-protocol']?.split(',').map((one) => one.trim()) ?? [];
  return presentedToken(headers.authorization, protocols[0] === BEARER ? (protocols[1] ?? '') : undefined);
}

/** Answers an upgrade as HTTP, as any request is refused. */
function refuse(request: IncomingMessage, socket: Duplex, failed: Failure): void {
  const status = statusOf(failed.code);
  const correlationId = correlationIdOf(request.headers);
  const body = JSON.stringify(problemOf(failed, correlationId));
  const headers = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'connection: close',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-correlation-id: ${correlationId}`,
    ...(status === 401 ? ['www-authenticate: Bearer'] : []),
    ...(failed.retryAfterMs === undefined ? [] : [`retry-after: ${Math.ceil(failed.retryAfterMs / 1000)}`]),
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
