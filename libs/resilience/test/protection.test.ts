// A protected provider is called so many at a time, again when it may help, not at all while it is down.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Announcements, failure, listen } from '#ports';
import { Protection, type ProtectionOptions } from '#resilience';

const down = () => Promise.reject(failure('call.failed', { target: 'openai', reason: 'ECONNREFUSED' }));
const never = () => new Promise<never>(() => {});
const well = async () => 'well';

function aProtection(options: Partial<ProtectionOptions> = {}) {
  return new Protection({
    target: 'openai',
    family: 'embedding-model',
    provider: 'openai',
    timeoutMs: 100,
    retries: 0,
    backoffMs: 10,
    maxBackoffMs: 100,
    concurrency: 10,
    queue: 0,
    random: () => 1,
    ...options,
  });
}

const calls: Announcements['provider.call'][] = [];
const changes: string[] = [];
const stops: Array<() => void> = [];

beforeEach(() => {
  vi.useFakeTimers();
  calls.length = 0;
  changes.length = 0;
  stops.push(listen('provider.call', (message) => calls.push(message)));
  stops.push(listen('provider.degraded', () => changes.push('degraded')));
  stops.push(listen('provider.recovered', () => changes.push('recovered')));
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  vi.useRealTimers();
});

describe('a call', () => {
  test('is announced once, with what it was about', async () => {
    await aProtection().run('embed', async () => ({ tokens: 5 }), { items: 3, tokensOf: (result) => result.tokens });
    expect(calls).toEqual([
      {
        family: 'embedding-model',
        provider: 'openai',
        operation: 'embed',
        outcome: 'ok',
        durationMs: 0,
        items: 3,
        tokens: 5,
      },
    ]);
  });

  test('is announced once after all its retries, with the code of its failure', async () => {
    const call = vi.fn(down);
    const outcome = aProtection({ retries: 2 })
      .run('embed', call)
      .catch((error) => error);
    await vi.runAllTimersAsync();
    expect(await outcome).toMatchObject({ code: 'call.failed' });
    expect(call).toHaveBeenCalledTimes(3);
    expect(calls).toMatchObject([{ outcome: 'call.failed', durationMs: 30 }]);
  });

  test('may ask for other retries than the provider has', async () => {
    const call = vi.fn(down);
    await expect(aProtection({ retries: 2 }).run('write', call, { retries: 0 })).rejects.toMatchObject({
      code: 'call.failed',
    });
    expect(call).toHaveBeenCalledTimes(1);
  });

  test('ends each attempt at the limit', async () => {
    const outcome = aProtection({ retries: 1 })
      .run('embed', never)
      .catch((error) => error);
    await vi.advanceTimersByTimeAsync(210);
    expect(await outcome).toMatchObject({ code: 'call.timeout' });
    expect(calls).toMatchObject([{ durationMs: 210 }]);
  });

  test('that throws something unexpected passes it on, untried again', async () => {
    const call = vi.fn(() => Promise.reject(new TypeError('bug')));
    await expect(aProtection({ retries: 3 }).run('embed', call)).rejects.toThrow('bug');
    expect(call).toHaveBeenCalledTimes(1);
    expect(calls).toMatchObject([{ outcome: 'internal.unexpected' }]);
  });

  test('ends at once when its caller leaves, and is announced as cancelled', async () => {
    const caller = new AbortController();
    const waiting = aProtection().run('embed', never, { signal: caller.signal });
    caller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(calls).toMatchObject([{ outcome: 'cancelled' }]);
  });

  test('is refused after close', async () => {
    const protection = aProtection();
    protection.close();
    protection.close();
    await expect(protection.run('embed', well)).rejects.toMatchObject({ code: 'call.failed' });
  });
});

