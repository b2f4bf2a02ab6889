// Who may open an event connection: the page it comes from, how often the address tries, and the caller's token.
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { bearerToken, type Caller, type Callers, type TokenVerifier } from '#auth';
import { announce, failure, isFailure } from '#ports';
import { isDenial } from '../audit/denial.js';
import type { AllowedHosts } from '../http/allowed-hosts.js';
import { peerCertificate } from '../http/peer-certificate.js';
import {
  type AddressedRequest,
  addressTracker,
  clientAddress,
  type RateRule,
  type SlidingWindowStorage,
  type TrustedProxies,
} from '../rate-limit/index.js';
import type { EventsConfig } from './events.section.js';

export interface HandshakeRequest extends AddressedRequest {
  readonly headers: IncomingHttpHeaders;
}

export interface HandshakeConfig extends Pick<EventsConfig, 'origins' | 'handshakesPerMinute'> {
  /** Origins that may use the API. They may connect too, beside the service's own, where `origins` names none. */
  corsOrigins?: readonly string[];
  /** By which names the service may be asked; absent, by any. */
  hosts?: AllowedHosts | undefined;
}

export class Handshake {
  private readonly rule: RateRule;
  private readonly transportRule: RateRule;

  constructor(
    private readonly callers: Callers,
    private readonly verifier: TokenVerifier,
    private readonly windows: SlidingWindowStorage,
    private readonly proxies: TrustedProxies,
    private readonly config: HandshakeConfig,
  ) {
    const limit = config.handshakesPerMinute;
    this.rule = { name: 'handshake', limit, windowMs: 60_000 };
    this.transportRule = { name: 'transport', limit: 2 * limit, windowMs: 60_000 };
  }

  /** The caller of a handshake. Fails with `request.host`, `event.origin`, `rate.limited` or `auth.*`, in this order. */
  async admit(request: HandshakeRequest, token: () => string): Promise<Caller> {
    try {
      return await this.callerOf(request, token);
    } catch (error) {
      if (isFailure(error) && isDenial(error)) {
        const address = this.addressOf(request);
        announce('audit.event', { action: 'handshake.denied', outcome: 'denied', code: error.code, address });
      }
      throw error;
    }
  }

  private async callerOf(request: HandshakeRequest, token: () => string): Promise<Caller> {
    this.checkHost(request.headers);
    this.checkOrigin(request.headers);
    await this.count(request, this.rule);
    const certificate = peerCertificate(request.socket as Socket);
    const authorization = certificate ? offered(token) : `Bearer ${token()}`;
    const known = this.callers.known(authorization, certificate);
    if (known) return known;
    const shown = { authorization, certificate, address: this.addressOf(request) };
    return this.callers.identify(shown, async () => this.verifier.verify(token()));
  }

  /** Counts a Socket.IO transport, which comes before its handshake: room for all that may shake hands, none for a flood. */
  async countTransport(request: HandshakeRequest): Promise<void> {
    this.checkHost(request.headers);
    await this.count(request, this.transportRule);
  }

  private async count(request: HandshakeRequest, rule: RateRule): Promise<void> {
    const hit = await this.windows.hit(rule, addressTracker(this.addressOf(request)));
    if (hit.allowed) return;
    announce('rate.limited', { door: 'socket', tracker: 'address' });
    const facts = { limit: rule.limit, windowSeconds: rule.windowMs / 1000 };
    throw failure('rate.limited', facts, { retryAfterMs: hit.retryAfterMs });
  }

  private addressOf(request: HandshakeRequest): string {
    return clientAddress(request, this.proxies);
  }

  private checkHost({ host }: IncomingHttpHeaders): void {
    if (this.config.hosts?.allow(host) === false) throw failure('request.host', {});
  }

  /** Browsers always send the origin of the page, and a page cannot change it. */
  private checkOrigin({ origin, host }: IncomingHttpHeaders): void {
    const { origins, corsOrigins = [] } = this.config;
    if (origin === undefined || origins.includes('*') || origins.includes(origin)) return;
    const sameHost = URL.canParse(origin) && new URL(origin).host === host;
    if (origins.length > 0 || !(sameHost || corsOrigins.includes(origin))) throw failure('event.origin', {});
  }
}

/** What is offered where nothing need be, as a certificate may do. */
function offered(token: () => string): string | undefined {
  try {
    return `Bearer ${token()}`;
  } catch (error) {
    if (isFailure(error, 'auth.missing')) return undefined;
    throw error;
  }
}

/** The token of an Authorization header, or of what Socket.IO clients put in `auth.token`. Fails with `auth.*`. */
export function presentedToken(authorization: string | undefined, token?: unknown): string {
  if (token === undefined || token === null) return bearerToken(authorization);
  if (typeof token !== 'string') throw failure('auth.malformed', {});
  return bearerToken(`Bearer ${token}`);
}
