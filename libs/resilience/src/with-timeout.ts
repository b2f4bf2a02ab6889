// Ends a wait: after a limit, or as soon as a signal is aborted, whether or not the work listens.
import { failure } from '#ports';

/** Node runs a timer of more than this at once instead of late. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Runs the work with a signal of its own, aborted after `limitMs` milliseconds or together with `signal`.
 * @throws Failure `call.timeout` at the limit; the reason of `signal` as soon as that is aborted.
 */
export async function withTimeout<T>(
  target: string,
  limitMs: number,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const late = () => controller.abort(failure('call.timeout', { target, limitMs }));
  const follow = () => controller.abort(signal?.reason);
  const timer = setTimeout(late, Math.min(limitMs, LONGEST_TIMER_MS));
  signal?.addEventListener('abort', follow, { once: true });
  try {
    return await untilAborted(controller.signal, run(controller.signal));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', follow);
  }
}

/** Waits for the work, or rejects with the signal's reason as soon as it is aborted. The work itself goes on unheard. */
export async function untilAborted<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}

/** Waits `delayMs` milliseconds, or rejects with the signal's reason as soon as it is aborted. */
export async function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const rested = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, delayMs);
  });
  await untilAborted(signal, rested).finally(() => clearTimeout(timer));
}
