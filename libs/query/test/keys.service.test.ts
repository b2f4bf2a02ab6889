// What keys seal follows them: sealed anew step by step, retired without loss, shredded with proof.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cacheSection, openCache } from '#cache';
import { environmentSources, readConfig } from '#config';
import {
  cryptoSection,
  KeyNames,
  Keyring,
  KeyringAdmin,
  LocalKeyService,
  masterKey,
  openCrypto,
  Signer,
  verifyReceipt,
} from '#crypto';
import { Secret, type VectorStore } from '#ports';
import { LocalBus, MemoryRecords } from '#records';
import { openVectorStore, vectorStoreSection } from '#vector-stores';
import { KeysService } from '../src/index.js';

/** The cache in SQLite, the embedded vector store and the keys of one instance; `later` is how far its clock is ahead. */
async function anInstance(type: 'embedded' | 'none' = 'embedded') {
  const dataDir = await mkdtemp(join(tmpdir(), 'resk-keys-'));
  const env = { CACHE_BACKEND: 'sqlite', CACHE_MEMORY_MAX: '0B', CACHE_TTL_JITTER: '0', VECTORDB_TYPE: type };
  const config = readConfig([cacheSection, vectorStoreSection], environmentSources({ env, envFile: false }));
  const records = new MemoryRecords();
  const key = masterKey(new Secret(Buffer.alloc(32, 1).toString('base64')), 'KEY');
  const ring = new Keyring(new LocalKeyService(key), records);
  await ring.watch(new LocalBus());
  const admin = new KeyringAdmin(ring, records);
  const names = new KeyNames(Buffer.alloc(32, 7));
  const cache = await openCache(config.cache, { dataDir, sealer: ring, names });
  const store =
    (await openVectorStore(config[vectorStoreSection.name], { dataDir, plugins: [], sealer: ring })) ?? null;
  const signer = new Signer({ records, sealer: ring, seed: new Uint8Array(32) });
  const service = new KeysService({ admin, cache, store, records, signer, now: () => Date.now() + 60_000 });
  onTestFinished(async () => {
    await cache.close();
    await store?.close();
    await ring.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const ref = (tenant: string, at: number) => ({ tenant, name: names.name(`${tenant} ${at}`) });
  const write = async (tenant: string, count: number) => {
    for (let at = 0; at < count; at++) await cache.keep(ref(tenant, at), { json: `"answer ${at}"`, origin: 'written' });
  };
  const readable = async (tenant: string, count: number) => {
    const found = await Promise.all(Array.from({ length: count }, (_, at) => cache.look(ref(tenant, at))));
    return found.filter(Boolean).length;
  };
  return { service, admin, ring, cache, store, records, signer, write, readable };
}

const DOCS = 'documents';

async function document(store: VectorStore | null, tenant: string, count: number) {
  await store!.openCollection({ tenant, collection: DOCS }, { dimension: 2, metric: 'cosine' });
  const points = Array.from({ length: count }, (_, at) => {
    return { id: `d${at}`, vector: Float32Array.of(1, at), text: `text ${at}`, metadata: {} };
  });
  await store!.upsert({ tenant, collection: DOCS }, points);
}

test('reseals answers and documents of every tenant, in steps, and then former keys may be retired without loss', async () => {
  const { service, store, write, readable, records } = await anInstance();
  for (const tenant of ['north', 'south']) {
    await write(tenant, 12);
    await document(store, tenant, 8);
    await service.rotate(tenant);
  }
  await write('west', 3); // Never rotated: nothing to do.
  const steps = [await service.reseal({ limit: 7 })];
  expect(steps[0]).toMatchObject({ done: false, seen: 7, tenantsLeft: 3 });
  while (!steps.at(-1)!.done) steps.push(await service.reseal({ limit: 7 }));
  expect(steps.at(-1)).toEqual({ done: true, seen: 40, resealed: 40, tenantsDone: 3, tenantsLeft: 0 });
  expect((await records.list('keys/reseal/', { limit: 10 })).records).toEqual([]);
  for (const tenant of ['north', 'south']) {
    const { tenants } = await service.report({ tenant, limit: 1 });
    const [former] = tenants[0]!.dataKeys;
    expect(await service.retire({ tenant, dataKeyId: former!.dataKeyId })).toEqual({ destroyed: 1 });
    expect(await readable(tenant, 12)).toBe(12);
    expect((await store!.list({ tenant, collection: DOCS }, { limit: 100 })).points).toHaveLength(8);
  }
  expect(await service.reseal({ limit: 100 })).toMatchObject({ done: true, seen: 0 });
});

test('reseals one tenant alone, and anew from the start when it is told', async () => {
  const { service, write } = await anInstance('none');
  for (const tenant of ['north', 'south']) {
    await write(tenant, 5);
    await service.rotate(tenant);
  }
  expect(await service.reseal({ tenant: 'north', limit: 3 })).toMatchObject({ done: false, seen: 3, tenantsLeft: 1 });
  expect(await service.reseal({ tenant: 'north', limit: 2, restart: true })).toMatchObject({ seen: 2, resealed: 0 });
  expect(await service.reseal({ tenant: 'north', limit: 100 })).toMatchObject({ done: true, seen: 5, resealed: 2 });
  const { tenants } = await service.report({ limit: 10 });
  expect(tenants.map(({ tenant, resealed }) => [tenant, resealed])).toEqual([
    ['north', true],
    ['south', false],
  ]);
});

test('a rotation in the middle of resealing is not taken for resealed', async () => {
  const { service, write } = await anInstance('none');
  await write('north', 5);
  await service.rotate('north');
  await service.reseal({ limit: 3 });
  await service.rotate('north');
  while (!(await service.reseal({ limit: 3 })).done);
  expect((await service.report({ limit: 1 })).tenants[0]!.resealed).toBe(false);
  while (!(await service.reseal({ limit: 3 })).done);
  expect((await service.report({ limit: 1 })).tenants[0]!.resealed).toBe(true);
});

test('a step ends with the reason of its signal', async () => {
  const { service, write } = await anInstance();
  await write('north', 1);
  const signal = AbortSignal.abort(new Error('nobody waits'));
  await expect(service.reseal({ limit: 10, signal })).rejects.toThrow('nobody waits');
});

test('a shred takes answers and documents of one tenant, proves that none can be read, and signs what it did', async () => {
  const { service, store, cache, write, readable, signer, admin } = await anInstance();
  for (const tenant of ['north', 'south']) {
    await write(tenant, 6);
    await document(store, tenant, 4);
  }
  await admin.rotate('north');
  const receipt = await service.shred('north');
  expect(receipt).toMatchObject({
    action: 'tenant.shred',
    tenant: 'north',
    destroyed: { dataKeys: 2, entries: 6, documents: 4, collections: 1, atLeast: false },
    proof: { tried: 10, readable: 0 },
  });
  expect(verifyReceipt(await signer.publicKeys(), JSON.parse(JSON.stringify(receipt)))).toBe(true);
  expect([await readable('north', 6), await readable('south', 6)]).toEqual([0, 6]);
  expect(await store!.listCollections('north')).toEqual([]);
  expect((await store!.list({ tenant: 'south', collection: DOCS }, { limit: 10 })).points).toHaveLength(4);
  expect((await cache.probe('south', 10)).readable).toBe(6);
  const again = await service.shred('north');
  expect(again).toMatchObject({ destroyed: { dataKeys: 0, entries: 0, documents: 0 }, proof: { readable: 0 } });
});

test('a shred without a vector store takes the answers, and a master key can be promoted', async () => {
  const { service, write } = await anInstance('none');
  await write('north', 3);
  const { masterKeys } = await service.report({ limit: 1 });
  expect(await service.promote(masterKeys[0]!.masterKeyId)).toEqual({ rewrapped: 0, left: 0 });
  expect(await service.shred('north')).toMatchObject({
    destroyed: { dataKeys: 1, entries: 3, documents: 0, collections: 0 },
    proof: { tried: 3, readable: 0 },
  });
});

test('a shred where nothing is sealed is refused before anything is deleted', async () => {
  const { cache, records, signer, write, readable } = await anInstance('none');
  await write('north', 2);
  const unsealed = readConfig([cryptoSection], environmentSources({ env: {}, envFile: false })).crypto;
  const service = new KeysService({
    admin: (await openCrypto(unsealed, { records, bus: new LocalBus() })).admin,
    cache,
    store: null,
    records,
    signer,
  });
  await expect(service.shred('north')).rejects.toMatchObject({ code: 'crypto.sealing_off' });
  await expect(service.reseal({ limit: 1 })).rejects.toMatchObject({ code: 'crypto.sealing_off' });
  expect(await readable('north', 2)).toBe(2);
});
