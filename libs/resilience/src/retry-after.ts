// Reads how long a server asks to be left alone.
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Milliseconds to wait by `retry-after-ms` (OpenAI, Azure) or `retry-after`, in seconds or as a date (RFC 9110 §10.2.3);
 * never negative. `undefined` where the server does not say, or not legibly.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: () => number = Date.now): number | undefined {
  const ms = numeric(headers['retry-after-ms']);
  if (ms !== undefined) return ms;
  const asked = headers['retry-after'];
  const seconds = numeric(asked);
  if (seconds !== undefined) return Math.ceil(seconds * 1000);
  const date = asked === undefined ? Number.NaN : Date.parse(asked);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now());
}

function numeric(text: string | string[] | undefined): number | undefined {
  return typeof text === 'string' && /^\d{1,9}(\.\d{1,9})?$/.test(text.trim()) ? Number(text) : undefined;
}
