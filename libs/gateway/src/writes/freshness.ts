// Tells a write from a replay of one: it was sent just now, and with a nonce that no other request carried.
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '#auth';
import type { KeyNames } from '#crypto';
import { failure } from '#ports';
import type { Records } from '#records';

export const TIMESTAMP = 'x-request-timestamp';
export const NONCE = 'x-request-nonce';

const NONCE_FORM = /^[A-Za-z0-9._~+/=-]{16,128}$/;
const EPOCH_SECONDS = /^\d{1,11}(\.\d{1,9})?$/;
/** ISO 8601 with a zone: what `Date.parse` takes for local time would be wrong elsewhere. */
const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

export interface FreshnessOptions {
  records: Records;
  names: KeyNames;
  /** How far the time of a request may be from ours. Milliseconds. */
  windowMs: number;
  now?: () => number;
}

/**
 * Whoever can read a request can copy it, and whoever can also write one has the token: a nonce stops copies, and the
 * time bounds how long nonces must be remembered.
 */
export class Freshness {
  private readonly now: () => number;

  constructor(private readonly options: FreshnessOptions) {
    this.now = options.now ?? Date.now;
  }

  /** @throws Failure `replay.missing`, `replay.stale`, `replay.repeated`, `records.unavailable` */
  async prove(headers: IncomingHttpHeaders, { tenant, subject }: Pick<Caller, 'tenant' | 'subject'>): Promise<void> {
    const { records, names, windowMs } = this.options;
    const sentAt = timeIn(headers[TIMESTAMP]);
    const nonce = headers[NONCE];
    if (sentAt === undefined) throw failure('replay.missing', { header: TIMESTAMP });
    if (typeof nonce !== 'string' || !NONCE_FORM.test(nonce)) throw failure('replay.missing', { header: NONCE });
    const now = this.now();
    if (Math.abs(now - sentAt) > windowMs) {
      throw failure('replay.stale', { windowSeconds: Math.round(windowMs / 1000) });
    }
    const key = `nonce/${names.tenantTag(tenant)}/${names.keyed('nonce', JSON.stringify([subject, nonce]))}`;
    // Once its time is past the window, a copy is refused for that alone. The second covers stores that round down.
    const ttlMs = Math.ceil(sentAt + windowMs - now) + 1000;
    const { claimed } = await records.claim(key, '1', { ttlMs });
    if (!claimed) throw failure('replay.repeated', {});
  }
}

/** Epoch milliseconds. */
function timeIn(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (EPOCH_SECONDS.test(header)) return Number(header) * 1000;
  const time = ISO_8601.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}
