// One holder at a time, over all processes; one that died is followed by the next, one that lost its turn hears of it.
import { describe, expect, test, vi } from 'vitest';
import { failure } from '#ports';
import { MemoryRecords, withLease } from '../src/index.js';

const KEY = 'work/lease';
const CALM = { random: () => 0 };

describe('a turn', () => {
  test('is one holder’s at a time, and free when it is done', async () => {
    const records = new MemoryRecords();
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
    };
    await Promise.all(['a', 'b', 'c'].map((name) => withLease(records, KEY, work(name), { waitMs: 10_000 })));
    for (let at = 0; at < order.length; at += 2) expect(order[at]!.split(' ')[0]).toBe(order[at + 1]!.split(' ')[0]);
    expect(order).toHaveLength(6);
    expect(await records.get(KEY)).toBeUndefined();
  });

  test('that another has is not waited for unless asked', async () => {
    const records = new MemoryRecords();
    await records.put(KEY, 'another');
    expect(await withLease(records, KEY, async () => 1)).toBeUndefined();
    expect(await records.get(KEY)).toBe('another');
  });

  test('of a holder that died is the next one’s after its end', async () => {
    let now = 0;
    const records = new MemoryRecords(() => now);
    await records.put(KEY, 'dead', { ttlMs: 1000 });
    now = 1001;
    expect(await withLease(records, KEY, async () => 'mine', CALM)).toEqual({ value: 'mine' });
  });

  test('is given back when the work fails', async () => {
    const records = new MemoryRecords();
    await expect(withLease(records, KEY, () => Promise.reject(new Error('odd')))).rejects.toThrow('odd');
    expect(await records.get(KEY)).toBeUndefined();
  });

  test('is not waited for by who does not wait any more', async () => {
    const records = new MemoryRecords();
    await records.put(KEY, 'another');
    const signal = AbortSignal.abort(new Error('nobody waits'));
    await expect(withLease(records, KEY, async () => 1, { waitMs: 10_000, signal })).rejects.toThrow('nobody waits');
  });
});

describe('a long work', () => {
  test('keeps its turn while it runs, and is told when it lost it', async () => {
    vi.useFakeTimers();
    try {
      const records = new MemoryRecords();
      const held = withLease(
        records,
        KEY,
        async (signal) => {
          await vi.advanceTimersByTimeAsync(100_000);
          expect(signal.aborted).toBe(false);
          await records.put(KEY, 'another');
          await vi.advanceTimersByTimeAsync(10_001);
          return signal.reason;
        },
        { ttlMs: 30_000, signal: new AbortController().signal },
      );
      expect(await held).toEqual({ value: expect.objectContaining({ code: 'records.unavailable' }) });
      expect(await records.get(KEY)).toBe('another');
    } finally {
      vi.useRealTimers();
    }
  });

  test('is told where the records do not answer, and leaves its turn to end by itself', async () => {
    vi.useFakeTimers();
    try {
      const records = new MemoryRecords();
      const down = failure('records.unavailable', { backend: 'redis' });
      const held = withLease(records, KEY, async (signal) => {
        vi.spyOn(records, 'replace').mockRejectedValue(down);
        await vi.advanceTimersByTimeAsync(10_001);
        return (signal.reason as Error).cause;
      });
      expect(await held).toEqual({ value: down });
    } finally {
      vi.useRealTimers();
    }
  });
});
