// A turn that one holder at a time has, over all processes: renewed while the work runs, free again if its holder dies.
import { randomUUID } from 'node:crypto';
import { failure } from '#ports';
import { pause } from '#resilience';
import type { Records } from './records.js';

export interface LeaseOptions {
  /** The turn of a holder that died is free after so long. Milliseconds. */
  ttlMs?: number;
  /** How long to wait for the turn; 0 asks once. Milliseconds. */
  waitMs?: number;
  signal?: AbortSignal | undefined;
  random?: () => number;
}

const TTL_MS = 30_000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/**
 * Runs the work while nobody else runs theirs under the same key. Its signal is aborted with the caller's, or once the
 * turn was lost: work that still goes on then is to stop. `undefined` where others had the turn for all of `waitMs`.
 * @throws Failure `records.unavailable`; what the work throws; the reason of the signal
 */
export async function withLease<T>(
  records: Records,
  key: string,
  run: (signal: AbortSignal) => Promise<T>,
  { ttlMs = TTL_MS, waitMs = 0, signal, random = Math.random }: LeaseOptions = {},
): Promise<{ value: T } | undefined> {
  const holder = randomUUID();
  const until = performance.now() + waitMs;
  for (let longest = FIRST_PAUSE_MS; ; longest = Math.min(LONGEST_PAUSE_MS, longest * 2)) {
    signal?.throwIfAborted();
    const { claimed } = await records.claim(key, holder, { ttlMs });
    if (claimed) return { value: await held(records, key, holder, { ttlMs, signal, run }) };
    if (performance.now() >= until) return undefined;
    await pause(random() * longest, signal);
  }
}

async function held<T>(
  records: Records,
  key: string,
  holder: string,
  o: { ttlMs: number; signal: AbortSignal | undefined; run: (signal: AbortSignal) => Promise<T> },
): Promise<T> {
  const lost = new AbortController();
  const lose = (cause?: unknown) => lost.abort(failure('records.unavailable', { backend: records.backend }, { cause }));
  const renew = async () => {
    if (!(await records.replace(key, holder, holder, { ttlMs: o.ttlMs }))) lose();
  };
  const timer = setInterval(() => void renew().catch(lose), o.ttlMs / 3).unref();
  try {
    return await o.run(o.signal ? AbortSignal.any([o.signal, lost.signal]) : lost.signal);
  } finally {
    clearInterval(timer);
    // A turn that cannot be given back ends by itself.
    await records.replace(key, holder, undefined).catch(() => false);
  }
}
