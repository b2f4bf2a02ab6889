// A wait ends at its limit or with its signal, whether or not the work listens.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { pause, untilAborted, withTimeout } from '#resilience';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => {});

test('gives the result of work that is in time', async () => {
  await expect(withTimeout('redis', 100, undefined, async () => 7)).resolves.toBe(7);
});

test('passes on the failure of the work', async () => {
  await expect(withTimeout('redis', 100, undefined, () => Promise.reject(new Error('odd')))).rejects.toThrow('odd');
});

test('passes on what the work throws before it is under way', async () => {
  const work = () => {
    throw new Error('at once');
  };
  await expect(withTimeout('redis', 100, undefined, work)).rejects.toThrow('at once');
});

test('fails with call.timeout at the limit, and tells the work', async () => {
  let told: AbortSignal | undefined;
  const waiting = withTimeout('redis', 100, undefined, (signal) => {
    told = signal;
    return never();
  });
  const outcome = expect(waiting).rejects.toMatchObject({
    code: 'call.timeout',
    message: 'redis did not answer within 100 ms.',
  });
  await vi.advanceTimersByTimeAsync(100);
  await outcome;
  expect(told?.aborted).toBe(true);
});

test('rejects with the reason of the signal at once, even where the work ignores it', async () => {
  const caller = new AbortController();
  const waiting = withTimeout('redis', 100, caller.signal, never);
  caller.abort(new Error('caller gone'));
  await expect(waiting).rejects.toThrow('caller gone');
});

test('does not begin the work for a caller that is gone', async () => {
  const work = vi.fn(never);
  await expect(withTimeout('redis', 100, AbortSignal.abort(new Error('caller gone')), work)).rejects.toThrow(
    'caller gone',
  );
  expect(work).not.toHaveBeenCalled();
});

test('does not mistake a limit longer than a timer can be for none at all', async () => {
  let finish: (result: string) => void = () => {};
  const waiting = withTimeout('redis', 2 ** 40, undefined, () => new Promise<string>((resolve) => (finish = resolve)));
  await vi.advanceTimersByTimeAsync(1000);
  finish('done');
  await expect(waiting).resolves.toBe('done');
});

test('leaves no listener on the signal of a caller', async () => {
  const caller = new AbortController();
  const removed = vi.spyOn(caller.signal, 'removeEventListener');
  const added = vi.spyOn(caller.signal, 'addEventListener');
  await withTimeout('redis', 100, caller.signal, async () => 1);
  await untilAborted(caller.signal, Promise.resolve(1));
  expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
});

test('waits for work without a signal as it is', async () => {
  await expect(untilAborted(undefined, Promise.resolve(3))).resolves.toBe(3);
});

test('leaves work when the signal is aborted before', async () => {
  await expect(untilAborted(AbortSignal.abort('gone'), never())).rejects.toBe('gone');
});

test('ends a pause when the signal is aborted', async () => {
  const caller = new AbortController();
  const resting = pause(1000, caller.signal);
  caller.abort('gone');
  await expect(resting).rejects.toBe('gone');
});
