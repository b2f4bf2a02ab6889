// The HTTP door's side of an exchange: begun when a request arrives, found again by every step.

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Exchange } from '../exchange.js';
import { clientAddress, TrustedProxies } from '../rate-limit/index.js';

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange;
  }
}

const CORRELATION_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Echoed when it is harmless, else a fresh UUID. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['x-correlation-id'];
  return typeof given === 'string' && CORRELATION_ID.test(given) ? given : randomUUID();
}

/** Begins exchanges. A peer's own address is worked out once a connection. */
export class Arrivals {
  private readonly peers = new WeakMap<Socket, string>();
  private readonly proxies: TrustedProxies;

  constructor(
    trustedProxies: readonly string[],
    private readonly timeoutMs: number,
  ) {
    this.proxies = new TrustedProxies(trustedProxies);
  }

  begin(request: FastifyRequest): Exchange {
    return new Exchange('http', correlationIdOf(request.headers), this.addressOf(request), this.timeoutMs);
  }

  private addressOf({ raw }: FastifyRequest): string {
    if (!this.proxies.empty) return clientAddress(raw, this.proxies);
    let known = this.peers.get(raw.socket);
    if (known === undefined) {
      known = clientAddress(raw, this.proxies);
      this.peers.set(raw.socket, known);
    }
    return known;
  }
}
