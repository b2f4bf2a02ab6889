// Counts hits per key over a window that slides in small steps: never more than the limit, in constant time and bounded memory.
import type { Hit, Limiter } from './hit.js';

/**
 * Steps in a window. A hit counts in full until its whole step has left the window, so that any window of `windowMs`
 * holds at most `limit`; it is forgotten at most `windowMs / STEPS` late.
 */
export const STEPS = 16;
/** The current step and those that the window still touches. */
const RING = STEPS + 1;
const EMPTY = Array.from({ length: RING }, () => 0);

class Counter {
  used = 0;
  /** The step of the newest hit that counted. */
  last = 0;
  private readonly counts = EMPTY.slice();

  constructor(private newest: number) {}

  /** Forgets what has left the window. A clock that went back stays at the newest step seen. */
  slideTo(step: number): void {
    if (!(step > this.newest)) return;
    const from = Math.max(this.newest + 1, step - STEPS);
    for (let passed = from; passed <= step; passed++) {
      this.used -= this.counts[passed % RING]!;
      this.counts[passed % RING] = 0;
    }
    this.newest = step;
  }

  add(cost: number): void {
    this.counts[this.newest % RING]! += cost;
    this.used += cost;
    this.last = this.newest;
  }

  /** The step whose leaving frees `wanted`, or the newest one when nothing does. */
  stepThatFrees(wanted: number): number {
    let freed = 0;
    for (let step = this.newest - STEPS; step < this.newest; step++) {
      freed += this.counts[((step % RING) + RING) % RING]!;
      if (freed >= wanted) return step;
    }
    return this.newest;
  }
}

/**
 * The limiter of one process. Holds at most `maxKeys` keys in two generations: when the young one is full it becomes the
 * old one, and what nobody has touched since is dropped. A flood of new keys thus costs a bounded amount of memory.
 * A key must always come with the same `windowMs`.
 */
export class SlidingWindow implements Limiter {
  private young = new Map<string, Counter>();
  private old = new Map<string, Counter>();

  constructor(
    private readonly maxKeys = 50_000,
    private readonly clock: () => number = Date.now,
  ) {}

  /** Keys held now. */
  get size(): number {
    return this.young.size + this.old.size;
  }

  hit(key: string, cost: number, limit: number, windowMs: number, now = this.clock()): Hit {
    const step = Math.floor((now * STEPS) / windowMs);
    if (!Number.isSafeInteger(cost) || cost < 0 || !Number.isSafeInteger(step) || step < 0) return refused(windowMs);
    const counter = this.find(key) ?? this.begin(key, step, cost);
    counter.slideTo(step);
    const allowed = counter.used + cost <= limit;
    if (allowed && cost > 0) counter.add(cost);
    const forgottenAt = (past: number) => Math.max(1, Math.ceil(((past + RING) * windowMs) / STEPS - now));
    return {
      allowed,
      remaining: Math.max(0, limit - counter.used) || 0,
      resetMs: counter.used > 0 ? forgottenAt(counter.last) : 0,
      retryAfterMs: allowed ? 0 : forgottenAt(counter.stepThatFrees(counter.used + cost - limit)),
    };
  }

  private find(key: string): Counter | undefined {
    const counter = this.young.get(key);
    if (counter) return counter;
    const older = this.old.get(key);
    if (older) {
      this.old.delete(key);
      this.remember(key, older);
    }
    return older;
  }

  private begin(key: string, step: number, cost: number): Counter {
    const counter = new Counter(step);
    if (cost > 0) this.remember(key, counter);
    return counter;
  }

  private remember(key: string, counter: Counter): void {
    if (this.young.size >= this.maxKeys / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, counter);
  }
}

function refused(windowMs: number): Hit {
  const waitMs = windowMs > 0 ? windowMs : 1000;
  return { allowed: false, remaining: 0, resetMs: waitMs, retryAfterMs: waitMs };
}
