// A store in segments keeps every promise of the port: with one segment, and with several.
import { describe, test } from 'vitest';
import { type CollectionRef, type CollectionSpec, type VectorStore, vectorStoreContract } from '#ports';
import { aSegmented, NEW, OLD } from './support.js';

describe('segmented', () => {
  for (const { name, run } of vectorStoreContract(async () => (await aSegmented()).segmented)) test(name, run);
});

/** Every collection that is made has had points of two models before, so that it has two segments. */
async function inTwo(): Promise<VectorStore> {
  const { segmented } = await aSegmented();
  const openCollection = async (ref: CollectionRef, spec: CollectionSpec) => {
    const before = await segmented.describeCollection(ref);
    const info = await segmented.openCollection(ref, spec);
    if (before) return info;
    const vector = Float32Array.from({ length: spec.dimension }, (_, at) => (at === 0 ? 1 : 0));
    for (const by of [OLD, NEW])
      await segmented.upsert(ref, [{ id: by.model, vector, lineage: { ...by, ingestedAt: 1 } }]);
    await segmented.delete(ref, { ids: [OLD.model, NEW.model] });
    return info;
  };
  return new Proxy(segmented, {
    get: (target, name) => {
      if (name === 'openCollection') return openCollection;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('segmented, with two segments', () => {
  for (const { name, run } of vectorStoreContract(inTwo)) test(name, run);
});
