// A plain WebSocket connection as the hub sees it, and the signs of life it gives.
import type { WebSocket } from 'ws';
import type { Failure, FailureCode } from '#ports';
import { errorFrame, type Outgoing } from './frames.js';
import type { Connection } from './session.js';

/** https://www.iana.org/assignments/websocket: going away, try again later; else policy violation. */
const CLOSE_CODES: Partial<Record<FailureCode, number>> = { 'server.stopping': 1001, 'event.session_limit': 1013 };
const POLICY_VIOLATION = 1008;

export class PlainConnection implements Connection {
  private static readonly all = new WeakMap<WebSocket, PlainConnection>();
  readonly door = 'websocket';
  private alive = true;

  constructor(private readonly socket: WebSocket) {
    PlainConnection.all.set(socket, this);
  }

  static of(socket: WebSocket): PlainConnection | undefined {
    return PlainConnection.all.get(socket);
  }

  send({ text }: Outgoing): void {
    this.socket.send(text);
  }

  bufferedBytes(): number {
    return this.socket.bufferedAmount;
  }

  end(reason: Failure): void {
    // A peer that does not read would not read the goodbye either.
    if (reason.code === 'event.slow_consumer') {
      this.socket.terminate();
      return;
    }
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify(errorFrame(reason)));
    this.socket.close(CLOSE_CODES[reason.code] ?? POLICY_VIOLATION, reason.code);
  }

  showLife(): void {
    this.alive = true;
  }

  /** Closes a peer that has not answered the last time. */
  askForLife(): void {
    if (this.alive) this.socket.ping();
    else this.socket.terminate();
    this.alive = false;
  }
}
