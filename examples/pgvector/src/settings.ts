// Settings of an index and of a search, by the names that all stores use, checked and put in pgvector's own.
import { failure } from 'resk-caching/ports';
import { PROVIDER } from './failures.js';

interface Range {
  /** pgvector's name. */
  own: string;
  min: number;
  max: number;
}

/** Bounds: https://github.com/pgvector/pgvector#hnsw and #ivfflat */
const INDEX: Record<string, Range & { method: AnnIndex['method'] }> = {
  M: { own: 'm', min: 2, max: 100, method: 'hnsw' },
  efConstruction: { own: 'ef_construction', min: 4, max: 1000, method: 'hnsw' },
  nlist: { own: 'lists', min: 1, max: 32_768, method: 'ivfflat' },
};

const SEARCH: Record<string, Range> = {
  efSearch: { own: 'hnsw.ef_search', min: 1, max: 1000 },
  nprobe: { own: 'ivfflat.probes', min: 1, max: 32_768 },
};

export const INDEX_SETTINGS = Object.keys(INDEX);
export const SEARCH_SETTINGS = Object.keys(SEARCH);

/** pgvector indexes vectors of up to so many numbers; it keeps and compares longer ones. */
const MAX_INDEXED = 2000;

export interface AnnIndex {
  method: 'hnsw' | 'ivfflat';
  settings: Record<string, number>;
}

/** The index that the settings ask for; none without settings: the search is exact then. */
export function annIndex(given: Record<string, number> = {}, dimension: number): AnnIndex | undefined {
  const entries = checked(given, INDEX);
  const methods = new Set(entries.map(([{ method }]) => method));
  const [method] = methods;
  if (!method) return undefined;
  if (methods.size > 1) throw refused('nlist is of another kind of index than M and efConstruction');
  if (dimension > MAX_INDEXED) throw refused(`vectors of more than ${MAX_INDEXED} numbers cannot be indexed`);
  const settings = Object.fromEntries(entries.map(([{ own }, value]) => [own, value]));
  const { m = 16, ef_construction: ef = 64 } = settings;
  if (method === 'hnsw' && ef < 2 * m) throw refused('efConstruction must be at least twice M');
  return { method, settings };
}

/** Statements for the transaction of one search. Numbers were checked: they may stand in the text. */
export function searchSql(given: Record<string, number> = {}, k: number): string {
  const wanted = new Map([
    ['hnsw.iterative_scan', 'strict_order'],
    ['ivfflat.iterative_scan', 'relaxed_order'],
    ['hnsw.ef_search', String(Math.min(Math.max(40, k), 1000))],
  ]);
  for (const [{ own }, value] of checked(given, SEARCH)) wanted.set(own, String(value));
  return [...wanted].map(([name, value]) => `SET LOCAL ${name} = ${value}`).join('; ');
}

function checked<R extends Range>(given: Record<string, number>, known: Record<string, R>): Array<[R, number]> {
  return Object.entries(given).map(([name, value]) => {
    const range = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!range) {
      const names = Object.keys(known).join(', ');
      throw failure('vector.setting_unsupported', { provider: PROVIDER, setting: name, known: names });
    }
    const { min, max } = range;
    if (!Number.isInteger(value) || value < min || value > max) {
      throw refused(`${name} must be a whole number from ${min} to ${max}`);
    }
    return [range, value];
  });
}

function refused(reason: string) {
  return failure('vector.input_refused', { provider: PROVIDER, reason });
}
