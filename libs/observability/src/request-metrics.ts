// Counts requests and their durations at the doors.
import type { Registry } from 'prom-client';
import type { FailureCode } from '#ports';
import { CounterTally, HistogramTally } from './tallies.js';

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
const CLASSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;
const CODES = Array.from({ length: 600 }, (_, status) => (status < 100 ? 'other' : String(status)));
/** What an outage looks like from outside: these begin at nothing with a route, so that the first of them is an increase. */
const OUTAGES = ['500', '502', '503', '504'];
const SHED: FailureCode = 'tenant.crowded';

/** Requests by route template, method and status. */
export class RequestMetrics {
  private readonly requests: CounterTally;
  private readonly durations: HistogramTally;
  private readonly failures: CounterTally;

  constructor(registry: Registry) {
    this.requests = new CounterTally({
      name: 'resk_http_requests_total',
      help: 'Requests answered, by route template, method and status code.',
      labels: ['route', 'method', 'code'],
      registry,
      onPair: (route, method) => this.begin(route, method),
    });
    this.durations = new HistogramTally({
      name: 'resk_http_request_duration_seconds',
      help: 'Time from the arrival of a request to the end of its reply, by route template, method and status class.',
      labels: ['route', 'method', 'status'],
      registry,
    });
    this.failures = new CounterTally({
      name: 'resk_http_failures_total',
      help: 'Requests answered with a failure, by route template and failure code.',
      labels: ['route', 'code'],
      registry,
    });
  }

  /** Counts why a request failed; the request itself is counted by `observe`. */
  failed(route: string, code: FailureCode): void {
    this.failures.add(1, route, code);
  }

  /**
   * Counts one request: on the hot path of every reply, a fraction of a microsecond.
   * `route` is the template (`/api/cache/entries/:key`), never the path that was sent; `unmatched` where there is none.
   */
  observe(route: string, method: string, status: number, seconds: number): void {
    const verb = METHODS.has(method) ? method : 'other';
    const code = CODES[status];
    this.requests.add(1, route, verb, code ?? 'other');
    this.durations.observe(seconds, route, verb, code === undefined ? 'other' : CLASSES[(status / 100) | 0]);
  }

  private begin(route: string, method: string): void {
    for (const code of OUTAGES) this.requests.add(0, route, method, code);
    this.failures.add(0, route, SHED);
  }
}
