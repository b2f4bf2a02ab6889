// The time of day in this process: it stands until a test moves it. Timers run on as usual.
import { vi } from 'vitest';

export class Clock {
  /** To be stopped before what is tested is started: some parts keep the `Date.now` that they find. */
  static stop(): Clock {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    return new Clock();
  }

  advance(seconds: number): void {
    vi.setSystemTime(Date.now() + seconds * 1000);
  }

  /** Gives the process its own time back. */
  release(): void {
    vi.useRealTimers();
  }
}
