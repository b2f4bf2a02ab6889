// Who is refused too often must wait, each time twice as long; nobody can make another wait but who shares its address.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Caller, Callers, Lockout, type LockoutConfig, lockoutSection } from '#auth';
import { readConfig } from '#config';
import { failure, isFailure, listen, Secret } from '#ports';
import { LocalBus, MemoryRecords, Records, RedisBus, RedisConnection, RedisRecords, SqliteRecords } from '#records';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { aToken, aVerifier, Clock, someNames } from './token-builders.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const CONFIG: LockoutConfig = {
  failures: 3,
  windowMs: 5 * MINUTE,
  baseMs: 30 * SECOND,
  maxMs: 4 * MINUTE,
  maxTracked: 100,
};

let clock: Clock;
let announced: Array<{ who: string; durationMs: number }>;
const closers: Array<() => unknown> = [];
beforeEach(() => {
  clock = new Clock();
  announced = [];
  closers.push(listen('auth.locked_out', (one) => announced.push(one)));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function aLockout(changed: Partial<LockoutConfig> = {}, parts: { records?: Records; bus?: LocalBus } = {}) {
  const records = parts.records ?? new MemoryRecords(clock.now);
  const config = { ...CONFIG, ...changed };
  const bus = parts.bus ?? new LocalBus();
  const lockout = new Lockout({ records, bus, names: someNames, config, now: clock.now });
  await lockout.open();
  closers.push(() => lockout.close());
  return lockout;
}

/** How long somebody must wait; 0 where not locked out. */
function wait(check: () => void): number {
  try {
    check();
    return 0;
  } catch (error) {
    if (isFailure(error, 'auth.locked_out')) return error.retryAfterMs!;
    throw error;
  }
}

const fail = (lockout: Lockout, address: string, times = CONFIG.failures) => {
  for (let at = 0; at < times; at++) lockout.addressFailed(address);
};
const waitOf = (lockout: Lockout, address: string) => wait(() => lockout.checkAddress(address));
/** Until what was counted is told to the records. */
const told = () => vi.waitFor(() => expect(announced.length).toBeGreaterThan(0), 5000);

const aCaller = async (sub = 'ada', tenant = 'north'): Promise<Caller> => aVerifier().verify(aToken({ sub, tenant }));

describe('an address', () => {
  test('whose tokens are refused too often must wait, and others need not', async () => {
    const lockout = await aLockout();
    fail(lockout, '192.0.2.1', 2);
    expect([lockout.active, waitOf(lockout, '192.0.2.1')]).toEqual([false, 0]);
    fail(lockout, '192.0.2.1', 1);
    expect([lockout.active, waitOf(lockout, '192.0.2.1')]).toEqual([true, 30 * SECOND]);
    expect(waitOf(lockout, '192.0.2.2')).toBe(0);
    clock.advance(30 * SECOND);
    expect([waitOf(lockout, '192.0.2.1'), lockout.active]).toEqual([0, false]);
  });

  test('waits twice as long each time, up to the longest; out of trouble for so long, it begins anew', async () => {
    const lockout = await aLockout();
    const waits: number[] = [];
    for (let time = 1; time <= 5; time++) {
      fail(lockout, '192.0.2.1');
      await vi.waitFor(() => expect(announced).toHaveLength(time), 5000);
      waits.push(waitOf(lockout, '192.0.2.1') / SECOND);
      clock.advance(waits.at(-1)! * SECOND);
    }
    expect(waits).toEqual([30, 60, 120, 240, 240]);
    expect(announced.map(({ who, durationMs }) => `${who} ${durationMs / SECOND}`)).toEqual([
      'address 30',
      'address 60',
      'address 120',
      'address 240',
      'address 240',
    ]);
    clock.advance(4 * MINUTE + 1);
    fail(lockout, '192.0.2.1');
    await vi.waitFor(() => expect(announced).toHaveLength(6), 5000);
    expect(waitOf(lockout, '192.0.2.1')).toBe(30 * SECOND);
  });

  test('is forgiven what lies longer back than the window', async () => {
    const lockout = await aLockout();
    fail(lockout, '192.0.2.1', 2);
    clock.advance(5 * MINUTE + 1);
    fail(lockout, '192.0.2.1', 2);
    expect(lockout.active).toBe(false);
  });

  test('is never locked out where lock-outs are off', async () => {
    const lockout = await aLockout({ failures: 0 });
    fail(lockout, '192.0.2.1', 1000);
    lockout.callerFailed(await aCaller());
    expect(lockout.active).toBe(false);
  });

  test('among very many finds room: counters and locks are bounded', async () => {
    const lockout = await aLockout({ failures: 1 });
    for (let at = 0; at < 1000; at++) fail(lockout, `192.0.2.${at}`, 1);
    await told();
    const locked = Array.from({ length: 1000 }, (_, at) => waitOf(lockout, `192.0.2.${at}`)).filter((one) => one > 0);
    expect(locked.length).toBeLessThanOrEqual(100);
    expect(waitOf(lockout, '192.0.2.999')).toBeGreaterThan(0);
  });

  test('stands in no record by name', async () => {
    const records = new MemoryRecords(clock.now);
    const lockout = await aLockout({}, { records });
    fail(lockout, '192.0.2.1');
    await lockout.close();
    const kept = await records.list('lock/', { limit: 10 });
    expect(kept.records).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toContain('192.0.2');
  });
});

describe('a subject', () => {
  test('that asks too often for what it may not must wait, with all its tokens, in its tenant alone', async () => {
    const lockout = await aLockout();
    const [ada, again, other, elsewhere] = [
      await aCaller(),
      await aCaller(),
      await aCaller('bob'),
      await aCaller('ada', 'south'),
    ];
    for (let at = 0; at < 3; at++) lockout.callerFailed(at === 1 ? again! : ada!);
    const waits = [ada, again, other, elsewhere].map((caller) => wait(() => lockout.checkCaller(caller!)));
    expect(waits).toEqual([30 * SECOND, 30 * SECOND, 0, 0]);
    await told();
    expect(announced).toEqual([{ who: 'subject', durationMs: 30 * SECOND }]);
  });
});

describe('callers at a door', () => {
  const address = '192.0.2.1';
  const shown = (authorization?: string) => ({ authorization, certificate: undefined, address });
  async function aDoor() {
    const verifier = aVerifier();
    const lockout = await aLockout();
    const callers = new Callers(verifier, undefined, lockout);
    const come = (token: string) =>
      callers
        .identify(shown(`Bearer ${token}`), () => verifier.verify(token))
        .then(
          ({ subject }) => subject,
          (error: { code: string }) => error.code,
        );
    return { verifier, lockout, callers, come };
  }

  test('forged tokens lock out the address they come from, never the subject that they name', async () => {
    const { callers, come, lockout } = await aDoor();
    const known = aToken();
    expect(await come(known)).toBe('ada');
    const forged = aToken({}, { key: 'another secret that is long enough as well' });
    const ends = [];
    for (let at = 0; at < 5; at++) ends.push(await come(forged));
    expect(ends).toEqual(['auth.signature', 'auth.signature', 'auth.signature', 'auth.locked_out', 'auth.locked_out']);
    // Not even a good token is looked at from there; but who was known before stays known.
    expect(await come(aToken({ sub: 'bob' }))).toBe('auth.locked_out');
    expect(callers.ofToken(known)?.subject).toBe('ada');
    expect(callers.known(`Bearer ${known}`, undefined)?.subject).toBe('ada');
    expect(lockout.active).toBe(true);
  });

  test('nothing shown, or what was good once, locks nobody out', async () => {
    const { callers, come, lockout } = await aDoor();
    const old = aToken({ iat: 1000, exp: 2000 });
    for (let at = 0; at < 5; at++) {
      expect(await come(old)).toBe('auth.expired');
      const nothing = callers.identify(shown(), async () => {
        throw failure('auth.missing', {});
      });
      await expect(nothing).rejects.toMatchObject({ code: 'auth.missing' });
    }
    expect(lockout.active).toBe(false);
  });

  test('faults of ours are nobody’s guess', async () => {
    const { callers, lockout } = await aDoor();
    for (let at = 0; at < 5; at++) {
      await expect(
        callers.identify(shown('x'), async () => {
          throw new Error('a fault');
        }),
      ).rejects.toThrow('a fault');
    }
    expect(lockout.active).toBe(false);
  });

  test('a subject that is locked out is refused with tokens known and new', async () => {
    const { callers, come } = await aDoor();
    const known = aToken();
    await come(known);
    for (let at = 0; at < 3; at++) callers.denied(callers.ofToken(known)!);
    expect(() => callers.known(`Bearer ${known}`, undefined)).toThrow(
      expect.objectContaining({ code: 'auth.locked_out', facts: { who: 'subject' } }),
    );
    expect(await come(aToken({ jti: 'new' }))).toBe('auth.locked_out');
    expect(await come(aToken({ sub: 'bob' }))).toBe('bob');
    clock.advance(30 * SECOND);
    expect(callers.known(`Bearer ${known}`, undefined)?.subject).toBe('ada');
  });
});

describe('without its parts', () => {
  test('callers are known by their tokens alone', async () => {
    const verifier = aVerifier();
    const callers = new Callers(verifier);
    const token = aToken();
    const shown = { authorization: `Bearer ${token}`, certificate: undefined, address: '192.0.2.1' };
    expect((await callers.identify(shown, () => verifier.verify(token))).subject).toBe('ada');
    callers.denied(callers.ofToken(token)!);
    expect(callers.known(undefined, undefined)).toBeUndefined();
    expect(callers.known('Basic YTpi', undefined)).toBeUndefined();
  });
});

describe('records that do not answer', () => {
  class Silent extends MemoryRecords {
    silent = true;
    override async get(key: string) {
      this.speak();
      return super.get(key);
    }
    override async add(...args: Parameters<Records['add']>) {
      this.speak();
      return super.add(...args);
    }
    override async tallies(keys: readonly string[]) {
      this.speak();
      return super.tallies(keys);
    }
    override async delete(keys: readonly string[]) {
      this.speak();
      return super.delete(keys);
    }
    private speak() {
      if (this.silent) throw failure('records.unavailable', { backend: 'redis' });
    }
  }

  test('keep nobody from being locked out here, and longer the next time', async () => {
    const lockout = await aLockout({}, { records: new Silent(clock.now) });
    fail(lockout, '192.0.2.1');
    await told();
    expect(waitOf(lockout, '192.0.2.1')).toBe(30 * SECOND);
    clock.advance(30 * SECOND);
    fail(lockout, '192.0.2.1');
    await vi.waitFor(() => expect(announced).toHaveLength(2), 5000);
    expect(waitOf(lockout, '192.0.2.1')).toBe(60 * SECOND);
  });
});

describe.each(['SQLite', 'Redis'])('instances over %s', (store) => {
  let redis: RedisServer | undefined;
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'resk-lockout-'));
    if (store === 'Redis') redis = await startRedis();
    closers.unshift(
      () => redis?.stop(),
      () => rmSync(folder, { recursive: true }),
    );
  });

  async function anInstance(): Promise<Lockout> {
    if (!redis) {
      const records = await SqliteRecords.open({ file: join(folder, 'records.sqlite'), now: clock.now });
      closers.push(() => records.close());
      return aLockout({}, { records });
    }
    const connection = RedisConnection.open(new Secret(redis.url), { timeoutMs: 1000 });
    await connection.opened();
    closers.push(() => connection.close());
    const bus = new RedisBus(connection, 'test') as never;
    return aLockout({}, { records: new RedisRecords(connection, 'test'), bus });
  }

  test('lock out together who is locked out by one, and who fails a little at each', async () => {
    const [one, two] = [await anInstance(), await anInstance()];
    fail(one, '192.0.2.1');
    await vi.waitFor(() => expect(waitOf(two, '192.0.2.1')).toBe(30 * SECOND), { timeout: 5000, interval: 20 });
    fail(one, '192.0.2.2', 2);
    fail(two, '192.0.2.2', 2);
    await vi.waitFor(
      () => expect([waitOf(one, '192.0.2.2'), waitOf(two, '192.0.2.2')]).toEqual([30 * SECOND, 30 * SECOND]),
      { timeout: 5000, interval: 20 },
    );
    // One that starts later knows it too, and how often it was: over SQLite, whose clock the test moves.
    const three = await anInstance();
    expect(waitOf(three, '192.0.2.1')).toBe(30 * SECOND);
    if (redis) return;
    clock.advance(30 * SECOND);
    fail(three, '192.0.2.1');
    await vi.waitFor(() => expect(waitOf(one, '192.0.2.1')).toBe(60 * SECOND), { timeout: 5000, interval: 20 });
  });
});

describe('the configuration', () => {
  const complaints = (variables: Record<string, string>) => {
    const lookUp = (name: string) =>
      variables[name] === undefined ? undefined : { text: variables[name], source: 'environment' as const };
    try {
      readConfig([lockoutSection], { lookUp });
      return [];
    } catch (error) {
      return (error as { problems: Array<{ path: string }> }).problems.map(({ path }) => path);
    }
  };

  test('is refused where the longest lock-out is shorter than the first', () => {
    expect(complaints({})).toEqual([]);
    expect(complaints({ LOCKOUT_BASE: '10m', LOCKOUT_MAX: '5m' })).toEqual(['LOCKOUT_MAX']);
  });
});
