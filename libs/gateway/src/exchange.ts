// One request at one door, as the pipeline sees it: what each step finds out stands here for the next.
import type { Caller, PeerCertificate } from '#auth';
import type { RequestTrace } from '#observability';
import { Deadline } from '#resilience';
import type { EndpointSpec } from './endpoint.js';
import type { Hit } from './rate-limit/index.js';

export type { PeerCertificate };

export class Exchange {
  /** What the endpoint declares; known once the request is routed. */
  endpoint: EndpointSpec | undefined;
  /** Who is calling; known once the token is verified. */
  caller: Caller | undefined;
  /** The certificate that the peer showed, where the door asks for one and it is good. */
  certificate: PeerCertificate | undefined;
  /** What is left of the window that this request was counted in. */
  limit: (Hit & { limit: number; rule: string }) | undefined;
  /** The span of the request, where it is traced. */
  trace: RequestTrace | undefined;
  #deadline: Deadline | undefined;

  constructor(
    readonly door: 'http' | 'socket',
    readonly correlationId: string,
    /** The peer's address, or what a trusted proxy says it is. */
    readonly address: string,
    readonly timeoutMs: number,
    /** `performance.now()` at arrival. */
    readonly startedAt: number = performance.now(),
  ) {}

  /** Aborted when the time for this request is over. Made on first use: most hits never need it. */
  get signal(): AbortSignal {
    this.#deadline ??= new Deadline(this.timeoutMs, undefined, () => performance.now(), this.startedAt);
    return this.#deadline.signal;
  }

  close(): void {
    this.#deadline?.close();
  }
}
