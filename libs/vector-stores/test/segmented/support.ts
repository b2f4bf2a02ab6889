// Points of models, and stores in segments, for these tests.
import { onTestFinished } from 'vitest';
import type { VectorPoint, VectorStore } from '#ports';
import { type Bus, LocalBus, MemoryRecords, type Records } from '#records';
import { type SegmentedOptions, SegmentedStore } from '#vector-stores';
import { aStore, HERE } from '../support/stores.js';

export const OLD = { provider: 'acme', model: 'small', version: '1' };
export const NEW = { provider: 'acme', model: 'large', version: '1' };

export const oldTag = { ...OLD, dimension: 2 };
export const newTag = { ...NEW, dimension: 3 };

let writings = 1_700_000_000_000;

/** A point whose vector the model made; of two dimensions where it is the old one, of three where it is the new one. */
export function made(by: typeof OLD | undefined, id: string, more: Partial<VectorPoint> = {}): VectorPoint {
  const vector = by === NEW ? Float32Array.of(1, 0, 0) : Float32Array.of(1, 0);
  return { id, vector, text: `text of ${id}`, lineage: { ...by, ingestedAt: writings++ }, ...more };
}

export const byOld = { vector: Float32Array.of(1, 0), k: 100, by: OLD };
export const byNew = { vector: Float32Array.of(1, 0, 0), k: 100, by: NEW };

export async function aSegmented(
  o: { store?: VectorStore; records?: Records; bus?: Bus } & Partial<SegmentedOptions> = {},
) {
  const { store = await aStore(), records = new MemoryRecords(), bus = new LocalBus(), ...more } = o;
  const segmented = await SegmentedStore.open(store, { records, bus, settledMs: 0, ...more });
  onTestFinished(() => segmented.close());
  return { segmented, store, records, bus };
}

/** With a collection of two dimensions, and these points. */
export async function aCollection(points: readonly VectorPoint[], o: Parameters<typeof aSegmented>[0] = {}) {
  const made = await aSegmented(o);
  await made.segmented.openCollection(HERE, { dimension: 2, metric: 'cosine' });
  if (points.length > 0) await made.segmented.upsert(HERE, points);
  return made;
}

export const idsOf = (points: readonly { id: string }[]) => points.map(({ id }) => id).sort();

export const found = async (store: VectorStore, query: typeof byOld) => idsOf(await store.query(HERE, query));

/** Names of the store's own collections. */
export const inside = async (store: VectorStore) =>
  (await store.listCollections(HERE.tenant)).map(({ name }) => name).sort();

export async function all(store: VectorStore, limit = 2): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.list(HERE, { limit, ...(cursor !== undefined && { cursor }) });
    ids.push(...page.points.map(({ id }) => id));
    cursor = page.cursor;
    if (cursor === undefined) return ids.sort();
  }
}

/** The same store; before each call of one method something else happens. */
export function interrupted(
  store: VectorStore,
  method: keyof VectorStore,
  meanwhile: () => Promise<unknown>,
): VectorStore {
  return new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== 'function') return value;
      if (name !== method) return value.bind(target);
      return async (...args: unknown[]) => {
        await meanwhile();
        return value.apply(target, args) as unknown;
      };
    },
  });
}
