// How long a request may still take: one point in time that every step below reads.
import { failure } from '#ports';
import { LONGEST_TIMER_MS } from './with-timeout.js';

/**
 * A limit in milliseconds from now, and the signal that is aborted when it passes (`request.late`) or when `parent` is
 * aborted (with its reason). No timer runs until the signal is asked for, so a request answered at once costs none.
 */
export class Deadline {
  /** Epoch milliseconds (or whatever `now` counts) at which the time is up. */
  readonly at: number;
  private controller: AbortController | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly limitMs: number,
    private readonly parent?: AbortSignal,
    private readonly now: () => number = Date.now,
    /** From when the limit counts, by `now`. */
    startedAt = now(),
  ) {
    this.at = startedAt + limitMs;
  }

  /** What is left, never below 0. */
  remainingMs(): number {
    return Math.max(0, this.at - this.now());
  }

  get signal(): AbortSignal {
    this.controller ??= this.watch(new AbortController());
    return this.controller.signal;
  }

  /** Stops the timer: the signal is not aborted by time any more. May be called twice. */
  close(): void {
    clearTimeout(this.timer);
    this.parent?.removeEventListener('abort', this.follow);
  }

  private watch(controller: AbortController): AbortController {
    if (this.parent?.aborted) controller.abort(this.parent.reason);
    else if (this.remainingMs() === 0) controller.abort(this.late());
    else {
      this.timer = setTimeout(() => this.end(this.late()), Math.min(this.remainingMs(), LONGEST_TIMER_MS));
      this.parent?.addEventListener('abort', this.follow, { once: true });
    }
    return controller;
  }

  private readonly follow = () => this.end(this.parent?.reason);

  private end(reason: unknown): void {
    this.close();
    this.controller?.abort(reason);
  }

  private late() {
    return failure('request.late', { limitMs: this.limitMs });
  }
}
