// What is revoked is refused, here and on every other instance, also where the token was verified before.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import jsonwebtoken from 'jsonwebtoken';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Revocations, type RevocationsOptions, type TokenVerifier } from '#auth';
import { failure, Secret } from '#ports';
import { LocalBus, MemoryRecords, RedisBus, RedisConnection, RedisRecords, SqliteRecords } from '#records';
import { type RedisServer, startRedis } from '../../../test/support/redis.js';
import { aToken, aVerifier, Clock, hmacKey, nowSeconds, someNames } from './token-builders.js';

const closers: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const HOUR = 3_600_000;

interface Instance {
  revocations: Revocations;
  verifier: TokenVerifier;
}

async function anInstance(changed: Partial<RevocationsOptions> = {}): Promise<Instance> {
  const revocations = new Revocations({
    records: new MemoryRecords(),
    bus: new LocalBus(),
    names: someNames,
    maxPerTenant: 3,
    required: false,
    maxLifetimeMs: HOUR,
    clockToleranceMs: 5000,
    ...changed,
  });
  await revocations.open();
  closers.push(() => revocations.close());
  const verifier = aVerifier({ check: (caller) => revocations.check(caller) });
  revocations.whenChanged(() => verifier.forget((caller) => revocations.has(caller)));
  return { revocations, verifier };
}

const believed = (verifier: TokenVerifier, token: string) =>
  verifier.verify(token).then(
    () => true,
    (error: { code: string }) => error.code,
  );

describe('a revoked token', () => {
  test('is refused, and forgotten where it was remembered; others of its subject are not', async () => {
    const { revocations, verifier } = await anInstance();
    const [revoked, other] = [aToken({ jti: 'one' }), aToken({ jti: 'two' })];
    for (const token of [revoked, other]) await verifier.verify(token);
    await revocations.revoke('north', { jti: 'one' });
    expect([verifier.remembered(revoked), await believed(verifier, revoked)]).toEqual([undefined, 'auth.revoked']);
    expect(verifier.remembered(other)).toBeDefined();
    expect(await believed(verifier, aToken({ jti: undefined }))).toBe(true);
  });

  test('is refused in its tenant alone', async () => {
    const { revocations, verifier } = await anInstance();
    await revocations.revoke('north', { jti: 'one' });
    await revocations.revoke('north', { sub: 'ada' });
    expect(await believed(verifier, aToken({ jti: 'one', tenant: 'south' }))).toBe(true);
  });

  test('and a subject of the same name are two things', async () => {
    const { revocations, verifier } = await anInstance();
    await revocations.revoke('north', { jti: 'ada' });
    expect(await believed(verifier, aToken({ jti: 'other' }))).toBe(true);
  });
});

describe('a revoked subject', () => {
  test('is refused with tokens issued before, and those that do not say when; believed with new ones', async () => {
    const clock = new Clock();
    const { revocations, verifier } = await anInstance({ now: clock.now });
    const before = aToken({ iat: nowSeconds() - 60 });
    const timeless = jsonwebtoken.sign({ sub: 'ada', tenant: 'north', exp: nowSeconds() + 600 }, hmacKey, {
      noTimestamp: true,
    });
    for (const token of [before, timeless]) await verifier.verify(token);
    clock.advance(-30_000);
    await revocations.revoke('north', { sub: 'ada' });
    expect(await believed(verifier, before)).toBe('auth.revoked');
    expect(await believed(verifier, timeless)).toBe('auth.revoked');
    expect(await believed(verifier, aToken({ iat: nowSeconds() - 26 }))).toBe('auth.revoked'); // The issuer's clock may be ahead.
    expect(await believed(verifier, aToken({ iat: nowSeconds() - 10 }))).toBe(true);
    expect(await believed(verifier, aToken({ sub: 'bob', iat: nowSeconds() - 60 }))).toBe(true);
    // Once more: what came in between is hit too.
    clock.advance(30_000);
    await revocations.revoke('north', { sub: 'ada' });
    expect(await believed(verifier, aToken({ iat: nowSeconds() - 10 }))).toBe('auth.revoked');
  });
});

