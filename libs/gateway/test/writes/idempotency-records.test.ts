// The same request under the same key has one effect and one reply; other requests, callers and tenants have their own.
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KeyNames, PlainSealer, type SealContext, Sealer } from '#crypto';
import { MemoryRecords } from '#records';
import { type Attempt, type Claim, IdempotencyRecords } from '../../src/writes/idempotency-records.js';

const names = new KeyNames(new Uint8Array(32).fill(7));
const HOUR = 3_600_000;

function aKeeper(o: { maxKeys?: number; sealer?: Sealer } = {}) {
  let now = Date.parse('2026-11-21T12:00:00Z');
  const clock = { now: () => now, advance: (ms: number) => (now += ms) };
  const records = new MemoryRecords(clock.now);
  const kept = new IdempotencyRecords({
    records,
    sealer: o.sealer ?? new PlainSealer(),
    names,
    ttlMs: 24 * HOUR,
    leaseMs: 40_000,
    maxKeys: o.maxKeys ?? 1000,
    now: clock.now,
  });
  return { records, kept, clock };
}

const anAttempt = (more: Partial<Attempt> = {}): Attempt => ({
  tenant: 'north',
  subject: 'ann',
  key: 'k1',
  method: 'POST',
  path: '/api/cache',
  body: { query: 'tea?', response: 'green', subject: 'carl' },
  ...more,
});
const reply = { status: 200, body: '{"success":true}' };

async function first(kept: IdempotencyRecords, attempt = anAttempt()): Promise<Claim> {
  const begun = await kept.begin(attempt);
  if (!('claim' in begun)) throw new Error('it was not the first');
  return begun.claim;
}
const done = async (kept: IdempotencyRecords, attempt = anAttempt()) => (await first(kept, attempt)).keep(reply);
const ending = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: { code: string }) => error.code,
  );

describe('the same request under the same key', () => {
  it('gets the first reply again', async () => {
    const { kept } = aKeeper();
    await done(kept);
    expect(await kept.begin(anAttempt())).toEqual({ reply });
    expect(await kept.begin(anAttempt())).toEqual({ reply });
  });

  it('is the same however its JSON is laid out', async () => {
    const { kept } = aKeeper();
    await done(kept);
    const otherwise = anAttempt({ body: { subject: 'carl', response: 'green', query: 'tea?' } });
    expect(await kept.begin(otherwise)).toEqual({ reply });
  });

  it('waits while the first is under way, and goes first once that has failed', async () => {
    const { kept } = aKeeper();
    const claim = await first(kept);
    await expect(kept.begin(anAttempt())).rejects.toMatchObject({ code: 'idempotency.in_flight', retryAfterMs: 1000 });
    await claim.release();
    await done(kept);
    expect(await kept.begin(anAttempt())).toEqual({ reply });
  });

  it('goes first for one of many that arrive together', async () => {
    const { kept } = aKeeper();
    const begun = await Promise.all(Array.from({ length: 50 }, () => ending(kept.begin(anAttempt()))));
    expect(begun.filter((code) => code === undefined)).toHaveLength(1);
    expect(new Set(begun)).toEqual(new Set([undefined, 'idempotency.in_flight']));
  });

  it('goes first again once the first has died; a first that is only slow keeps nothing any more', async () => {
    const { kept, clock } = aKeeper();
    const slow = await first(kept);
    clock.advance(40_001);
    const second = await first(kept);
    await slow.keep({ status: 200, body: '"slow"' });
    await slow.release();
    expect(await ending(kept.begin(anAttempt()))).toBe('idempotency.in_flight');
    await second.keep(reply);
    expect(await kept.begin(anAttempt())).toEqual({ reply });
  });

  it('goes first again after its time', async () => {
    const { kept, clock } = aKeeper();
    await done(kept);
    clock.advance(24 * HOUR + 1);
    await first(kept);
  });

  it('goes first again where its reply was too long to be kept', async () => {
    const { kept } = aKeeper();
    await (await first(kept)).keep({ status: 200, body: 'x'.repeat(1024 ** 2 + 1) });
    await first(kept);
  });
});

