// What a look into the memory tier costs, against the raw lru-cache that it is built on.
import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { cacheSection, canonicalKey, openCache } from '#cache';
import { environmentSources, readConfig } from '#config';
import { KeyNames, PlainSealer } from '#crypto';
import { median } from './hits.js';

export interface LookFigures {
  name: string;
  nanoseconds: number;
  /** The raw get's time as a share of this one's: the median over rounds. */
  ratio: number;
}

const ENTRIES = 10_000;
const LOOKS = 1_000_000;
const ROUNDS = 7;

export async function benchMemoryTier(): Promise<LookFigures[]> {
  const names = new KeyNames(randomBytes(32));
  const env = { CACHE_BACKEND: 'memory', CACHE_MEMORY_MAX: '256MiB' };
  const { cache: config } = readConfig([cacheSection], environmentSources({ env, envFile: false }));
  const cache = await openCache(config, { dataDir: '.', sealer: new PlainSealer(), names });
  const queries = Array.from({ length: ENTRIES }, (_, index) => `question number ${index} of the bench`);
  const refs = queries.map((query) => ({
    tenant: 'bench',
    name: canonicalKey({ tenant: 'bench', query }, names, 'standard'),
  }));
  const raw = new LRUCache<string, { json: string }>({ max: ENTRIES });
  for (const ref of refs) {
    await cache.keep(ref, { json: '{"answer":"yes"}', origin: 'written' });
    raw.set(ref.name, { json: '{"answer":"yes"}' });
  }
  const contenders = [
    { name: 'lru-cache get', look: (index: number) => raw.get(refs[index]!.name)?.json },
    { name: 'TieredCache.lookInMemory', look: (index: number) => cache.lookInMemory(refs[index]!)?.entry.json },
    {
      name: 'canonicalKey',
      look: (index: number) => canonicalKey({ tenant: 'bench', query: queries[index]! }, names, 'standard'),
    },
  ].map((one) => ({ ...one, rounds: [] as number[] }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const one of contenders) {
      const spent = timed(one.look);
      if (round > 0) one.rounds.push(spent);
    }
  }
  await cache.close();
  const [baseline] = contenders;
  return contenders.map(({ name, rounds }) => ({
    name,
    nanoseconds: median(rounds),
    ratio: median(rounds.map((spent, index) => baseline!.rounds[index]! / spent)),
  }));
}

/** Nanoseconds a look. */
function timed(look: (index: number) => string | undefined): number {
  const started = process.hrtime.bigint();
  for (let index = 0; index < LOOKS; index++) if (look(index % ENTRIES) === undefined) throw new Error('a look missed');
  return Number(process.hrtime.bigint() - started) / LOOKS;
}