describe('a revocation', () => {
  test('ends with its time, or when it is lifted', async () => {
    const clock = new Clock();
    const { revocations, verifier } = await anInstance({ now: clock.now, records: new MemoryRecords(clock.now) });
    const token = aToken({ jti: 'one' });
    await revocations.revoke('north', { jti: 'one' }, clock.now() + 1000);
    expect(await believed(verifier, token)).toBe('auth.revoked');
    clock.advance(1000);
    expect(await believed(verifier, token)).toBe(true);
    expect((await revocations.list('north', { limit: 10 })).revocations).toEqual([]);

    const { id, expiresAt } = await revocations.revoke('north', { jti: 'one' });
    expect(expiresAt).toBe(clock.now() + HOUR + 5000);
    expect(await believed(verifier, token)).toBe('auth.revoked');
    await revocations.lift('north', id);
    expect(await believed(verifier, token)).toBe(true);
    await expect(revocations.lift('north', id)).rejects.toMatchObject({ code: 'auth.revocation_absent' });
    await expect(revocations.lift('south', id)).rejects.toMatchObject({ code: 'auth.revocation_absent' });
  });

  test('is listed in its tenant, page by page, without telling what was revoked', async () => {
    const records = new MemoryRecords();
    const { revocations } = await anInstance({ records });
    for (const sub of ['ada', 'bob']) await revocations.revoke('north', { sub });
    const first = await revocations.list('north', { limit: 1 });
    const rest = await revocations.list('north', { limit: 10, cursor: first.cursor });
    expect([...first.revocations, ...rest.revocations]).toHaveLength(2);
    expect(first.revocations[0]).toMatchObject({ by: 'sub', id: expect.stringMatching(/^[\w-]{43}$/) });
    expect(rest.cursor).toBeUndefined();
    expect((await revocations.list('nort', { limit: 10 })).revocations).toEqual([]);
    expect(JSON.stringify(await records.list('', { limit: 100 }))).not.toMatch(/ada|bob/);
  });

  test('of the same again takes no more room; beyond so many there is none', async () => {
    const { revocations } = await anInstance();
    for (const jti of ['a', 'a', 'a', 'b', 'c']) await revocations.revoke('north', { jti });
    await expect(revocations.revoke('north', { jti: 'd' })).rejects.toMatchObject({
      code: 'auth.revocation_limit',
      facts: { limit: 3 },
    });
    await revocations.revoke('south', { jti: 'd' });
    const [{ id } = { id: '' }] = (await revocations.list('north', { limit: 1 })).revocations;
    await revocations.lift('north', id);
    await revocations.revoke('north', { jti: 'd' });
  });

  test('that another hand has spoilt is passed over', async () => {
    const records = new MemoryRecords();
    await records.put('revoked/north/spoilt', '{"by":"magic"}');
    const { revocations, verifier } = await anInstance({ records });
    expect((await revocations.list('north', { limit: 10 })).revocations).toEqual([]);
    expect(await believed(verifier, aToken())).toBe(true);
  });

  test('is found among very many', async () => {
    const records = new MemoryRecords();
    const one = await anInstance({ records, maxPerTenant: 3000 });
    const kept = { by: 'jti', revokedAt: Date.now(), expiresAt: Date.now() + HOUR };
    for (let at = 0; at < 2500; at++) await records.put(`revoked/north/${at}`, JSON.stringify(kept));
    await one.revocations.revoke('north', { jti: 'one' });
    expect(await believed(one.verifier, aToken({ jti: 'one' }))).toBe('auth.revoked');
  });
});

describe('records that do not answer', () => {
  class Silent extends MemoryRecords {
    silent = true;
    override async tallies(keys: readonly string[]) {
      if (this.silent) throw failure('records.unavailable', { backend: 'redis' });
      return super.tallies(keys);
    }
  }

  test('keep no token from being believed, unless the list is required', async () => {
    const records = new Silent();
    const lax = await anInstance({ records });
    const strict = await anInstance({ records, required: true });
    expect(await believed(lax.verifier, aToken())).toBe(true);
    expect(await believed(strict.verifier, aToken())).toBe('auth.revocations_unavailable');
    records.silent = false;
    await vi.waitFor(async () => expect(await believed(strict.verifier, aToken())).toBe(true), 5000);
    // Known once, the list stands while they are silent again.
    await strict.revocations.revoke('north', { jti: 'one' });
    records.silent = true;
    expect(await believed(strict.verifier, aToken({ jti: 'one' }))).toBe('auth.revoked');
    expect(await believed(strict.verifier, aToken({ jti: 'two' }))).toBe(true);
  });
});

describe.each(['SQLite', 'Redis'])('two instances over %s', (store) => {
  let redis: RedisServer | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'resk-revocations-'));
  beforeAll(async () => {
    if (store === 'Redis') redis = await startRedis();
  });
  afterAll(async () => {
    await redis?.stop();
    rmSync(folder, { recursive: true });
  });

  /** Each with a connection of its own; over SQLite there is no bus between them. */
  async function parts(): Promise<Partial<RevocationsOptions>> {
    if (!redis) {
      const records = await SqliteRecords.open({ file: join(folder, 'records.sqlite') });
      closers.push(() => records.close());
      return { records, bus: new LocalBus() };
    }
    const connection = RedisConnection.open(new Secret(redis.url), { timeoutMs: 1000 });
    await connection.opened();
    closers.push(() => connection.close());
    return { records: new RedisRecords(connection, 'test'), bus: new RedisBus(connection, 'test') };
  }

  test('both refuse what one of them was told, remembered or not', async () => {
    const [one, two] = [await anInstance(await parts()), await anInstance(await parts())];
    const [remembered, fresh] = [aToken({ jti: `${store} 1` }), aToken({ jti: `${store} 1`, iat: nowSeconds() - 1 })];
    await two.verifier.verify(remembered);
    await one.revocations.revoke('north', { jti: `${store} 1` });
    await vi.waitFor(() => expect(two.verifier.remembered(remembered)).toBeUndefined(), {
      timeout: 5000,
      interval: 20,
    });
    expect(await believed(two.verifier, fresh)).toBe('auth.revoked');
    expect(await believed(one.verifier, remembered)).toBe('auth.revoked');
    // One that starts later knows it from the beginning.
    const three = await anInstance(await parts());
    expect(await believed(three.verifier, fresh)).toBe('auth.revoked');
    const [{ id } = { id: '' }] = (await three.revocations.list('north', { limit: 1 })).revocations;
    await three.revocations.lift('north', id);
    await vi.waitFor(async () => expect(await believed(two.verifier, fresh)).toBe(true), {
      timeout: 5000,
      interval: 20,
    });
  });
});
