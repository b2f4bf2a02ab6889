// Data keys are made once, held briefly, wiped when dropped, counted, and gone for ever when destroyed.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Keyring, type KeyringOptions, unreadableReason } from '#crypto';
import { LocalBus, MemoryRecords, type Records } from '#records';
import { CountingKeys } from './counting-keys.js';
import { aKeyring, aPlace, text } from './crypto-builders.js';

const PLAIN = Buffer.from('{"answer":"nine to five"}');
const rings: Keyring[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const ring of rings.splice(0)) await ring.close();
});

function aRing(options: KeyringOptions & { records?: Records } = {}) {
  const { records = new MemoryRecords(), ...rest } = options;
  const service = new CountingKeys();
  const ring = new Keyring(service, records, rest);
  rings.push(ring);
  return { ring, service, records };
}

const reasonOf = (opening: Promise<unknown>) => opening.then(() => 'it opened', unreadableReason);
const keyIdOf = (sealed: Uint8Array) => Buffer.from(sealed.subarray(4, 16)).toString('latin1');
const sealMany = (ring: Keyring, count: number, tenant = 'north') =>
  Promise.all(Array.from({ length: count }, (_, at) => ring.seal(PLAIN, aPlace({ tenant, name: `entry-${at}` }))));

describe('the data key of a tenant', () => {
  test('is one, though many instances seal for it first at the same time', async () => {
    const records = new MemoryRecords();
    const many = Array.from({ length: 5 }, () => aRing({ records }).ring);
    const sealed = (await Promise.all(many.map((ring) => sealMany(ring, 3)))).flat();
    expect(new Set(sealed.map(keyIdOf)).size).toBe(1);
    for (const ring of many) for (const at of [0, 1, 2]) await ring.open(sealed[at]!, aPlace({ name: `entry-${at}` }));
  });

  test('is wrapped and unwrapped once, however many wait for it', async () => {
    const { ring, service } = aRing();
    await sealMany(ring, 50);
    await sealMany(ring, 50);
    expect([service.wrapped, service.given.length]).toEqual([1, 1]);
  });

  test('is another for each tenant, whatever the tenant is called', async () => {
    const { ring, records } = aRing();
    const tenants = ['north', 'North', '', 'a/b', '~YS9i', 'ö'.repeat(300), 'ö'.repeat(301), '~service'];
    const sealed = await Promise.all(tenants.map((tenant) => ring.seal(PLAIN, aPlace({ tenant }))));
    expect(new Set(sealed.map(keyIdOf)).size).toBe(tenants.length);
    const { records: kept } = await records.list('keys/tenant/', { limit: 100 });
    expect(kept).toHaveLength(tenants.length);
    for (const { key } of kept) expect(key).toMatch(/^[A-Za-z0-9:._~/@-]{1,400}$/);
  });

  test('lies wrapped in the records, and nowhere else', async () => {
    const { ring, service, records } = aRing();
    await ring.seal(PLAIN, aPlace());
    const kept = JSON.stringify(await records.list('', { limit: 100 }));
    for (const form of ['hex', 'base64', 'base64url'] as const)
      expect(kept).not.toContain(Buffer.from(service.given[0]!).toString(form).slice(0, 16));
  });

  test('that cannot be had is no reason to call an entry unreadable', async () => {
    const { ring, records } = aRing();
    const sealed = await ring.seal(PLAIN, aPlace());
    const other = aRing({ records });
    other.service.broken = true;
    const error = await other.ring.open(sealed, aPlace()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'crypto.key_service_unavailable' });
    expect(unreadableReason(error)).toBeUndefined();
    other.service.broken = false;
    expect(text(await other.ring.open(sealed, aPlace()))).toBe(text(PLAIN));
  });

  test('whose record is of no form known here is neither used nor replaced', async () => {
    for (const kept of ['{"v":9}', 'not JSON']) {
      const { ring, records } = aRing();
      await records.put('keys/tenant/north', kept);
      await expect(ring.seal(PLAIN, aPlace())).rejects.toMatchObject({ code: 'crypto.keys_unreadable' });
      expect(await records.get('keys/tenant/north')).toBe(kept);
    }
  });

  test('cannot be begun while others change its record without end', async () => {
    const { ring, records } = aRing();
    records.claim = async () => ({ claimed: false, value: '' });
    await expect(ring.seal(PLAIN, aPlace())).rejects.toMatchObject({ code: 'records.unavailable' });
  });
});

