// Long work in slices, so that the process answers others in between.
import { setImmediate } from 'node:timers/promises';

/** How long the process may be held up by one slice. Milliseconds. */
const SLICE_MS = 4;

/** Gives the event loop its turn, if it has waited for longer than a slice. */
export class Slices {
  private since: number;

  constructor(private readonly now: () => number = performance.now.bind(performance)) {
    this.since = now();
  }

  async rest(signal?: AbortSignal): Promise<void> {
    if (this.now() - this.since < SLICE_MS) return;
    await setImmediate();
    signal?.throwIfAborted();
    this.since = this.now();
  }
}
