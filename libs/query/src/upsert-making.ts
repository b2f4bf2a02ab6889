// Writes points into a collection that may not be there yet.
import {
  type CallOptions,
  type CollectionRef,
  type CollectionSpec,
  isFailure,
  type VectorPoint,
  VectorStore,
} from '#ports';

/** Makes the collection where it is absent. Gives how many points were written. */
export async function upsertMaking(
  store: VectorStore,
  ref: CollectionRef,
  points: readonly VectorPoint[],
  spec: () => CollectionSpec,
  options: CallOptions,
): Promise<number> {
  try {
    return await store.upsert(ref, points, options);
  } catch (error) {
    if (!isFailure(error, 'vector.collection_absent')) throw error;
    await store.openCollection(ref, spec(), options);
    return store.upsert(ref, points, options);
  }
}