describe('another request under the same key', () => {
  it.each([
    ['another body', { body: { query: 'tea?', response: 'black', subject: 'carl' } }],
    ['no body', { body: undefined }],
    ['another path', { path: '/api/cache/warmup' }],
    ['another query', { path: '/api/cache?x=1' }],
    ['another method', { method: 'PUT' }],
  ])('is refused for %s, also while the first is under way', async (_, other) => {
    const { kept } = aKeeper();
    const claim = await first(kept);
    expect(await ending(kept.begin(anAttempt(other)))).toBe('idempotency.conflict');
    await claim.keep(reply);
    expect(await ending(kept.begin(anAttempt(other)))).toBe('idempotency.conflict');
  });

  it.each([
    ['tenant', { tenant: 'south' }],
    ['caller', { subject: 'bob' }],
    ['caller whose name and key spell the same', { subject: 'an', key: 'nk1' }],
  ])('of another %s has nothing to do with it', async (_, other) => {
    const { kept } = aKeeper();
    await done(kept);
    await first(kept, anAttempt(other));
  });
});

describe('what is kept', () => {
  it('names nobody, and shows nothing of request and reply', async () => {
    const key = randomBytes(32);
    const { kept, records } = aKeeper({ sealer: new MaskingSealer(key) });
    // Long words: short ones stand in random base64 now and then.
    const attempt = anAttempt({
      tenant: 'north-of-nowhere',
      subject: 'ann-the-first',
      key: 'a-key-of-hers',
      body: { query: 'which tea is it?', response: 'the green one', subject: 'carl-the-second' },
    });
    await (await first(kept, attempt)).keep({ status: 200, body: '{"secret":"of the reply"}' });
    const text = JSON.stringify(await records.list('', { limit: 100 }));
    expect(text).not.toMatch(/nowhere|the-first|of-hers|which tea|green one|the-second|of the reply|api.cache/);
    expect(await kept.begin(attempt)).toEqual({ reply: { status: 200, body: '{"secret":"of the reply"}' } });
  });

  it('goes first again where it cannot be opened any more', async () => {
    const { kept, records } = aKeeper();
    await done(kept);
    const [one] = (await records.list('idem/', { limit: 1 })).records;
    const spoilt = { ...JSON.parse(one!.value), sealed: Buffer.from('??').toString('base64') };
    await records.put(one!.key, JSON.stringify(spoilt));
    expect(await kept.about('north', 'carl', { limit: 10 })).toMatchObject({ records: [{ state: 'unreadable' }] });
    await done(kept);
    expect(await kept.begin(anAttempt())).toEqual({ reply });
    await records.put(one!.key, 'no record at all');
    await first(kept);
  });

  it('goes first for one only where it cannot be opened', async () => {
    const { kept, records } = aKeeper();
    await done(kept);
    const [one] = (await records.list('idem/', { limit: 1 })).records;
    await records.put(one!.key, '{}');
    const begun = await Promise.all([1, 2, 3].map(() => ending(kept.begin(anAttempt()))));
    expect(begun.filter((code) => code === undefined)).toHaveLength(1);
  });

  it('says so where the records or the keys do not answer, instead of acting twice', async () => {
    const down = Object.assign(new PlainSealer(), { open: () => Promise.reject(new Error('no key service')) });
    const { kept } = aKeeper({ sealer: down });
    await done(kept);
    await expect(kept.begin(anAttempt())).rejects.toThrow('no key service');
  });

  it('is bounded by tenant, and room is made by what ends', async () => {
    const { kept, clock } = aKeeper({ maxKeys: 2 });
    await done(kept, anAttempt({ key: 'k1' }));
    const claim = await first(kept, anAttempt({ key: 'k2' }));
    const third = anAttempt({ key: 'k3' });
    await expect(kept.begin(third)).rejects.toMatchObject({ code: 'idempotency.full', facts: { limit: 2 } });
    await done(kept, anAttempt({ tenant: 'south' }));
    await claim.release();
    await done(kept, third);
    clock.advance(24 * HOUR + 1);
    await done(kept, anAttempt({ key: 'k4' }));
  });
});