describe('keys in memory', () => {
  test('are bounded in number: the least used is wiped, and unwrapped again when it is needed', async () => {
    const { ring, service } = aRing({ maxHeld: 2 });
    for (const tenant of ['a', 'b', 'c', 'b', 'c']) await ring.seal(PLAIN, aPlace({ tenant }));
    expect(service.given).toHaveLength(3);
    await expect.poll(() => service.given[0]!.every((byte) => byte === 0)).toBe(true);
    await ring.seal(PLAIN, aPlace({ tenant: 'a' }));
    expect(service.given).toHaveLength(4);
  });

  test('seal rightly though many tenants crowd one place', async () => {
    const { ring, records } = aRing({ maxHeld: 1 });
    const places = Array.from({ length: 200 }, (_, at) => aPlace({ tenant: `tenant-${at % 7}`, name: `entry-${at}` }));
    const sealed = await Promise.all(places.map((at) => ring.seal(PLAIN, at)));
    const other = aRing({ records }).ring;
    const opened = await Promise.all(places.map((at, index) => other.open(sealed[index]!, at)));
    expect(new Set(opened.map(text))).toEqual(new Set([text(PLAIN)]));
  });

  test.each([
    [0, 1000],
    [1, 800],
  ])('are wiped after their time, up to a fifth earlier: random %d, %d ms', async (random, endsMs) => {
    vi.useFakeTimers();
    const { ring, service } = aRing({ holdMs: 1000 });
    Object.assign(ring.keys, { random: () => random });
    await ring.seal(PLAIN, aPlace());
    await vi.advanceTimersByTimeAsync(endsMs - 5);
    expect(service.allWiped).toBe(false);
    await vi.advanceTimersByTimeAsync(10);
    expect(service.allWiped).toBe(true);
    await ring.seal(PLAIN, aPlace());
    expect(service.given).toHaveLength(2);
  });

  test('are wiped when the ring is closed, which may be twice', async () => {
    const { ring, service } = aRing();
    await ring.seal(PLAIN, aPlace());
    await ring.close();
    await ring.close();
    await expect.poll(() => service.allWiped).toBe(true);
    expect(service.closed).toBe(2);
  });

  test('serve many purposes, each with a key of its own', async () => {
    const { ring, service } = aRing();
    for (let count = 0; count < 70; count++) {
      const at = aPlace({ purpose: `purpose-${count % 35}` });
      expect(text(await ring.open(await ring.seal(PLAIN, at), at))).toBe(text(PLAIN));
    }
    expect(service.given).toHaveLength(1);
  });
});

