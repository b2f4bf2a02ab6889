// What may be said of a client as a whole, and of one call.

/** The token, or what gives it; `refused` says that the one before was answered with 401. */
export type Token = string | ((about: { refused: boolean }) => string | Promise<string>);

export interface ClientOptions {
  /** Where the service is, e.g. `https://cache.example.com`; a path in it is kept. */
  baseUrl: string | URL;
  /** Without one, only open operations can be called. */
  token?: Token;
  /** In place of the platform's own, e.g. with a proxy or certificates of your own. */
  fetch?: Fetch;
  /** How often a call is sent again at most. Default 2; 0 sends everything once. */
  retries?: number;
  /**
   * Milliseconds for each time that a call is sent, its reply included. Default 30 000; 0 and Infinity are no limit. Not for
   * lines: they have none unless the call gives it.
   */
  timeoutMs?: number;
  /** Longest pause between two tries, milliseconds. A `retry-after` that is longer fails at once. Default 30 000. */
  maxPauseMs?: number;
  /** Makes an Idempotency-Key for each call that takes one and has none, so that it may be sent again. Default false. */
  idempotencyKeys?: boolean;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
  /** Told of every reply, refusals included, e.g. to read `ratelimit-remaining`. */
  onReply?: (reply: ReplyHead) => void;
}

export interface CallOptions {
  /** Ends the call, which then fails with the reason of the signal. */
  signal?: AbortSignal;
  retries?: number;
  /** In place of the client's; for lines, too. */
  timeoutMs?: number;
  /** The same key has its effect once: the call may be sent again. */
  idempotencyKey?: string;
  /** Sent as `x-correlation-id`, and named in the logs of the service. */
  correlationId?: string;
  headers?: Readonly<Record<string, string>>;
  onReply?: (reply: ReplyHead) => void;
}

/** A reply without its body. */
export interface ReplyHead {
  readonly operation: string;
  readonly status: number;
  readonly headers: Headers;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;
