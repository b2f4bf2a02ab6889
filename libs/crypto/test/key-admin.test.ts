// Keys are replaced without loss, destroyed only when nothing needs them or it is forced, and reported as they are.
import { afterEach, describe, expect, test } from 'vitest';
import { Keyring, KeyringAdmin, Signer, signReceipt, unreadableReason, verifyReceipt } from '#crypto';
import { listen } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { MasterChoice } from '../src/master-choice.js';
import { NoKeys } from '../src/no-keys.js';
import { CountingKeys } from './counting-keys.js';
import { aMasterKey, aPlace, text } from './crypto-builders.js';

const PLAIN = Buffer.from('nine to five');
const ID = [0, 1, 2].map((first) => aMasterKey(first).id);
const reasonOf = (opening: Promise<unknown>) => opening.then(() => 'it opened', unreadableReason);
const rings: Keyring[] = [];

afterEach(async () => {
  for (const ring of rings.splice(0)) await ring.close();
});

/** An instance with these master keys; the first is the one that its configuration calls current. */
async function anInstance(
  keys = [0, 1],
  { records = new MemoryRecords(), bus = new LocalBus(), maxPerTenant = 100 } = {},
) {
  const service = new CountingKeys(keys);
  const masters = new MasterChoice(service, records);
  const ring = new Keyring(service, records, { master: () => masters.currentId(), maxPerTenant });
  rings.push(ring);
  await ring.watch(bus);
  const seal = (tenant = 'north') => ring.seal(PLAIN, aPlace({ tenant }));
  return { ring, service, records, bus, seal, admin: new KeyringAdmin(ring, records, () => 1000) };
}

describe('rotate', () => {
  test('begins a key that seals from now on, and reports both', async () => {
    const { admin, seal, ring } = await anInstance();
    const former = await seal();
    const dataKeyId = await admin.rotate('north');
    expect(await ring.isCurrent(former, aPlace())).toBe(false);
    expect(text(await ring.open(former, aPlace()))).toBe(text(PLAIN));
    await seal();
    const { dataKeys, resealed, shreddedAt } = await admin.tenant('north');
    expect(dataKeys.map(({ state, sealings, masterKeyId }) => [state, sealings, masterKeyId])).toEqual([
      ['former', 2 ** 20, ID[0]],
      ['current', 2 ** 20, ID[0]],
    ]);
    expect([dataKeys[1]?.dataKeyId, resealed, shreddedAt]).toEqual([dataKeyId, false, null]);
  });

  test('makes the first key of a tenant that has none, and stops at the bound', async () => {
    const { admin } = await anInstance([0], { maxPerTenant: 2 });
    await admin.rotate('north');
    await admin.rotate('north');
    await expect(admin.rotate('north')).rejects.toMatchObject({ code: 'crypto.too_many_data_keys' });
  });
});

