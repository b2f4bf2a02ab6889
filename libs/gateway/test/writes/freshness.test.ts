// A copy of a request is refused, at once by its nonce and later by its time; callers do not get in each other's way.
import { describe, expect, it } from 'vitest';
import { KeyNames } from '#crypto';
import { MemoryRecords } from '#records';
import { Freshness } from '../../src/writes/freshness.js';

const START = Date.parse('2026-11-21T12:00:00Z');
const WINDOW_MS = 300_000;
const ann = { tenant: 'north', subject: 'ann' };
const NONCE = 'a-nonce-of-16-characters';

function aDoor() {
  let now = START;
  const records = new MemoryRecords(() => now);
  const freshness = new Freshness({
    records,
    names: new KeyNames(new Uint8Array(32).fill(7)),
    windowMs: WINDOW_MS,
    now: () => now,
  });
  const prove = (headers: Record<string, string | string[]>, caller = ann) =>
    freshness.prove(headers as never, caller).then(
      () => 'fresh',
      (error: { code: string }) => error.code,
    );
  return {
    records,
    prove,
    sent: (nonce: string, caller = ann, at: number | string = now / 1000) =>
      prove({ 'x-request-timestamp': String(at), 'x-request-nonce': nonce }, caller),
    advance: (ms: number) => (now += ms),
  };
}

describe('a write', () => {
  it('passes once', async () => {
    const door = aDoor();
    expect(await door.sent(NONCE)).toBe('fresh');
    expect(await door.sent(NONCE)).toBe('replay.repeated');
    expect(await door.sent(`${NONCE}2`)).toBe('fresh');
  });

  it('passes once, when its copies arrive together', async () => {
    const door = aDoor();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => door.sent(NONCE)));
    expect(outcomes.filter((one) => one === 'fresh')).toHaveLength(1);
  });

  it('has its nonce remembered for as long as its time would pass, and no longer', async () => {
    const door = aDoor();
    const at = (START + WINDOW_MS) / 1000;
    expect(await door.sent(NONCE, ann, at)).toBe('fresh');
    door.advance(2 * WINDOW_MS);
    expect(await door.sent(NONCE, ann, at)).toBe('replay.repeated');
    door.advance(1);
    expect(await door.sent(NONCE, ann, at)).toBe('replay.stale');
    door.advance(2000);
    expect((await door.records.list('nonce/', { limit: 10 })).records).toEqual([]);
  });

  it('does not stand in the way of other callers, and names nobody in the records', async () => {
    const door = aDoor();
    await door.sent(NONCE);
    expect(await door.sent(NONCE, { tenant: 'north', subject: 'bob' })).toBe('fresh');
    expect(await door.sent(NONCE, { tenant: 'south', subject: 'ann' })).toBe('fresh');
    const { records } = await door.records.list('nonce/', { limit: 10 });
    expect(records).toHaveLength(3);
    expect(JSON.stringify(records)).not.toMatch(/ann|bob|north|south|a-nonce/);
  });
});

describe('the time of a write', () => {
  it.each([
    '2026-11-21T12:00:00Z',
    '2026-11-21T12:04:59.999Z',
    '2026-11-21T11:55:00Z',
    '2026-11-21T14:00+02:00',
    '1795262400',
    '1795262400.25',
  ])('may be %s', async (at) => expect(await aDoor().sent(NONCE, ann, at)).toBe('fresh'));

  it.each(['2026-11-21T12:05:00.001Z', '2026-11-21T11:54:59Z', '1795262700.5', '0', '99999999999'])(
    'is not now when it is %s',
    async (at) => expect(await aDoor().sent(NONCE, ann, at)).toBe('replay.stale'),
  );

  it.each(['', 'now', '2026-11-21', '2026-11-21T12:00:00', '2026-13-41T12:00:00Z', '-5', '1e9', '1795262400000000'])(
    'is not told by %j',
    async (at) => expect(await aDoor().sent(NONCE, ann, at)).toBe('replay.missing'),
  );
});

describe('headers', () => {
  it.each([
    [{}],
    [{ 'x-request-nonce': NONCE }],
    [{ 'x-request-timestamp': '1795262400' }],
    [{ 'x-request-timestamp': '1795262400', 'x-request-nonce': 'short' }],
    [{ 'x-request-timestamp': '1795262400', 'x-request-nonce': 'x'.repeat(129) }],
    [{ 'x-request-timestamp': '1795262400', 'x-request-nonce': 'sixteen, and a comma' }],
    [{ 'x-request-timestamp': ['1795262400', '1'], 'x-request-nonce': NONCE }],
    [{ 'x-request-timestamp': '1795262400', 'x-request-nonce': [NONCE] }],
  ])('that prove nothing are refused: %j', async (headers) => {
    expect(await aDoor().prove(headers as never)).toBe('replay.missing');
  });
});
