// Talks to the server over kept-alive connections, and turns its error bodies back into failures.
import { Pool } from 'undici';
import { FAILURES, Failure, type FailureCode, failure, type InputProblem } from '#ports';

export interface ApiClientOptions {
  /** Address of the server; a path is kept as prefix. */
  url: string;
  /** Connections kept open at most. */
  connections: number;
  /** Milliseconds that one request may take. */
  timeoutMs: number;
}

/** The error body of the API, as far as it is used here. */
interface ProblemBody {
  code: string;
  detail: string;
  errors?: InputProblem[];
}

/**
 * Fails with the server's own codes, with `cli.server_unreachable`, `cli.foreign_reply`, `call.refused` (a proxy
 * between here and there is ailing) or `call.timeout`.
 */
export class ApiClient {
  /** The address without credentials or path, for messages. */
  readonly origin: string;
  private readonly prefix: string;
  private headers: Record<string, string> = {};
  private readonly timeoutMs: number;
  private readonly pool: Pool;

  constructor(options: ApiClientOptions) {
    const url = new URL(options.url);
    this.origin = url.origin;
    this.prefix = url.pathname.replace(/\/$/, '');
    this.timeoutMs = options.timeoutMs;
    this.pool = new Pool(url.origin, {
      connections: options.connections,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
    });
  }

  /** Sends the token with every request from now on. */
  authorise(token: string): void {
    this.headers = { authorization: `Bearer ${token}` };
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.send<T>('GET', path, undefined, signal);
  }

  /** What is not JSON, as it is sent. */
  async getText(path: string, signal?: AbortSignal): Promise<string> {
    const { status, text, retryAfter } = await this.exchange('GET', path, undefined, signal);
    if (status >= 200 && status < 300) return text;
    throw this.refusal(status, parseJson(text), retryAfterMs(retryAfter));
  }

  async post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    return this.send<T>('POST', path, body, signal);
  }

  async delete<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.send<T>('DELETE', path, undefined, signal);
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async send<T>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body: unknown,
    signal?: AbortSignal,
  ): Promise<T> {
    const { status, text, retryAfter } = await this.exchange(method, path, body, signal);
    const parsed = parseJson(text);
    if (status >= 200 && status < 300 && parsed !== undefined) return parsed as T;
    throw this.refusal(status, parsed, retryAfterMs(retryAfter));
  }

  private async exchange(method: 'GET' | 'POST' | 'DELETE', path: string, body: unknown, signal?: AbortSignal) {
    try {
      const reply = await this.pool.request({
        method,
        path: this.prefix + path,
        headers: body === undefined ? this.headers : { ...this.headers, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? null,
      });
      const retryAfter = reply.headers['retry-after'];
      return { status: reply.statusCode, text: await reply.body.text(), retryAfter: retryAfter?.toString() };
    } catch (error) {
      throw signal?.aborted ? error : this.unanswered(error as NodeJS.ErrnoException);
    }
  }

  private unanswered(error: NodeJS.ErrnoException): Failure {
    const reason = error.code ?? error.name;
    const late = reason === 'UND_ERR_HEADERS_TIMEOUT' || reason === 'UND_ERR_BODY_TIMEOUT';
    return late
      ? failure('call.timeout', { target: this.origin, limitMs: this.timeoutMs }, { cause: error })
      : failure('cli.server_unreachable', { url: this.origin, reason }, { cause: error });
  }

  private refusal(status: number, body: unknown, waitMs: number | undefined): Failure {
    const options = waitMs === undefined ? {} : { retryAfterMs: waitMs };
    if (isProblem(body)) return new Failure(body.code, body.detail, { ...options, problems: body.errors ?? [] });
    if (status === 429 || status >= 500) return failure('call.refused', { target: this.origin, status }, options);
    return failure('cli.foreign_reply', { url: this.origin, status });
  }
}

/** RFC 9110 §10.2.3: whole seconds, or a date. */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function isProblem(body: unknown): body is ProblemBody & { code: FailureCode } {
  if (typeof body !== 'object' || body === null) return false;
  const { code, detail } = body as Partial<ProblemBody>;
  return typeof code === 'string' && Object.hasOwn(FAILURES, code) && typeof detail === 'string';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
