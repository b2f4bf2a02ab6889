// Sends a call, again where that is safe and of use, and gives its value or a failure.
import { addressOf, baseOf, simple } from './address.js';
import { ClientError, LateError, ProblemError, UnreachableError } from './failure.js';
import { endSource, sourceFailure } from './lines.js';
import { bodyOf, isRepeatable, problemOf, replyValue } from './message.js';
import type { Input, Operation } from './operation.js';
import type { CallOptions, ClientOptions, Fetch } from './options.js';
import { LONGEST_TIMER_MS, mayRepeat, pause, pauseAfter } from './retry.js';
import { withToken } from './token.js';
import { uuid } from './uuid.js';

const RETRIES = 2;
const TIMEOUT_MS = 30_000;
const MAX_PAUSE_MS = 30_000;

/** A call, from its first try to its last. */
interface Call {
  readonly operation: Operation;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly options: CallOptions;
}

export class Transport {
  private readonly base: string;
  private readonly fetch: Fetch;

  /** @throws TypeError where `baseUrl` is no address of HTTP */
  constructor(private readonly options: ClientOptions) {
    this.base = baseOf(options.baseUrl);
    this.fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  }

  /**
   * @throws ProblemError, UnreachableError, LateError, ReplyError; the reason of `options.signal` where it ends the call;
   * TypeError where the call cannot be put into words, e.g. with an empty path parameter
   */
  async send<T>(operation: Operation, input: Input, options: CallOptions = {}): Promise<T> {
    const call: Call = {
      operation,
      url: addressOf(this.base, operation, input),
      headers: this.headersOf(operation, input, options),
      body: input.body,
      options,
    };
    const retries = isRepeatable(operation, input.body) ? (options.retries ?? this.options.retries ?? RETRIES) : 0;
    let refused = false;
    for (let tries = 0; ; ) {
      try {
        return (await this.once(call, refused)) as T;
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        if (!refused && this.mayAskForToken(call, error)) {
          refused = true;
          continue;
        }
        const waitMs = pauseAfter(error, tries, this.options.maxPauseMs ?? MAX_PAUSE_MS);
        if (tries >= retries || waitMs === undefined || !mayRepeat(operation, call.headers, error)) throw error;
        tries++;
        await pause(waitMs, options.signal);
      }
    }
  }

  /** A function may give a fresher token than the one that was refused; a refused call was not done. */
  private mayAskForToken({ operation, body }: Call, error: ClientError): boolean {
    const asked = error instanceof ProblemError && error.status === 401 && operation.auth !== undefined;
    return asked && typeof this.options.token === 'function' && isRepeatable(operation, body);
  }

  private async once(call: Call, refused: boolean): Promise<unknown> {
    const { operation, options } = call;
    const headers = new Headers(call.headers);
    if (operation.proof) prove(headers);
    const url = await this.withToken(call, headers, refused);
    const limit = this.limit(call);
    let body: unknown;
    const failed = (cause: unknown): never => this.fail(call, body, limit.expired(), cause);
    try {
      const init = await request(call, headers, limit.signal).catch((error) =>
        // What the body is made of breaks by itself, or with the call.
        limit.signal?.aborted ? failed(error) : Promise.reject(error),
      );
      body = init.body;
      const reply = await this.fetch(url, init).catch(failed);
      const head = { operation: operation.id, status: reply.status, headers: reply.headers };
      this.options.onReply?.(head);
      options.onReply?.(head);
      if (reply.ok) return await replyValue(operation, reply).catch(failed);
      throw await problemOf(operation.id, reply).catch(failed);
    } finally {
      endSource(body);
    }
  }

  private fail({ operation, options }: Call, body: unknown, expired: boolean, cause: unknown): never {
    if (cause instanceof ClientError) throw cause;
    options.signal?.throwIfAborted();
    const broken = sourceFailure(body);
    if (broken) throw broken.error;
    if (expired) throw new LateError(operation.id, `${operation.id}: no reply in time`, { cause });
    throw new UnreachableError(operation.id, `${operation.id}: no whole reply from ${this.base}`, { cause });
  }

  private limit({ operation, options }: Call): { signal: AbortSignal | undefined; expired: () => boolean } {
    const usual = operation.body?.as === 'lines' ? undefined : (this.options.timeoutMs ?? TIMEOUT_MS);
    const limitMs = options.timeoutMs ?? usual;
    if (!limitMs || limitMs > LONGEST_TIMER_MS) return { signal: options.signal, expired: () => false };
    const timer = AbortSignal.timeout(Math.ceil(limitMs));
    const signal = options.signal ? AbortSignal.any([options.signal, timer]) : timer;
    return { signal, expired: () => timer.aborted };
  }

  private headersOf(operation: Operation, { parameters = {} }: Input, options: CallOptions): Headers {
    const headers = new Headers();
    for (const given of [this.options.headers, options.headers]) {
      for (const [name, value] of Object.entries(given ?? {})) headers.set(name, value);
    }
    for (const name of operation.headers ?? []) {
      const value = (parameters as Record<string, unknown>)[name];
      if (value !== undefined && value !== null) headers.set(name, simple(value));
    }
    if (options.correlationId !== undefined) headers.set('x-correlation-id', options.correlationId);
    const made = this.options.idempotencyKeys && operation.repeat === 'keyed' ? uuid() : undefined;
    const key = options.idempotencyKey ?? headers.get('idempotency-key') ?? made;
    if (key !== undefined) headers.set('idempotency-key', key);
    return headers;
  }

  private async withToken({ operation, url }: Call, headers: Headers, refused: boolean): Promise<string> {
    const { auth } = operation;
    const { token } = this.options;
    if (auth === undefined || token === undefined) return url;
    const given = typeof token === 'function' ? await token({ refused }) : token;
    return withToken({ ...operation, auth }, given, url, headers);
  }
}

/** What no other request carries, so that a copy of this one is refused. */
function prove(headers: Headers): void {
  headers.set('x-request-timestamp', String(Math.floor(Date.now() / 1000)));
  headers.set('x-request-nonce', uuid());
}

/** Redirects are not followed, but refused: a token goes where it was meant to go. */
async function request({ operation, body }: Call, headers: Headers, signal?: AbortSignal): Promise<RequestInit> {
  const init: RequestInit = { method: operation.method, headers, redirect: 'manual', ...(signal && { signal }) };
  if (!operation.body || body === undefined) return init;
  const sent = await bodyOf(operation.body, body, signal);
  if (sent.type) headers.set('content-type', sent.type);
  // TypeScript's DOM library does not know `duplex` yet.
  const streamed = sent.body instanceof ReadableStream && { duplex: 'half' };
  return { ...init, body: sent.body, ...streamed } as RequestInit;
}
