// The window of one process: its bound, its memory, and what it does with nonsense.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlidingWindow } from '../../src/rate-limit/index.js';

const WINDOW_MS = 1600;
const STEP_MS = 100;
const START = 1_800_000_000_000;

/** The exact count, kept the slow way: every hit with its time. */
class Log {
  private readonly hits: { at: number; cost: number }[] = [];

  within(spanMs: number, now: number): number {
    return this.hits.filter(({ at }) => at > now - spanMs).reduce((sum, { cost }) => sum + cost, 0);
  }

  add(at: number, cost: number): void {
    this.hits.push({ at, cost });
  }
}

describe('sliding window', () => {
  test('never admits more than the limit in any window, and forgets a hit at most one step late', () => {
    const arrivals = fc.array(fc.record({ waitMs: fc.nat({ max: 900 }), cost: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 20,
      maxLength: 200,
    });
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 12 }), (hits, limit) => {
        const window = new SlidingWindow();
        const admitted = new Log();
        let now = START;
        for (const { waitMs, cost } of hits) {
          now += waitMs;
          const { allowed } = window.hit('k', cost, limit, WINDOW_MS, now);
          if (allowed) admitted.add(now, cost);
          else expect(admitted.within(WINDOW_MS + STEP_MS, now) + cost).toBeGreaterThan(limit);
          expect(admitted.within(WINDOW_MS, now)).toBeLessThanOrEqual(limit);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a refused hit is let through after the time it was told, and not a step before', () => {
    const loads = fc.array(fc.record({ waitMs: fc.nat({ max: 400 }), cost: fc.integer({ min: 1, max: 3 }) }), {
      minLength: 5,
      maxLength: 60,
    });
    fc.assert(
      fc.property(loads, (hits) => {
        const window = new SlidingWindow();
        let now = START;
        for (const { waitMs, cost } of hits) {
          now += waitMs;
          const hit = window.hit('k', cost, 5, WINDOW_MS, now);
          if (hit.allowed) continue;
          if (hit.retryAfterMs > 1) {
            const early = replay(hits, now);
            expect(early.hit('k', cost, 5, WINDOW_MS, now + hit.retryAfterMs - 1).allowed).toBe(false);
          }
          expect(window.hit('k', cost, 5, WINDOW_MS, now + hit.retryAfterMs).allowed).toBe(true);
          return;
        }
      }),
    );
  });

  test('tells how much is left and when all of it is free again', () => {
    const window = new SlidingWindow();
    expect(window.hit('k', 1, 3, WINDOW_MS, START)).toEqual({
      allowed: true,
      remaining: 2,
      resetMs: WINDOW_MS + STEP_MS,
      retryAfterMs: 0,
    });
    expect(window.hit('k', 2, 3, WINDOW_MS, START + 50).remaining).toBe(0);
    expect(window.hit('k', 1, 3, WINDOW_MS, START + 50)).toEqual({
      allowed: false,
      remaining: 0,
      resetMs: WINDOW_MS + STEP_MS - 50,
      retryAfterMs: WINDOW_MS + STEP_MS - 50,
    });
    expect(window.hit('k', 0, 3, WINDOW_MS, START + WINDOW_MS + STEP_MS)).toMatchObject({ remaining: 3, resetMs: 0 });
  });

  test('a hit of cost 0 looks without counting and keeps no key', () => {
    const window = new SlidingWindow();
    expect(window.hit('k', 0, 1, WINDOW_MS, START)).toMatchObject({ allowed: true, remaining: 1 });
    expect(window.size).toBe(0);
    window.hit('k', 1, 1, WINDOW_MS, START);
    expect(window.hit('k', 0, 1, WINDOW_MS, START)).toMatchObject({ allowed: true, remaining: 0 });
    expect(window.hit('k', 1, 1, WINDOW_MS, START).allowed).toBe(false);
  });

  test('refuses what is not a number instead of letting it through', () => {
    const window = new SlidingWindow();
    for (const cost of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0.5]) {
      expect(window.hit('k', cost, 5, WINDOW_MS, START).allowed).toBe(false);
    }
    for (const limit of [Number.NaN, Number.NEGATIVE_INFINITY, -1, 0]) {
      expect(window.hit('k', 1, limit, WINDOW_MS, START)).toMatchObject({ allowed: false, remaining: 0 });
    }
    for (const windowMs of [Number.NaN, 0, -5]) expect(window.hit('k', 1, 5, windowMs, START).allowed).toBe(false);
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, -START]) {
      expect(window.hit('k', 1, 5, WINDOW_MS, now).allowed).toBe(false);
    }
    expect(window.hit('k', 5, 5, WINDOW_MS, START).allowed).toBe(true);
  });

  test('a clock that goes back gives nobody a fresh window', () => {
    const window = new SlidingWindow();
    window.hit('k', 2, 2, WINDOW_MS, START);
    expect(window.hit('k', 1, 2, WINDOW_MS, START - 10 * WINDOW_MS).allowed).toBe(false);
    expect(window.hit('k', 1, 2, WINDOW_MS, START + 1).allowed).toBe(false);
  });

  test('holds a bounded number of keys under a million distinct ones, and those in use survive', () => {
    const maxKeys = 1000;
    const window = new SlidingWindow(maxKeys);
    let largest = 0;
    window.hit('in use', 5, 5, WINDOW_MS, START);
    for (let i = 0; i < 1_000_000; i++) {
      window.hit(`flood ${i}`, 1, 5, WINDOW_MS, START);
      if (i % 400 === 0) expect(window.hit('in use', 1, 5, WINDOW_MS, START).allowed).toBe(false);
      largest = Math.max(largest, window.size);
    }
    expect(largest).toBeLessThanOrEqual(maxKeys);
  });

  test('asks its own clock when no time is given', () => {
    let now = START;
    const window = new SlidingWindow(10, () => now);
    expect(window.hit('k', 1, 1, WINDOW_MS).allowed).toBe(true);
    expect(window.hit('k', 1, 1, WINDOW_MS).allowed).toBe(false);
    now += WINDOW_MS + STEP_MS;
    expect(window.hit('k', 1, 1, WINDOW_MS).allowed).toBe(true);
  });
});

/** A window with the same hits up to a moment. */
function replay(hits: { waitMs: number; cost: number }[], upTo: number): SlidingWindow {
  const window = new SlidingWindow();
  let now = START;
  for (const { waitMs, cost } of hits) {
    now += waitMs;
    if (now > upTo) break;
    window.hit('k', cost, 5, WINDOW_MS, now);
  }
  return window;
}
