// A Socket.IO connection as the hub sees it.
import type { Socket } from 'socket.io';
import type { Failure } from '#ports';
import { errorFrame, type Outgoing } from './frames.js';
import type { Connection } from './session.js';

/** Packets that wait beyond this number are not added up: whatever they hold, it is too much. */
const MAX_PACKETS = 4096;

/** The parts of Engine.IO's connection that tell what has not been sent. */
interface Transport {
  writeBuffer: ReadonlyArray<{ data?: string | ArrayBufferView }>;
  transport: { socket?: { bufferedAmount?: number } };
}

export class SocketIoConnection implements Connection {
  readonly door = 'socket.io';

  constructor(private readonly socket: Socket) {}

  send({ frame }: Outgoing): void {
    this.socket.send(frame);
  }

  bufferedBytes(): number {
    const { writeBuffer, transport } = this.socket.conn as unknown as Transport;
    if (writeBuffer.length > MAX_PACKETS) return Number.POSITIVE_INFINITY;
    return writeBuffer.reduce((sum, { data }) => sum + sizeOf(data), transport.socket?.bufferedAmount ?? 0);
  }

  end(reason: Failure): void {
    // A peer that does not read would not read the goodbye either: what waits for it is dropped.
    if (reason.code === 'event.slow_consumer') {
      this.socket.conn.close(true);
      return;
    }
    this.socket.send(errorFrame(reason));
    this.socket.disconnect(true);
  }
}

function sizeOf(data: string | ArrayBufferView | undefined): number {
  return typeof data === 'string' ? data.length : (data?.byteLength ?? 0);
}