describe('promote', () => {
  test('wraps all data keys anew, for all instances, and afterwards the former is not needed', async () => {
    const one = await anInstance([0, 1]);
    const other = await anInstance([0, 1], one);
    const sealed = await Promise.all(['north', 'south', 'west'].map((tenant) => one.seal(tenant)));
    await one.admin.rotate('north');
    expect(await other.admin.promote(ID[1]!)).toEqual({ rewrapped: 4, left: 0 });
    await one.seal('east');
    expect((await one.admin.tenant('east')).dataKeys[0]?.masterKeyId).toBe(ID[1]);
    expect(await one.admin.masters()).toEqual([
      { masterKeyId: ID[1], state: 'current', dataKeys: 5 },
      { masterKeyId: ID[0], state: 'former', dataKeys: 0 },
    ]);
    const { ring } = await anInstance([1], { records: one.records });
    expect(text(await ring.open(sealed[2]!, aPlace({ tenant: 'west' })))).toBe(text(PLAIN));
    expect(await one.admin.promote(ID[1]!)).toEqual({ rewrapped: 0, left: 0 });
  });

  test('leaves what it cannot unwrap, and says how much', async () => {
    const lost = await anInstance([2]);
    await lost.seal('lost');
    const { admin, seal } = await anInstance([0, 1], lost);
    await seal();
    expect(await admin.promote(ID[1]!)).toEqual({ rewrapped: 1, left: 1 });
    expect(await admin.masters()).toContainEqual({ masterKeyId: ID[2], state: 'missing', dataKeys: 1 });
  });

  test('refuses a key that the service does not hold, or holds disabled', async () => {
    const { admin, service } = await anInstance();
    await expect(admin.promote('nobodys')).rejects.toMatchObject({ code: 'crypto.master_key_absent' });
    service.keys = async () => [{ masterKeyId: ID[1]!, state: 'disabled' }];
    await expect(admin.promote(ID[1]!)).rejects.toMatchObject({ code: 'crypto.master_key_absent' });
    expect(await admin.masters()).toEqual([{ masterKeyId: ID[1], state: 'disabled', dataKeys: 0 }]);
  });

  test('fails as the key service does, and may be repeated', async () => {
    const { admin, service, seal } = await anInstance();
    await seal();
    service.broken = true;
    await expect(admin.promote(ID[1]!)).rejects.toMatchObject({ code: 'crypto.key_service_unavailable' });
    service.broken = false;
    expect(await admin.promote(ID[1]!)).toEqual({ rewrapped: 1, left: 0 });
  });

  test('is without effect on an instance that does not hold the key: it wraps under its own', async () => {
    const one = await anInstance([0, 1]);
    await one.admin.promote(ID[1]!);
    const { seal, admin } = await anInstance([0], one);
    await seal('new');
    expect((await admin.tenant('new')).dataKeys[0]?.masterKeyId).toBe(ID[0]);
  });
});

describe('another master key in the configuration', () => {
  test('seals with a new data key at the next write, and needs no promotion to let the former go', async () => {
    const before = await anInstance([0]);
    const old = await before.seal();
    const { ring, seal, admin } = await anInstance([1, 0], before);
    expect(await ring.isCurrent(old, aPlace())).toBe(false);
    const sealed = await seal();
    expect(text(await ring.open(old, aPlace()))).toBe(text(PLAIN));
    expect((await admin.tenant('north')).dataKeys.map(({ masterKeyId }) => masterKeyId)).toEqual([ID[0], ID[1]]);
    const after = await anInstance([1], before);
    expect(text(await after.ring.open(sealed, aPlace()))).toBe(text(PLAIN));
    expect(await reasonOf(after.ring.open(old, aPlace()))).toBe('unknown_key');
  });

  test('on some instances only: each seals under its own, and neither begins key after key', async () => {
    const one = await anInstance([0, 1]);
    const other = await anInstance([1, 0], one);
    for (let round = 0; round < 5; round++) {
      for (const { seal, ring } of [one, other]) {
        expect(await ring.isCurrent(await seal(), aPlace())).toBe(true);
        await ring.changed();
      }
    }
    const { dataKeys } = await one.admin.tenant('north');
    expect(dataKeys.map(({ state, masterKeyId }) => [state, masterKeyId])).toEqual([
      ['former', ID[0]],
      ['current', ID[1]],
    ]);
    const [seals] = dataKeys;
    const retired = one.admin.retire({ tenant: 'north', dataKeyId: seals!.dataKeyId, force: true });
    await expect(retired).rejects.toMatchObject({ code: 'crypto.key_in_use' });
  });

  test('that does not say which key is current lets the newest data key seal', async () => {
    const { seal, service, ring } = await anInstance([0]);
    const sealed = await seal();
    ring.keys.drop();
    service.keys = () => Promise.reject(new Error('not allowed'));
    expect(await ring.isCurrent(sealed, aPlace())).toBe(true);
    await seal();
    await seal('south');
    expect(service.wrapped).toBe(2);
  });
});

