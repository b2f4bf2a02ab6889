// What may pass is tried again, later each time, never sooner than asked; what stays is not.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { failure } from '#ports';
import { HttpRefusal, isPassing, type RetryOptions, refusalOf, retry, retryAfterMs } from '#resilience';

const down = () => failure('call.failed', { target: 'openai', reason: 'ECONNREFUSED' });
const refused = (status: number) =>
  failure('call.refused', { target: 'openai', status }, { cause: new HttpRefusal(status, '') });
const busy = (ms: number) =>
  failure('call.refused', { target: 'openai', status: 429 }, { cause: new HttpRefusal(429, ''), retryAfterMs: ms });

/** Runs a call that fails as listed and then succeeds, and gives the moments of its attempts. */
async function momentsOf(failures: unknown[], options: Partial<RetryOptions> = {}) {
  const began = Date.now();
  const moments: number[] = [];
  const attempt = async () => {
    moments.push(Date.now() - began);
    if (moments.length <= failures.length) throw failures[moments.length - 1];
    return 'well';
  };
  const outcome = retry(attempt, { retries: 3, backoffMs: 100, maxBackoffMs: 1000, random: () => 1, ...options }).catch(
    (e) => e,
  );
  await vi.runAllTimersAsync();
  return { moments, outcome: await outcome };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('retry', () => {
  test('doubles the longest pause with each attempt', async () => {
    const { moments, outcome } = await momentsOf([down(), down(), down()]);
    expect(moments).toEqual([0, 100, 300, 700]);
    expect(outcome).toBe('well');
  });

  test('pauses anywhere between nothing and the longest pause', async () => {
    const { moments } = await momentsOf([down(), down()], { random: () => 0.25 });
    expect(moments).toEqual([0, 25, 75]);
  });

  test('never pauses longer than the maximum', async () => {
    const { moments } = await momentsOf([down(), down(), down()], { maxBackoffMs: 150 });
    expect(moments).toEqual([0, 100, 250, 400]);
  });

  test('throws the last failure when the retries are used up', async () => {
    const last = down();
    const { moments, outcome } = await momentsOf([down(), last, down()], { retries: 1 });
    expect(moments).toHaveLength(2);
    expect(outcome).toBe(last);
  });

  test('waits as long as the other side asks, and a little more', async () => {
    const { moments } = await momentsOf([busy(500)], { random: () => 0.5 });
    expect(moments).toEqual([0, 550]);
  });

  test('fails at once when the other side asks for more than may be waited', async () => {
    const { moments, outcome } = await momentsOf([busy(60_000)]);
    expect(moments).toEqual([0]);
    expect(outcome).toMatchObject({ code: 'call.refused', retryAfterMs: 60_000 });
  });

  test('ends its pause when the caller leaves', async () => {
    const caller = new AbortController();
    const waiting = momentsOf([down()], { signal: caller.signal });
    caller.abort('gone');
    const { moments, outcome } = await waiting;
    expect(moments).toEqual([0]);
    expect(outcome).toBe('gone');
  });

  test('uses real chance where none is given', async () => {
    const { random: _, ...options } = { retries: 1, backoffMs: 10, maxBackoffMs: 10, random: undefined };
    const outcome = retry(() => Promise.reject(down()), options).catch((error) => error);
    await vi.runAllTimersAsync();
    expect(await outcome).toMatchObject({ code: 'call.failed' });
  });
});

describe('what may pass', () => {
  test.each([
    ['a connection that fails', down(), true],
    ['status 500', refused(500), true],
    ['status 429', refused(429), true],
    ['status 408', refused(408), true],
    ['status 501', refused(501), false],
    ['status 404', refused(404), false],
    ['a limit that is used up', failure('rate.limited', { limit: 1, windowSeconds: 1 }), true],
    ['a key that is refused', failure('embedding.provider_unauthorised', { provider: 'x' }), false],
    ['an open circuit', failure('call.open_circuit', { target: 'x' }), false],
    ['a deadline of the caller', failure('request.late', { limitMs: 1 }), false],
    ['bad input', failure('embedding.input_refused', { provider: 'x', position: 0 }), false],
    ['an error that is no failure', new Error('bug'), false],
  ])('%s: %#', (_, error, expected) => {
    expect(isPassing(error)).toBe(expected);
  });
});

describe('a refusal', () => {
  test('is found among the causes of a failure', () => {
    const refusal = new HttpRefusal(429, '{}');
    const inner = failure('call.refused', { target: 'x', status: 429 }, { cause: refusal });
    expect(refusalOf(failure('embedding.provider_failed', { provider: 'x', reason: 'y' }, { cause: inner }))).toBe(
      refusal,
    );
    expect(refusalOf(new Error('none'))).toBeUndefined();
  });

  test('keeps the start of the body, where no printer of properties finds it', () => {
    const refusal = new HttpRefusal(400, 'x'.repeat(10_000));
    expect(refusal.body).toHaveLength(8192);
    expect(JSON.stringify(Object.entries(refusal))).not.toContain('xx');
  });
});

describe('retry-after', () => {
  const now = () => Date.parse('2026-11-21T00:00:00Z');
  test.each([
    [{ 'retry-after': '2' }, 2000],
    [{ 'retry-after': '0.25' }, 250],
    [{ 'retry-after': 'Sat, 21 Nov 2026 00:00:07 GMT' }, 7000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 00:00:00 GMT' }, 0],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '99999999999999' }, undefined],
    [{ 'retry-after-ms': '150', 'retry-after': '1' }, 150],
    [{ 'retry-after-ms': ['1', '2'] }, undefined],
    [{}, undefined],
  ])('of %j is %s ms', (headers, expected) => {
    expect(retryAfterMs(headers as Record<string, string>, now)).toBe(expected);
  });

  test('as a date counts from the present', () => {
    expect(retryAfterMs({ 'retry-after': new Date(Date.now() + 5000).toUTCString() })).toBeGreaterThan(3000);
  });
});
