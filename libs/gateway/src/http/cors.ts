// Which pages of other origins may use the API: those that are listed, and none without a list. Cookies are never asked for.
import type { IncomingHttpHeaders } from 'node:http';

/** What a page may read of a reply, beside what the Fetch standard always lets it read. */
const EXPOSED = [
  'x-correlation-id',
  'ratelimit-limit',
  'ratelimit-remaining',
  'ratelimit-reset',
  'retry-after',
  'x-cache-status',
  'cache-status',
  'age',
  'server-timing',
  'idempotency-replayed',
  'www-authenticate',
  'deprecation',
  'sunset',
  'link',
].join(', ');

/** What a page may send. */
const ACCEPTED = [
  'authorization',
  'content-type',
  'idempotency-key',
  'x-correlation-id',
  'x-request-timestamp',
  'x-request-nonce',
  'traceparent',
  'tracestate',
].join(', ');

const PREFLIGHT_SECONDS = '600';

export class Cors {
  private constructor(private readonly origins: ReadonlySet<string>) {}

  /** `undefined` where no origin is listed: then nothing is sent at all. */
  static of(origins: readonly string[]): Cors | undefined {
    return origins.length === 0 ? undefined : new Cors(new Set(origins));
  }

  /** Headers of any reply, as names and values in turn. Caches on the way are told that it differs by origin. */
  headers(origin: string | undefined): string[] {
    if (!this.allows(origin)) return ['vary', 'origin'];
    return ['vary', 'origin', 'access-control-allow-origin', origin, 'access-control-expose-headers', EXPOSED];
  }

  /** Headers of the reply to a preflight, beside those of any reply; `undefined` where the request is none that is allowed. */
  preflight(
    method: string,
    headers: IncomingHttpHeaders,
    methodsOfPath: () => readonly string[],
  ): string[] | undefined {
    const asked = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
    if (!asked || !this.allows(headers.origin)) return undefined;
    const methods = methodsOfPath();
    if (methods.length === 0) return undefined;
    return [
      'access-control-allow-methods',
      methods.join(', '),
      'access-control-allow-headers',
      ACCEPTED,
      'access-control-max-age',
      PREFLIGHT_SECONDS,
    ];
  }

  private allows(origin: string | undefined): origin is string {
    return origin !== undefined && this.origins.has(origin);
  }
}
