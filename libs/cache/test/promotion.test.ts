// An entry on its way from the store to memory is not let in when a purge or a newer answer passes it.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { PlainSealer } from '#crypto';
import { LocalBus } from '#records';
import { Fences } from '../src/fences.js';
import { SqliteStore, TieredCache } from '../src/index.js';
import { Invalidations } from '../src/invalidations.js';
import { Keyspace } from '../src/keyspace.js';
import { MemoryTier } from '../src/memory-tier.js';
import { Policy } from '../src/policy.js';
import { StoredTier } from '../src/stored-tier.js';
import { aCache, aDraft, aFolder, anEntry, NAMES, settings } from './support/a-cache.js';

const REF = anEntry('north', 'opening hours');

/** Opens nothing until told to, as with a key service far away. */
class SlowSealer extends PlainSealer {
  #held: Promise<void> | undefined;

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  override async open(...given: Parameters<PlainSealer['open']>): Promise<Uint8Array> {
    await this.#held;
    return super.open(...given);
  }
}

async function aCacheWithAnEntryInTheStore() {
  const dataDir = await aFolder();
  const sealer = new SlowSealer();
  await (await aCache({}, { dataDir })).keep(REF, aDraft({ tags: ['red'], json: '"old"' }));
  const cache = await aCache({}, { dataDir, sealer });
  return { cache, sealer };
}

test.each([
  ['a purge of the tenant', (cache) => cache.forgetTenant('north')],
  ['a purge of its tag', (cache) => cache.forgetTag('north', 'red')],
  ['a newer answer', (cache) => cache.keep(REF, aDraft({ json: '"new"' }))],
] as [string, (cache: TieredCache) => Promise<unknown>][])('%s overtakes it', async (_, overtake) => {
  const { cache, sealer } = await aCacheWithAnEntryInTheStore();
  const release = sealer.hold();
  const looked = cache.look(REF);
  await overtake(cache);
  release();
  expect((await looked)?.tier ?? 'sqlite').toBe('sqlite');
  expect(cache.lookInMemory(REF)?.entry.json).not.toBe('"old"');
  expect((await cache.look(REF))?.entry.json).not.toBe('"old"');
});

test('what a reader brought to memory before the store knew of the purge is gone when the purge returns', async () => {
  const store = await SqliteStore.open({ file: join(await aFolder(), 'cache.sqlite') });
  const keys = new Keyspace('t', NAMES);
  const memory = new MemoryTier(2 ** 20);
  const fences = new Fences();
  const policy = new Policy(settings());
  const invalidations = new Invalidations(new LocalBus(), memory, fences);
  const stored = new StoredTier(store, new PlainSealer(), keys, policy.longestLifeMs);
  const cache = new TieredCache({ memory, stored, keys, policy, fences, invalidations, entryMaxBytes: 1000 });
  onTestFinished(() => cache.close());
  await cache.keep(REF, aDraft({ tags: ['red'] }));

  const forgetGroup = stored.forgetGroup.bind(stored);
  stored.forgetGroup = async (...given) => {
    expect((await cache.look(REF))?.tier).toBe('sqlite');
    expect(cache.lookInMemory(REF)).toBeDefined();
    return forgetGroup(...given);
  };
  await cache.forgetTag('north', 'red');
  expect(cache.lookInMemory(REF)).toBeUndefined();
  expect(await cache.look(REF)).toBeUndefined();
});
