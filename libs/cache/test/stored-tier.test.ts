// What comes between the steps of keeping an entry in the store.
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { PlainSealer } from '#crypto';
import type { ByteStore } from '#ports';
import { SqliteStore } from '../src/index.js';
import { Keyspace } from '../src/keyspace.js';
import { StoredTier } from '../src/stored-tier.js';
import { aFolder, anEntry, NAMES } from './support/a-cache.js';

const REF = anEntry('north', 'opening hours');
const KEYS = new Keyspace('t', NAMES);
const ENTRY = {
  json: '1',
  createdAt: 0,
  expiresAt: 1e13,
  staleUntil: 1e13,
  origin: 'written',
  negative: false,
  tags: ['red'],
  subjects: [],
} as const;

/** Two tiers over one store; `before` is run ahead of each write of the first. */
async function twoTiers(before: (other: StoredTier) => Promise<unknown>) {
  const store = await SqliteStore.open({ file: join(await aFolder(), 'cache.sqlite') });
  onTestFinished(() => store.close());
  const tierOver = (one: ByteStore) => new StoredTier(one, new PlainSealer(), KEYS, 60_000);
  const other = tierOver(store);
  const interrupted: ByteStore = Object.create(store, {
    tier: { value: store.tier },
    getMany: { value: store.getMany.bind(store) },
    counters: { value: store.counters.bind(store) },
    delete: { value: store.delete.bind(store) },
    replace: { value: store.replace.bind(store) },
    set: {
      value: async (...write: Parameters<ByteStore['set']>) => {
        await before(other);
        await store.set(...write);
      },
    },
  });
  return { tier: tierOver(interrupted), other };
}

test.each([
  ['of the entry', (other) => other.forget(REF), false],
  ['of its tenant', (other) => other.forgetTenant('north'), true],
  ['of its tag', (other) => other.forgetGroup('north', KEYS.group('tag', 'north', 'red')), true],
] as [string, (other: StoredTier) => Promise<unknown>, boolean][])(
  'a purge %s between the check and the write of a fill leaves nothing that is served',
  async (_, purge, kept) => {
    const { tier, other } = await twoTiers(purge);
    const mark = await tier.purges(REF);
    // The purge of one entry is seen at once; those of many are seen by each reader.
    expect(Boolean(await tier.write(REF, ENTRY, { now: 0, mark }))).toBe(kept);
    expect(await other.read(REF)).toBeUndefined();
  },
);

test('without a purge between, the fill is served', async () => {
  const { tier, other } = await twoTiers(async () => {});
  expect(await tier.write(REF, ENTRY, { now: 0, mark: await tier.purges(REF) })).toBeDefined();
  expect(await other.read(REF)).toMatchObject({ json: '1' });
});