describe('retire', () => {
  test('takes a former data key only once its data is sealed anew, unless it is forced', async () => {
    const { admin, seal, ring } = await anInstance();
    const sealed = await seal();
    const former = (await ring.keys.currentId('north'))!;
    const retire = (more: object = {}) => admin.retire({ tenant: 'north', dataKeyId: former, ...more });
    await expect(retire()).rejects.toMatchObject({ code: 'crypto.key_in_use' });
    const current = await admin.rotate('north');
    await expect(retire()).rejects.toMatchObject({ code: 'crypto.key_in_use' });
    await admin.noteResealed('north', former); // Noted for a key that is no longer the current one: without effect.
    await expect(retire()).rejects.toMatchObject({ code: 'crypto.key_in_use' });
    await admin.noteResealed('north', current);
    expect((await admin.tenant('north')).resealed).toBe(true);
    expect(await retire()).toEqual({ destroyed: 1 });
    expect(await reasonOf(ring.open(sealed, aPlace()))).toBe('unknown_key');
    await expect(retire()).rejects.toMatchObject({ code: 'crypto.data_key_absent' });
    await expect(admin.retire({})).rejects.toMatchObject({ code: 'crypto.data_key_absent' });
    await admin.rotate('north');
    expect(await retire({ dataKeyId: current, force: true })).toEqual({ destroyed: 1 });
  });

  test('takes a former master key only once nothing is wrapped under it, unless it is forced', async () => {
    const { admin, seal, ring } = await anInstance();
    const sealed = await seal();
    const retire = (force = false) => admin.retire({ masterKeyId: ID[0]!, force });
    await expect(retire()).rejects.toMatchObject({ code: 'crypto.key_in_use' });
    await expect(admin.retire({ masterKeyId: 'nobodys' })).rejects.toMatchObject({ code: 'crypto.master_key_absent' });
    await admin.promote(ID[1]!);
    expect(await retire()).toEqual({ destroyed: 0 });
    expect((await admin.masters())[1]).toEqual({ masterKeyId: ID[0], state: 'retired', dataKeys: 0 });
    expect(text(await ring.open(sealed, aPlace()))).toBe(text(PLAIN));
    await admin.promote(ID[0]!);
    expect((await admin.masters()).map(({ state }) => state)).toEqual(['former', 'current']);
  });

  test('forced, takes with a master key that was lost all data keys that nobody can unwrap', async () => {
    const lost = await anInstance([2]);
    const sealed = await lost.seal();
    const { admin, seal, ring } = await anInstance([0], lost);
    await seal('south');
    await expect(admin.retire({ masterKeyId: ID[2]! })).rejects.toMatchObject({ code: 'crypto.key_in_use' });
    expect(await admin.retire({ masterKeyId: ID[2]!, force: true })).toEqual({ destroyed: 1 });
    expect(await reasonOf(ring.open(sealed, aPlace()))).toBe('unknown_key');
    expect(text(await ring.open(await seal(), aPlace()))).toBe(text(PLAIN));
    await seal();
    const kept = await admin.tenant('north');
    expect(kept.dataKeys.map(({ state }) => state)).toEqual(['current']);
  });
});

describe('shred', () => {
  test('destroys all keys of one tenant, at once on every instance, and leaves the others', async () => {
    const one = await anInstance();
    const other = await anInstance([0, 1], one);
    const [north, south] = [await other.seal('north'), await other.seal('south')];
    await one.admin.rotate('north');
    const heard: unknown[] = [];
    const stop = listen('key.shredded', (message) => heard.push(message));
    expect(await one.admin.shred('north')).toEqual({ destroyed: 2 });
    stop();
    expect(heard).toEqual([{ tenant: 'north' }]);
    await expect.poll(() => reasonOf(other.ring.open(north, aPlace()))).toBe('unknown_key');
    expect(text(await other.ring.open(south, aPlace({ tenant: 'south' })))).toBe(text(PLAIN));
    await expect.poll(() => other.service.given[0]!.every((byte) => byte === 0)).toBe(true);
    expect(await one.admin.tenant('north')).toEqual({
      tenant: 'north',
      dataKeys: [],
      resealed: true,
      shreddedAt: 1000,
    });
    expect(await one.records.tallies(['keys/sealings/north'])).toEqual([{}]);
  });

  test('leaves a tombstone, under which the tenant begins anew with another key', async () => {
    const { admin, seal, ring } = await anInstance();
    const before = await seal();
    await admin.shred('north');
    const after = await seal();
    expect(text(await ring.open(after, aPlace()))).toBe(text(PLAIN));
    expect(await reasonOf(ring.open(before, aPlace()))).toBe('unknown_key');
    expect((await admin.tenants({ limit: 10 })).tenants).toMatchObject([{ tenant: 'north', shreddedAt: 1000 }]);
    expect(await admin.shred('north')).toEqual({ destroyed: 1 });
  });

  test('prevails over a first sealing that began before it', async () => {
    const { admin, ring, service, seal } = await anInstance();
    const sealed = await seal();
    ring.keys.drop();
    let goOn = () => {};
    service.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    const late = seal();
    await new Promise((resolve) => setImmediate(resolve));
    await admin.shred('north');
    goOn();
    expect(await reasonOf(ring.open(await late, aPlace()))).toBe('unknown_key');
    expect(await reasonOf(ring.open(sealed, aPlace()))).toBe('unknown_key');
  });

  test('drops the keys here also where the other instances cannot be told, and says that it must be repeated', async () => {
    const { admin, ring, records, seal, service } = await anInstance();
    const sealed = await seal();
    const add = records.add.bind(records);
    records.add = () => Promise.reject(new Error('down'));
    await expect(admin.shred('north')).rejects.toThrow('down');
    await expect.poll(() => service.allWiped).toBe(true);
    expect(await reasonOf(ring.open(sealed, aPlace()))).toBe('unknown_key');
    records.add = add;
    expect(await admin.shred('north')).toEqual({ destroyed: 0 });
  });

  test('also takes a record that nobody can read, and never the keys of the service itself', async () => {
    const { admin, records, seal } = await anInstance();
    await records.put('keys/tenant/north', 'not ours');
    expect(await admin.shred('north')).toEqual({ destroyed: 0 });
    await seal();
    await expect(admin.shred('~service')).rejects.toMatchObject({ code: 'crypto.key_in_use' });
    records.get = () => Promise.reject(new Error('down'));
    await expect(admin.shred('north')).rejects.toThrow('down');
  });
});

