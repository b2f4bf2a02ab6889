// The HTTP door's side of an exchange: begun when a request arrives, found again by every step.

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { Exchange, type PeerCertificate } from '../exchange.js';
import { clientAddress, TrustedProxies } from '../rate-limit/index.js';
import { peerCertificate } from './peer-certificate.js';

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

/** Begins exchanges. A peer's own address and its certificate are worked out once a connection. */
export class Arrivals {
  private readonly peers = new WeakMap<Socket, string>();
  private readonly certificates = new WeakMap<Socket, { shown: PeerCertificate | undefined }>();
  private readonly proxies: TrustedProxies;

  /** `asksClients`: whether clients are asked for a certificate. */
  constructor(
    trustedProxies: readonly string[],
    private readonly timeoutMs: number,
    private readonly asksClients = false,
  ) {
    this.proxies = new TrustedProxies(trustedProxies);
  }

  begin(request: FastifyRequest): Exchange {
    const exchange = new Exchange('http', correlationIdOf(request.headers), this.addressOf(request), this.timeoutMs);
    if (this.asksClients) exchange.certificate = this.certificateOf(request.raw.socket);
    return exchange;
  }

  private certificateOf(socket: Socket): PeerCertificate | undefined {
    let known = this.certificates.get(socket);
    if (!known) {
      known = { shown: peerCertificate(socket) };
      this.certificates.set(socket, known);
    }
    return known.shown;
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
