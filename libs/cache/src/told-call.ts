// Announces what a call to a store took, and why it failed.
import { type Announcements, announce, isFailure } from '#ports';

type StoreCall = Pick<Announcements['cache.store_call'], 'tier' | 'operation'>;

/** A caller who leaves proves nothing of the store: that is no failure. */
export async function toldCall<T>(about: StoreCall, run: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const began = performance.now();
  try {
    return await run();
  } catch (error) {
    const code = isFailure(error) ? error.code : 'internal.unexpected';
    if (!signal?.aborted) announce('cache.store_failed', { ...about, code });
    throw error;
  } finally {
    announce('cache.store_call', { ...about, durationMs: performance.now() - began });
  }
}