describe('a subject', () => {
  const documents = { documents: [{ id: '1', subject: 'dora' }, { id: '2' }, 'no document'], subject: 7 };

  it('is told of replies to their own writes, and to writes about them', async () => {
    const { kept } = aKeeper();
    await done(kept);
    await done(kept, anAttempt({ key: 'k2', path: '/api/vectors/upsert', body: documents }));
    await first(kept, anAttempt({ key: 'k3', subject: 'bob', body: 'text' }));
    const paths = async (subject: string) =>
      (await kept.about('north', subject, { limit: 10 })).records.map(({ path, state }) => path ?? state).sort();
    expect(await paths('ann')).toEqual(['/api/cache', '/api/vectors/upsert']);
    expect(await paths('carl')).toEqual(['/api/cache']);
    expect(await paths('dora')).toEqual(['/api/vectors/upsert']);
    expect(await paths('bob')).toEqual(['under way']);
    expect(await paths('eve')).toEqual([]);
    expect((await kept.about('south', 'ann', { limit: 10 })).records).toEqual([]);
    expect((await kept.about('north', 'carl', { limit: 10 })).records).toEqual([
      {
        kind: 'idempotent-reply',
        at: '2026-11-21T12:00:00.000Z',
        state: 'kept',
        method: 'POST',
        path: '/api/cache',
        status: 200,
        reply: { success: true },
      },
    ]);
  });

  it('is told page by page', async () => {
    const { kept } = aKeeper();
    for (let n = 0; n < 7; n++) await done(kept, anAttempt({ key: `k${n}`, subject: n % 2 ? 'ann' : 'bob', body: 1 }));
    const found: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await kept.about('north', 'ann', { cursor, limit: 2 });
      found.push(...page.records);
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(found).toHaveLength(3);
  });

  it('is erased, also from what is under way', async () => {
    const { kept, records } = aKeeper({ maxKeys: 3 });
    await done(kept);
    await done(kept, anAttempt({ key: 'k2', body: { subject: 'dora' } }));
    const late = await first(kept, anAttempt({ key: 'k3' }));
    expect(await kept.erase('south', 'carl')).toBe(0);
    expect(await kept.erase('north', 'carl')).toBe(2);
    await late.keep(reply);
    await late.release();
    expect((await records.list('idem/', { limit: 10 })).records).toHaveLength(1);
    expect(await kept.erase('north', 'carl')).toBe(0);
    await done(kept, anAttempt({ key: 'k4' }));
    await done(kept, anAttempt({ key: 'k5' }));
  });

  it('is erased from more records than one page has', async () => {
    const { kept } = aKeeper({ maxKeys: 2000 });
    for (let n = 0; n < 1100; n++) await done(kept, anAttempt({ key: `k${n}` }));
    expect(await kept.erase('north', 'ann')).toBe(1100);
    expect((await kept.about('north', 'ann', { limit: 2000 })).records).toEqual([]);
  });
});

/** Hides bytes by a mask, as a keyring does by a cipher. */
class MaskingSealer extends Sealer {
  readonly sealing = true;
  constructor(private readonly mask: Uint8Array) {
    super();
  }
  async seal(plain: Uint8Array, _: SealContext): Promise<Uint8Array> {
    return plain.map((byte, at) => byte ^ this.mask[at % this.mask.length]!);
  }
  open(sealed: Uint8Array, at: SealContext): Promise<Uint8Array> {
    return this.seal(sealed, at);
  }
  async isCurrent(): Promise<boolean> {
    return true;
  }
  async close(): Promise<void> {}
}
