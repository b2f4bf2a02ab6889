// Whether a call that failed is sent again, and after which pause.
import { ClientError, LateError, ProblemError } from './failure.js';
import type { Operation } from './operation.js';

const AGAIN = new Set([408, 425, 429, 502, 503, 504]);
/** What is under way under the same Idempotency-Key: its reply is there in a moment. */
const UNDER_WAY = 409;

/** More overflows a timer, which then ends at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
const FIRST_PAUSE_MS = 250;
const LONGEST_BACKOFF_MS = 8000;

/** Causes that tell, in Node, that nothing was sent. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

export function mayRepeat(operation: Operation, headers: Headers, error: ClientError): boolean {
  if (neverSent(error)) return true;
  return operation.repeat === 'always' || (operation.repeat === 'keyed' && headers.has('idempotency-key'));
}

/** Milliseconds until the next try; `undefined` where another would be of no use. */
export function pauseAfter(
  error: ClientError,
  tries: number,
  maxPauseMs: number,
  random: () => number = Math.random,
): number | undefined {
  if (error instanceof ProblemError) {
    const waits = error.status === UNDER_WAY && error.retryAfterMs !== undefined;
    if (!AGAIN.has(error.status) && !waits) return undefined;
    const most = Math.min(maxPauseMs, LONGEST_TIMER_MS);
    if (error.retryAfterMs !== undefined) return error.retryAfterMs <= most ? error.retryAfterMs : undefined;
  }
  const most = Math.min(FIRST_PAUSE_MS * 2 ** tries, LONGEST_BACKOFF_MS, maxPauseMs);
  return Math.round(random() * most);
}

/** `retry-after` in milliseconds: seconds, or a date. */
export function retryAfterMs(headers: Headers, now = Date.now()): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // What begins with a weekday: `Date.parse` reads far more than RFC 9110 §10.2.3 has.
  const at = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** Ends early, with its reason, when the signal does. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

function neverSent(error: ClientError): boolean {
  if (error instanceof ProblemError || error instanceof LateError) return false;
  for (let cause: unknown = error.cause; cause instanceof Error; cause = cause.cause) {
    if (NOT_SENT.has(String((cause as { code?: unknown }).code))) return true;
  }
  return false;
}
