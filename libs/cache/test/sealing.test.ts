// Whatever leaves the process is sealed to its place; what does not open is a miss, deleted and announced.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Keyring, LocalKeyService, masterKey, PlainSealer, type Sealer } from '#crypto';
import { type ByteStore, listen, Secret } from '#ports';
import { MemoryRecords } from '#records';
import { SqliteStore } from '../src/index.js';
import { aCache, aDraft, aFolder, anEntry, NAMES } from './support/a-cache.js';

const REF = anEntry('north', 'opening hours');
const OTHER = anEntry('north', 'closing hours');

function aSealer(fill = 1): Sealer {
  const key = masterKey(new Secret(Buffer.alloc(32, fill).toString('base64')), 'CACHE_ENCRYPTION_KEY');
  return new Keyring(new LocalKeyService(key, []), new MemoryRecords());
}

function rejections() {
  const seen: string[] = [];
  onTestFinished(listen('cache.rejected', ({ tier, reason }) => seen.push(`${tier} ${reason}`)));
  return seen;
}

/** A cache that always reads its store, and the store's own rows. */
async function aSealedCache(sealer: Sealer = aSealer()) {
  const dataDir = await aFolder();
  const open = (by: Sealer) => aCache({ CACHE_MEMORY_MAX: '0B' }, { dataDir, sealer: by });
  const cache = await open(sealer);
  const store: ByteStore = await SqliteStore.open({ file: join(dataDir, 'cache.sqlite') });
  onTestFinished(() => store.close());
  const keyOf = (ref: typeof REF) => `resk:e:${NAMES.tenantTag(ref.tenant)}:${ref.name}`;
  return {
    cache,
    open,
    row: async (ref = REF) => (await store.getMany([keyOf(ref)]))[0],
    put: (text: string, ref = REF) => store.set(keyOf(ref), text, 60_000),
  };
}

test('nothing of an entry can be read from the store', async () => {
  const { cache, row } = await aSealedCache();
  await cache.keep(REF, aDraft({ json: '"the secret answer"', tags: ['secret-tag'], subjects: ['secret-person'] }));
  const bytes = Buffer.from((await row())!, 'base64').toString('latin1');
  expect(bytes).not.toMatch(/secret|answer|written/);
  expect((await cache.look(REF))?.entry).toMatchObject({ json: '"the secret answer"', subjects: ['secret-person'] });
});

test.each([
  ['moved from another name', 'sqlite tampered', (_: string, other: string) => other],
  ['changed in one bit', 'sqlite tampered', (own: string) => changed(own)],
  ['cut short', 'sqlite tampered', (own: string) => own.slice(0, -8)],
  ['cut to nothing', 'sqlite unsealed', () => ''],
  ['not sealed', 'sqlite unsealed', () => Buffer.from('{"json":"planted"}').toString('base64')],
  ['not even base64', 'sqlite unsealed', () => 'ünsinn'],
])('an entry that was %s is a miss, deleted and announced', async (_, announcement, forged) => {
  const seen = rejections();
  const { cache, row, put } = await aSealedCache();
  await cache.keep(REF, aDraft({ json: '1' }));
  await cache.keep(OTHER, aDraft({ json: '2' }));
  await put(forged((await row())!, (await row(OTHER))!));
  expect(await cache.look(REF)).toBeUndefined();
  expect(seen).toEqual([announcement]);
  await expect.poll(() => row()).toBeUndefined();
  expect((await cache.look(OTHER))?.entry.json).toBe('2');
});

test('an entry of another tenant under the same name does not open', async () => {
  const seen = rejections();
  const { cache, row, put } = await aSealedCache();
  await cache.keep(REF, aDraft());
  const stolen = { ...REF, tenant: 'south' };
  await put((await row())!, stolen);
  expect(await cache.look(stolen)).toBeUndefined();
  expect(seen).toEqual(['sqlite unknown_key']);
});

test('an entry written without a key is refused once there is one, and one under an unknown key always', async () => {
  const seen = rejections();
  const { cache, open } = await aSealedCache(new PlainSealer());
  await cache.keep(REF, aDraft());
  const sealed = await open(aSealer());
  expect(await sealed.look(REF)).toBeUndefined();
  expect(seen).toEqual(['sqlite unsealed']);
  await sealed.keep(REF, aDraft());
  expect(await (await open(aSealer(2))).look(REF)).toBeUndefined();
  expect(seen).toEqual(['sqlite unsealed', 'sqlite unknown_key']);
  await sealed.keep(REF, aDraft());
  expect(await cache.look(REF)).toBeUndefined();
  expect(seen.at(-1)).toBe('sqlite unknown_key');
});

test('sealed bytes of an unknown version of the format are a miss, deleted and announced', async () => {
  const seen = rejections();
  const sealer = aSealer();
  const { cache, put, row } = await aSealedCache(sealer);
  const at = { tenant: REF.tenant, purpose: 'cache-entry', name: REF.name };
  await put(Buffer.from(await sealer.seal(Buffer.from([2, 0x5b, 0x5d, 0x0a]), at)).toString('base64'));
  expect(await cache.look(REF)).toBeUndefined();
  expect(seen).toEqual(['sqlite malformed']);
  await expect.poll(() => row()).toBeUndefined();
});

test('a key service that does not answer costs a hit, and no entry', async () => {
  const seen = rejections();
  const { cache, open, row } = await aSealedCache();
  await cache.keep(REF, aDraft());
  class Unreachable extends PlainSealer {
    override open(): Promise<Uint8Array> {
      return Promise.reject(new Error('no route to the key service'));
    }
  }
  expect(await (await open(new Unreachable())).look(REF)).toBeUndefined();
  expect(seen).toEqual([]);
  expect(await row()).toBeDefined();
});

function changed(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  bytes[bytes.length - 20]! ^= 1;
  return bytes.toString('base64');
}
