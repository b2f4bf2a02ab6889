// Caches for tests, real in every part, that close with the test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readConfig } from '#config';
import { KeyNames, PlainSealer } from '#crypto';
import { type CacheConfig, cacheSection, type EntryDraft, type OpenCacheOptions, openCache } from '../../src/index.js';

export const NAMES = new KeyNames(Buffer.alloc(32, 7));

/** The settings with their defaults, without jitter, unless given. */
export function settings(env: Record<string, string> = {}): CacheConfig {
  const given: Record<string, string> = { CACHE_TTL_JITTER: '0', ...env };
  const sources = {
    lookUp: (name: string) => (given[name] === undefined ? undefined : { text: given[name], source: 'test' }),
  };
  return readConfig([cacheSection], sources).cache;
}

export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resk-cache-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A clock that stands until it is moved. */
export class Clock {
  #now = Date.now();
  readonly now = () => this.#now;

  advance(ms: number): void {
    this.#now += ms;
  }
}

export async function aCache(env: Record<string, string> = {}, o: Partial<OpenCacheOptions> = {}) {
  const dataDir = o.dataDir ?? (await aFolder());
  const cache = await openCache(settings(env), { sealer: new PlainSealer(), names: NAMES, ...o, dataDir });
  onTestFinished(() => cache.close());
  return cache;
}

export function anEntry(tenant: string, label: string) {
  return { tenant, name: NAMES.name(`${tenant}\n${label}`) };
}

export function aDraft(over: Partial<EntryDraft> = {}): EntryDraft {
  return { json: '{"answer":42}', origin: 'written', ...over };
}