test('tenants are told page by page, each once', async () => {
  const { admin, seal } = await anInstance();
  for (const tenant of ['a', 'b', 'c', 'd', 'e']) await seal(tenant);
  const told: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await admin.tenants({ cursor, limit: 2 });
    told.push(...page.tenants.map(({ tenant }) => tenant));
    ({ cursor } = page);
  } while (cursor !== undefined);
  expect(told).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect([admin.sealing, admin.provider]).toEqual([true, 'counting']);
});

test('the choice of a master key cannot be written while others write it without end', async () => {
  const { admin, records } = await anInstance();
  records.claim = async () => ({ claimed: false, value: '' });
  await expect(admin.promote(ID[1]!)).rejects.toMatchObject({ code: 'records.unavailable' });
});

test('where nothing is sealed there are no keys, and nothing can be done to them', async () => {
  const none = new NoKeys();
  expect([none.sealing, none.provider, await none.masters(), await none.tenants()]).toEqual([
    false,
    'none',
    [],
    { tenants: [], cursor: undefined },
  ]);
  expect(await none.tenant('north')).toEqual({ tenant: 'north', dataKeys: [], resealed: true, shreddedAt: null });
  for (const act of ['rotate', 'promote', 'retire', 'shred', 'noteResealed'] as const)
    await expect(none[act]()).rejects.toMatchObject({ code: 'crypto.sealing_off' });
});

describe('a receipt', () => {
  async function aReceipt() {
    const { ring, records } = await anInstance();
    const signer = new Signer({ records, sealer: ring, seed: new Uint8Array(32) });
    const receipt = await signReceipt(signer, { action: 'tenant.shred', tenant: 'north', destroyed: { entries: 3 } });
    return { receipt, jwks: await signer.publicKeys() };
  }

  test('verifies as it is, in whatever order its members are written', async () => {
    const { receipt, jwks } = await aReceipt();
    expect(verifyReceipt(jwks, receipt)).toBe(true);
    const reordered = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(receipt))).reverse());
    expect(verifyReceipt(jwks, reordered)).toBe(true);
  });

  test('does not verify when anything is changed, added, taken away or is no receipt', async () => {
    const { receipt, jwks } = await aReceipt();
    const { tenant: _, ...less } = receipt;
    const changed = [
      { ...receipt, destroyed: { entries: 4 } },
      { ...receipt, more: 1 },
      less,
      { ...receipt, keyId: 'x' },
    ];
    for (const one of [...changed, { ...receipt, signature: 5 }, null, 'text', {}])
      expect(verifyReceipt(jwks, one)).toBe(false);
  });
});
