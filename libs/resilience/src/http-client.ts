// Calls one server over HTTP: pooled connections, JSON both ways, bounded replies, and failures with one meaning.
import type { IncomingHttpHeaders } from 'node:http';
import { Pool } from 'undici';
import { type Failure, failure, isFailure, type OptionsResult, type OptionsSchema, Secret } from '#ports';
import { HttpRefusal, MAX_REFUSAL_BODY } from './http-refusal.js';
import { type OutgoingRules, outgoingRules } from './outgoing-rules.js';
import { retryAfterMs } from './retry-after.js';

export interface HttpClientOptions {
  /** What is called, for messages, e.g. `openai`. */
  target: string;
  /** Where every path begins, e.g. `https://api.openai.com/v1`. A query in it is sent with every request. */
  baseUrl: string;
  headers?: Record<string, string | Secret>;
  /** A longer reply is refused. Default 16 MiB. */
  maxReplyBytes?: number;
  /** Longest silence of the server within one reply. The caller's signal usually ends a call earlier. Default 2 min. */
  idleMs?: number;
  /**
   * Hosts that may be called beside those that the operator has listed: for addresses that are constants of the code, such
   * as a cloud's metadata service. Never for one that a setting or a request names.
   */
  allowedHosts?: readonly string[];
  /** Where calls may go. The process's own rules, unless given. */
  rules?: OutgoingRules;
}

export interface HttpCall<T> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  /** Begins with `/`; names in it are encoded by the caller. */
  path: string;
  query?: Record<string, string | number | boolean>;
  json?: unknown;
  /** A body of `application/x-www-form-urlencoded` instead, as token endpoints want it (RFC 6749 §4). */
  form?: Record<string, string>;
  headers?: Record<string, string | Secret>;
  signal?: AbortSignal | undefined;
  /** Schema of the fields that are used. Without one the body is given as it is parsed. */
  reply?: OptionsSchema<T>;
}

export interface HttpReply<T> {
  status: number;
  headers: IncomingHttpHeaders;
  /** The parsed JSON; `undefined` where the reply has no body. */
  body: T;
}

/**
 * A client of one origin. Redirects are refused, not followed: they would carry the credentials to a place that nobody
 * configured. Nor is an address called that the rules of outgoing calls refuse. Nothing is retried here: see Protection.
 */
export class HttpClient {
  private readonly pool: Pool;
  private readonly base: URL;
  private readonly maxReplyBytes: number;
  private readonly idleMs: number;

  /** @throws Failure `outgoing.refused` */
  constructor(private readonly options: HttpClientOptions) {
    this.base = new URL(options.baseUrl);
    const rules = (options.rules ?? outgoingRules()).with(options.allowedHosts ?? []);
    rules.check(this.base);
    this.maxReplyBytes = options.maxReplyBytes ?? 16 * 1024 ** 2;
    this.idleMs = options.idleMs ?? 120_000;
    this.pool = new Pool(this.base.origin, {
      headersTimeout: this.idleMs,
      bodyTimeout: this.idleMs,
      connect: { lookup: rules.lookup(this.base) },
    });
  }

  /**
   * Sends one request.
   * @throws Failure `call.refused` for a status outside 2xx (cause: HttpRefusal), `call.failed` where no reply arrives or
   * it breaks off, `call.timeout` where the server falls silent, `call.reply_invalid`; `outgoing.refused` where the host's
   * name leads to an address that is not to be called; or the reason of the signal.
   */
  async request<T = unknown>(call: HttpCall<T>): Promise<HttpReply<T>> {
    const { status, headers, text } = await this.exchange(call).catch((error: unknown) => {
      throw this.translated(error, call.signal);
    });
    if (status < 200 || status > 299) throw this.refused(status, headers, text);
    return { status, headers, body: await this.read(text, call.reply) };
  }

  /** Ends the connections, and with them the calls under way. May be called twice. */
  async close(): Promise<void> {
    if (!this.pool.destroyed) await this.pool.destroy();
  }

  private async exchange(call: HttpCall<unknown>) {
    const reply = await this.pool.request({
      method: call.method,
      path: this.target(call),
      headers: this.headersOf(call),
      body: bodyOf(call),
      signal: call.signal ?? null,
    });
    const { statusCode: status, headers, body } = reply;
    const limit = status < 300 ? this.maxReplyBytes : MAX_REFUSAL_BODY;
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > limit) break; // Leaving the loop destroys the stream, and the connection with it.
    }
    if (size > limit && status < 300) throw this.invalid(`larger than ${limit} bytes`);
    return { status, headers, text: Buffer.concat(chunks).toString('utf8') };
  }

  private target({ path, query = {} }: HttpCall<unknown>): string {
    const parameters = new URLSearchParams(this.base.search);
    for (const [name, value] of Object.entries(query)) parameters.set(name, String(value));
    const start = this.base.pathname.replace(/\/$/, '');
    return parameters.size === 0 ? start + path : `${start + path}?${parameters.toString()}`;
  }

  private headersOf(call: HttpCall<unknown>): Record<string, string> {
    const sent: Record<string, string> = { accept: 'application/json', 'user-agent': 'resk-caching' };
    if (call.json !== undefined) sent['content-type'] = 'application/json';
    if (call.form) sent['content-type'] = 'application/x-www-form-urlencoded';
    for (const [name, value] of Object.entries({ ...this.options.headers, ...call.headers })) {
      sent[name.toLowerCase()] = value instanceof Secret ? value.reveal() : value;
    }
    return sent;
  }

  private async read<T>(text: string, schema: OptionsSchema<T> | undefined): Promise<T> {
    const parsed = text === '' ? undefined : this.parse(text);
    if (!schema) return parsed as T;
    const result: OptionsResult<T> = await schema['~standard'].validate(parsed);
    if (!result.issues) return result.value;
    // Only where it differs is told: a validator's message may quote what it found.
    const steps = result.issues[0]?.path?.map((step) => String(typeof step === 'object' ? step.key : step)) ?? [];
    throw this.invalid(`unexpected ${steps.length > 0 ? steps.join('.') : 'body'}`);
  }

  private parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw this.invalid('not JSON'); // The parser's own error quotes the text, so it is not kept as the cause.
    }
  }

  private refused(status: number, headers: IncomingHttpHeaders, text: string): Failure {
    const asked = retryAfterMs(headers);
    const cause = new HttpRefusal(status, text);
    const facts = { target: this.options.target, status };
    return failure('call.refused', facts, { cause, ...(asked !== undefined && { retryAfterMs: asked }) });
  }

  private translated(error: unknown, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason;
    if (isFailure(error)) return error;
    const { target } = this.options;
    const { code, name } = error as NodeJS.ErrnoException;
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
      return failure('call.timeout', { target, limitMs: this.idleMs }, { cause: error });
    }
    return failure('call.failed', { target, reason: code ?? name }, { cause: error });
  }

  private invalid(reason: string): Failure {
    return failure('call.reply_invalid', { target: this.options.target, reason });
  }
}

function bodyOf({ json, form }: HttpCall<unknown>): string | null {
  if (form) return new URLSearchParams(form).toString();
  return json === undefined ? null : JSON.stringify(json);
}
