// The Socket.IO door of the events: namespace /events, one frame a message.
import { setTimeout as pause } from 'node:timers/promises';
import { type OnModuleDestroy, type OnModuleInit, UseFilters } from '@nestjs/common';
import {
  Ack,
  ConnectedSocket,
  MessageBody,
  type OnGatewayConnection,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { type Namespace, Socket } from 'socket.io';
import type { Caller } from '#auth';
import { type Handshaken, handshakeSpan } from '#observability';
import { type Failure, failure } from '#ports';
import { SocketEndpoint } from '../endpoint.js';
import { asFailure } from '../http/problem.js';
import { answer, EventFailureFilter } from './event-failure.filter.js';
import { EventHub } from './event-hub.js';
import { errorFrame, type Reply } from './frames.js';
import { Handshake, presentedToken } from './handshake.js';
import type { Session } from './session.js';
import { SocketIoConnection } from './socket-io-connection.js';

/** What the handshake leaves on a socket. */
interface Known {
  caller: Caller;
  began?: Handshaken | undefined;
  session?: Session;
}
/** How long a stopping server waits for connections that do not take their goodbye. */
const GOODBYE_MS = 2000;
type EventSocket = Socket<never, never, never, Known>;

@WebSocketGateway({ namespace: '/events' })
@UseFilters(EventFailureFilter)
export class EventsGateway
  implements OnModuleInit, OnModuleDestroy, OnGatewayInit, OnGatewayConnection, OnGatewayDisconnect
{
  private namespace: Namespace | undefined;

  constructor(
    private readonly hub: EventHub,
    private readonly handshake: Handshake,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.hub.open();
  }

  /** Waits until every goodbye is written: what comes after closes the server under them. */
  async onModuleDestroy(): Promise<void> {
    const sockets = [...(this.namespace?.sockets.values() ?? [])];
    const gone = sockets.map(({ conn }) => new Promise<void>((resolve) => conn.once('close', () => resolve())));
    await this.hub.close();
    await Promise.race([Promise.all(gone), pause(GOODBYE_MS, undefined, { ref: false })]);
  }

  afterInit(namespace: Namespace): void {
    this.namespace = namespace;
    namespace.use((socket, next) => {
      this.welcome(socket as EventSocket).then(
        () => next(),
        (error: unknown) => next(connectError(asFailure(error))),
      );
    });
    // Socket.IO's own namespace asks nobody who they are. Nothing is there.
    namespace.server.of('/').use((_, next) => next(connectError(failure('request.not_found', {}))));
  }

  handleConnection(socket: Socket): void {
    const client = socket as EventSocket;
    const connection = new SocketIoConnection(socket);
    try {
      client.data.session = this.hub.enter(client.data.caller, connection, client.data.began);
    } catch (error) {
      connection.end(asFailure(error));
      return;
    }
    socket.onAny((event: string) => {
      if (event !== 'message') this.refuseEvent(client);
    });
  }

  handleDisconnect(socket: Socket): void {
    const { session } = (socket as EventSocket).data;
    if (session) this.hub.leave(session);
  }

  // Frames are checked and limited one by one by the hub; the scopes belong to the kind of frame.
  @SubscribeMessage('message')
  @SocketEndpoint({ input: {}, scope: 'token', cost: 1 })
  message(@ConnectedSocket() socket: Socket, @MessageBody() frame: unknown, @Ack() acknowledge: unknown): void {
    const { session } = (socket as EventSocket).data;
    if (session) answer(socket, acknowledge, this.hub.receive(session, frame) satisfies Reply);
  }

  private async welcome(socket: EventSocket): Promise<void> {
    const { request, handshake } = socket;
    const token = () => presentedToken(request.headers.authorization, handshake.auth.token);
    await handshakeSpan('socket.io', request.headers, async (began) => {
      const caller = await this.handshake.admit(request, token);
      this.hub.checkEntry(caller);
      Object.assign(socket.data, { caller, began });
    });
  }

  /** Events of other names mean nothing here, and count as frames all the same. */
  private refuseEvent(client: EventSocket): void {
    try {
      if (client.data.session) this.hub.receive(client.data.session, undefined);
    } catch (error) {
      answer(client, undefined, errorFrame(asFailure(error)));
    }
  }
}

/** What the client finds in `connect_error`: the code as the message, and the error frame as `data`. */
function connectError(failed: Failure): Error {
  return Object.assign(new Error(failed.code), { data: errorFrame(failed) });
}
