// One connection of one caller, whatever the door: what it is subscribed to, and how much it may still send.
import type { Caller } from '#auth';
import type { Handshaken } from '#observability';
import { type Failure, failure } from '#ports';
import type { Outgoing } from './frames.js';

/** What a door lends to the hub of one of its connections. */
export interface Connection {
  /** Which door it is, for who follows its messages. */
  readonly door: 'websocket' | 'socket.io';
  send(outgoing: Outgoing): void;
  /** Bytes given to `send` that the peer has not taken yet. */
  bufferedBytes(): number;
  /** Closes, telling the peer why where it still listens. May be called twice. */
  end(reason: Failure): void;
}

export class Session {
  readonly channels = new Set<string>();
  /** Set once the session is over: a frame still on its way is then refused. */
  gone = false;
  private second = 0;
  private frames = 0;

  constructor(
    readonly caller: Caller,
    readonly connection: Connection,
    /** Where the connection began, where that is traced. */
    readonly began?: Handshaken,
  ) {}

  /** Counts a frame. Fails with `event.rate_limited`; says `flood` when refusing has not slowed the peer down. */
  countFrame(limit: number, now: number): 'flood' | undefined {
    const second = Math.floor(now / 1000);
    if (second !== this.second) {
      this.second = second;
      this.frames = 0;
    }
    this.frames++;
    if (this.frames > 2 * limit) return 'flood';
    if (this.frames > limit) throw failure('event.rate_limited', { limit });
    return undefined;
  }
}