describe('a change by another instance', () => {
  /** Two instances that hear of each other by `bus`. */
  async function twoInstances(bus = new LocalBus()) {
    const records = new MemoryRecords();
    const [one, other] = [aRing({ records }), aRing({ records })];
    for (const { ring } of [one, other]) await ring.watch(bus);
    return { one, other, records };
  }

  test('is followed: a new key seals there too, and the former opens', async () => {
    const { one, other } = await twoInstances();
    const before = await other.ring.seal(PLAIN, aPlace());
    await one.ring.keys.begin('north', keyIdOf(before));
    await one.ring.changed();
    await expect.poll(async () => keyIdOf(await other.ring.seal(PLAIN, aPlace()))).not.toBe(keyIdOf(before));
    expect(text(await other.ring.open(before, aPlace()))).toBe(text(PLAIN));
    expect(await other.ring.isCurrent(before, aPlace())).toBe(false);
    expect(await other.ring.isCurrent(await other.ring.seal(PLAIN, aPlace()), aPlace())).toBe(true);
  });

  test('is followed within a second though the message about it was lost', async () => {
    const deaf = Object.assign(new LocalBus(), { publish: async () => {} });
    const { one, other } = await twoInstances(deaf);
    const sealed = await other.ring.seal(PLAIN, aPlace());
    await one.ring.stored.change('north', (before) => ({ ...before, current: undefined, keys: [] }));
    await one.ring.changed();
    await expect.poll(() => reasonOf(other.ring.open(sealed, aPlace())), { timeout: 1000 }).toBe('unknown_key');
    await expect.poll(() => other.service.allWiped).toBe(true);
  });

  test('that destroys a key also drops it where it is just being unwrapped', async () => {
    const { one, other } = await twoInstances();
    const sealed = await one.ring.seal(PLAIN, aPlace());
    let goOn = () => {};
    other.service.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    const underWay = other.ring.open(sealed, aPlace());
    await new Promise((resolve) => setImmediate(resolve));
    await one.ring.stored.change('north', (before) => ({ ...before, current: undefined, keys: [] }));
    await one.ring.changed();
    await new Promise((resolve) => setTimeout(resolve, 20));
    goOn();
    await underWay; // Asked before the key was destroyed.
    await expect.poll(() => other.service.allWiped).toBe(true);
    expect(await reasonOf(other.ring.open(sealed, aPlace()))).toBe('unknown_key');
  });

  test('may begin a key that this instance has not heard of yet: it opens all the same', async () => {
    const records = new MemoryRecords();
    const [one, other] = [aRing({ records }), aRing({ records })];
    const before = await other.ring.seal(PLAIN, aPlace());
    await one.ring.keys.begin('north', keyIdOf(before));
    const sealed = await one.ring.seal(PLAIN, aPlace());
    expect(keyIdOf(sealed)).not.toBe(keyIdOf(before));
    expect(text(await other.ring.open(sealed, aPlace()))).toBe(text(PLAIN));
  });
});

describe('sealings', () => {
  test('under one key never exceed the bound, over many instances: a new key begins by itself', async () => {
    const records = new MemoryRecords();
    const sealings = { limit: 20, block: 4 };
    const many = Array.from({ length: 3 }, () => aRing({ records, sealings }).ring);
    const sealed = (await Promise.all(many.map((ring) => sealMany(ring, 50)))).flat();
    const counts = Object.values(Object.groupBy(sealed, keyIdOf)).map((under) => under!.length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(20);
    expect(counts.length).toBeGreaterThanOrEqual(150 / 20);
    const [ring] = many;
    for (const [at, bytes] of sealed.entries()) await ring!.open(bytes, aPlace({ name: `entry-${at % 50}` }));
  });

  test('are reserved by the block, and a block outlasts the key in memory', async () => {
    const { ring, records, service } = aRing({ maxHeld: 1, sealings: { limit: 100, block: 10 } });
    for (let round = 0; round < 5; round++) for (const tenant of ['a', 'b']) await ring.seal(PLAIN, aPlace({ tenant }));
    expect(service.given.length).toBe(10);
    const [a] = await records.tallies(['keys/sealings/a']);
    expect(Object.values(a!)).toEqual([10]);
  });

  test('stop where a tenant has too many keys', async () => {
    const { ring } = aRing({ maxPerTenant: 2, sealings: { limit: 1, block: 1 } });
    await sealMany(ring, 2);
    await expect(ring.seal(PLAIN, aPlace())).rejects.toMatchObject({ code: 'crypto.too_many_data_keys' });
  });

  test('count up to 2³² less one block unless it is said otherwise', async () => {
    const { ring, records } = aRing();
    await ring.seal(PLAIN, aPlace());
    const keyId = (await ring.keys.currentId('north'))!;
    const full = 2 ** 32 - 2 ** 20;
    await records.add([{ key: 'keys/sealings/north', field: keyId, by: full - 2 ** 20 }]);
    const other = aRing({ records }).ring;
    expect(keyIdOf(await other.seal(PLAIN, aPlace()))).not.toBe(keyId);
  });
});

test('without a key service at hand, what is plain is current', async () => {
  const { PlainSealer } = await import('#crypto');
  expect(await new PlainSealer().isCurrent()).toBe(true);
  await expect(aKeyring().isCurrent(Buffer.from('planted'), aPlace())).rejects.toMatchObject({
    code: 'crypto.unreadable',
  });
});
