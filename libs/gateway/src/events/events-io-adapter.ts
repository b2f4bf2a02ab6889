// Socket.IO as the events need it: small messages, no files served, strangers shut out before they cost anything.
import type { IncomingMessage } from 'node:http';
import { type INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { isFailure } from '#ports';
import type { EventsConfig } from './events.section.js';
import type { Handshake } from './handshake.js';

/** What Socket.IO writes around a frame. A frame a little too large is thus refused with words; a huge one closes the connection. */
const ENVELOPE_BYTES = 1024;
/** A transport that does not connect to a namespace in this time is closed. */
const CONNECT_WITHIN_MS = 10_000;

export class EventsIoAdapter extends IoAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly handshake: Handshake,
    private readonly config: EventsConfig,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const { maxFrameBytes, pingIntervalMs, origins } = this.config;
    const ours: Partial<ServerOptions> = {
      ...options,
      serveClient: false,
      maxHttpBufferSize: maxFrameBytes + ENVELOPE_BYTES,
      connectTimeout: CONNECT_WITHIN_MS,
      pingInterval: pingIntervalMs,
      pingTimeout: pingIntervalMs,
      // Upgrades on other paths belong to the plain door.
      destroyUpgrade: false,
      allowRequest: (request, decide) => void this.allow(request, decide),
      ...(origins.length > 0 && { cors: { origin: origins.includes('*') ? '*' : [...origins] } }),
    };
    return super.createIOServer(port, ours as ServerOptions);
  }

  private async allow(
    request: IncomingMessage,
    decide: (code: string | null, allowed: boolean) => void,
  ): Promise<void> {
    try {
      await this.handshake.countTransport(request);
      decide(null, true);
    } catch (error) {
      decide(isFailure(error) ? error.code : 'internal.unexpected', false);
    }
  }
}
