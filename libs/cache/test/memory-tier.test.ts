// The memory tier: bounded by bytes, exact in what it counts, and quick to let go.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listen } from '#ports';
import type { Entry } from '../src/index.js';
import { MemoryTier } from '../src/memory-tier.js';

const NOW = 1_000_000;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function anEntry(name: string, json = '"x"', over: Partial<Entry> = {}): Entry {
  const life = { createdAt: NOW, expiresAt: NOW + 1000, staleUntil: NOW + 1500 };
  const bytes = Buffer.byteLength(name) + Buffer.byteLength(json);
  return { name, json, ...life, origin: 'written', negative: false, tags: [], subjects: [], bytes, ...over };
}

const whose = (tenant: string, groups: string[] = []) => ({ tenant, tenantTag: `${tenant}!`, groups });
const at = (tenant: string, name: string) => ({ tenant, name });

function evictions() {
  const seen: string[] = [];
  onTestFinished(listen('cache.evicted', ({ reason }) => seen.push(reason)));
  return seen;
}

test('holds no more bytes than it may, and lets the least recently used go first', () => {
  const seen = evictions();
  const tier = new MemoryTier(100_000);
  const json = JSON.stringify('x'.repeat(2000));
  for (let n = 0; n < 20; n++) {
    tier.put(anEntry(`e${n}`, json), whose('north'));
    tier.find(at('north', 'e0'), NOW);
    expect(tier.bytes).toBeLessThanOrEqual(100_000);
  }
  for (let n = 20; n < 100; n++) tier.put(anEntry(`e${n}`, json), whose(`t${n % 7}`));
  expect(tier.bytes).toBeLessThanOrEqual(100_000);
  expect(tier.bytes).toBeGreaterThan(90_000);
  expect(seen).toHaveLength(100 - tier.entries);
  expect(tier.find(at('t1', 'e99'), NOW)).toBeDefined();
  expect(tier.find(at('north', 'e1'), NOW)).toBeUndefined();
});

test.each(['x', 'é', '€'])(
  'reckons at least what entries of %j take in memory, with a derived form as large',
  (character) => {
    const taken = () => {
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const tier = new MemoryTier(2 ** 30);
    const before = taken();
    for (let n = 0; n < 2000; n++) {
      // Each text is made for itself, so that they share nothing.
      const entry = anEntry(`name ${n}`, Buffer.from(character.repeat(500) + n).toString());
      entry.derived = Buffer.from(entry.json).toString();
      tier.put(entry, whose(`tenant ${n % 100}`, [`group ${n % 10}`]));
    }
    expect(taken() - before).toBeLessThan(tier.bytes);
    expect(tier.entries).toBe(2000);
  },
);

test('does not take an entry larger than itself, nor any when it has no room at all', () => {
  const tier = new MemoryTier(5000);
  expect(tier.put(anEntry('large', 'x'.repeat(5000)), whose('north'))).toBe(false);
  expect(new MemoryTier(0).put(anEntry('a'), whose('north'))).toBe(false);
  expect([tier.entries, tier.bytes]).toEqual([0, 0]);
});

test('says hit, stale, and gone by the clock, and lets go of what is gone', () => {
  const seen = evictions();
  const tier = new MemoryTier(5000);
  tier.put(anEntry('a'), whose('north'));
  expect(tier.find(at('north', 'a'), NOW + 999)?.state).toBe('fresh');
  expect(tier.find(at('north', 'a'), NOW + 1000)?.state).toBe('stale');
  expect(tier.find(at('north', 'a'), NOW + 1500)).toBeUndefined();
  expect(seen).toEqual(['expired']);
  expect([tier.entries, tier.bytes]).toEqual([0, 0]);
});

test('gives the same object for each hit, so that a derived form stays with the entry', () => {
  const tier = new MemoryTier(5000);
  tier.put(anEntry('a'), whose('north'));
  const found = tier.find(at('north', 'a'), NOW)!;
  found.entry.derived = { parsed: true };
  expect(tier.find(at('north', 'a'), NOW)).toBe(found);
});

describe('letting go of a tenant', () => {
  test('makes its entries dead at once, frees them step by step, and leaves others alone', () => {
    const seen = evictions();
    const tier = new MemoryTier(2 ** 30);
    for (let n = 0; n < 1000; n++) tier.put(anEntry(`n${n}`), whose('north', ['g']));
    tier.put(anEntry('s'), whose('south'));
    expect(tier.dropTenant('north!')).toBe(1000);
    expect(tier.dropTenant('north!')).toBe(0);
    expect(tier.entries).toBe(1);
    expect(tier.find(at('north', 'n1'), NOW)).toBeUndefined();
    expect(tier.drop('n1')).toBe(false);
    expect(tier.dropGroup('north!', 'g')).toBe(0);
    for (let n = 0; n < 20; n++) tier.put(anEntry(`n${n}`, '"new"'), whose('north'));
    expect(tier.find(at('north', 'n1'), NOW)?.entry.json).toBe('"new"');
    expect(tier.find(at('south', 's'), NOW)).toBeDefined();
    expect(tier.entries).toBe(21);
    expect(seen).toEqual([]);
  });

  test('keeps the counts right when the dead are crowded out', () => {
    const tier = new MemoryTier(20_000);
    for (let n = 0; n < 10; n++) tier.put(anEntry(`n${n}`), whose('north'));
    tier.dropTenant('north!');
    for (let n = 0; n < 200; n++) tier.put(anEntry(`s${n}`, '"long enough to crowd out"'), whose('south', ['g']));
    const listed = tier.entriesOf('south!');
    expect(tier.entries).toBe(listed.length);
    expect(tier.dropGroup('south!', 'g')).toBe(listed.length);
    expect([tier.entries, tier.bytes]).toEqual([0, 0]);
  });
});

test('lists the entries of a tenant, and of a group, in the order of names', () => {
  const tier = new MemoryTier(2 ** 20);
  const names = (entries: Entry[]) => entries.map(({ name }) => name);
  for (const name of ['c', 'a', 'b']) tier.put(anEntry(name), whose('north', name === 'a' ? [] : ['g']));
  expect(names(tier.entriesOf('north!'))).toEqual(['a', 'b', 'c']);
  expect(names(tier.entriesIn('north!', 'g'))).toEqual(['b', 'c']);
  expect([...tier.entriesOf('south!'), ...tier.entriesIn('south!', 'g'), ...tier.entriesIn('north!', 'h')]).toEqual([]);
});

test('gives no entry that is older than its tenant lets entries be', () => {
  const limits: Record<string, number> = { north: 500 };
  const tier = new MemoryTier(2 ** 20, { lifeLimit: (tenant) => limits[tenant] });
  tier.put(anEntry('n'), whose('north'));
  tier.put(anEntry('s'), whose('south'));
  expect(tier.find(at('north', 'n'), NOW + 499)?.state).toBe('fresh');
  expect(tier.find(at('north', 'n'), NOW + 500)).toBeUndefined();
  expect(tier.find(at('south', 's'), NOW + 500)?.state).toBe('fresh');
  limits.south = 100;
  expect(tier.find(at('south', 's'), NOW + 500)).toBeUndefined();
});