describe('the bulkhead', () => {
  test('lets so many in, so many wait, and refuses the rest', async () => {
    let running = 0;
    let most = 0;
    const slow = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running--;
    };
    const protection = aProtection({ concurrency: 2, queue: 1 });
    const outcomes = Promise.allSettled([1, 2, 3, 4].map(() => protection.run('embed', slow)));
    await vi.runAllTimersAsync();
    const codes = (await outcomes).map((one) => (one.status === 'rejected' ? one.reason.code : 'ok'));
    expect(codes).toEqual(['ok', 'ok', 'ok', 'call.crowded']);
    expect(most).toBe(2);
  });

  test('lets a caller leave while it waits for its turn, and never makes its call', async () => {
    const protection = aProtection({ concurrency: 1, queue: 1 });
    const first = protection.run('embed', never).catch((error) => error.code);
    const caller = new AbortController();
    const call = vi.fn(well);
    const second = protection.run('embed', call, { signal: caller.signal });
    caller.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
    await vi.advanceTimersByTimeAsync(100);
    expect(await first).toBe('call.timeout');
    expect(call).not.toHaveBeenCalled();
  });
});

describe('the breaker', () => {
  const breaker = { failures: 2, cooldownMs: 1000 };
  async function opened() {
    const protection = aProtection({ breaker });
    for (let i = 0; i < 2; i++) await protection.run('embed', down).catch(() => {});
    return protection;
  }

  test('is closed for a provider without one', () => {
    expect(aProtection().state).toBe('closed');
  });

  test('opens after so many failures in a row, and then calls nothing', async () => {
    const protection = await opened();
    const call = vi.fn(well);
    await expect(protection.run('embed', call)).rejects.toMatchObject({ code: 'call.open_circuit' });
    expect(call).not.toHaveBeenCalled();
    expect(protection.state).toBe('open');
    expect(changes).toEqual(['degraded']);
  });

  test('stays closed when a success comes between', async () => {
    const protection = aProtection({ breaker });
    for (const call of [down, well, down]) await protection.run<unknown>('embed', call).catch(() => {});
    expect(protection.state).toBe('closed');
  });

  test('stays closed for bad input and for callers that leave', async () => {
    const protection = aProtection({ breaker });
    const bad = () => Promise.reject(failure('embedding.input_refused', { provider: 'openai', position: 0 }));
    for (let i = 0; i < 5; i++) {
      await protection.run('embed', bad).catch(() => {});
      const caller = new AbortController();
      const left = protection.run('embed', never, { signal: caller.signal }).catch(() => {});
      caller.abort();
      await left;
    }
    expect(protection.state).toBe('closed');
  });

  test('closes when the call after the cool-down succeeds', async () => {
    const protection = await opened();
    vi.advanceTimersByTime(1000);
    await expect(protection.run('embed', well)).resolves.toBe('well');
    expect(protection.state).toBe('closed');
    expect(changes).toEqual(['degraded', 'recovered']);
  });

  test('stays open when the call after the cool-down fails, and tells nobody twice', async () => {
    const protection = await opened();
    vi.advanceTimersByTime(1000);
    await protection.run('embed', down).catch(() => {});
    expect(protection.state).toBe('open');
    expect(changes).toEqual(['degraded']);
  });

  test('holds nobody up while one call tries', async () => {
    const protection = await opened();
    vi.advanceTimersByTime(1000);
    const trying = protection.run('embed', never).catch((error) => error.code);
    await vi.advanceTimersByTimeAsync(1);
    expect(protection.state).toBe('half-open');
    await expect(protection.run('embed', well)).rejects.toMatchObject({ code: 'call.open_circuit' });
    await vi.advanceTimersByTimeAsync(100);
    expect(await trying).toBe('call.timeout');
  });

  test('does not take a caller that left for a provider that is back', async () => {
    const protection = await opened();
    vi.advanceTimersByTime(1000);
    const caller = new AbortController();
    const trying = protection.run('embed', never, { signal: caller.signal });
    await vi.advanceTimersByTimeAsync(1);
    caller.abort(new Error('gone'));
    await expect(trying).rejects.toThrow('gone');
    await vi.advanceTimersByTimeAsync(1);
    expect(protection.state).toBe('open');
    expect(changes).toEqual(['degraded']);
  });

  test('ends the retries of a call that opens it', async () => {
    const call = vi.fn(down);
    const outcome = aProtection({ breaker, retries: 5 })
      .run('embed', call)
      .catch((error) => error);
    await vi.runAllTimersAsync();
    expect(await outcome).toMatchObject({ code: 'call.open_circuit' });
    expect(call).toHaveBeenCalledTimes(2);
  });
});
