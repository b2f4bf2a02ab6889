// Refuses vectors that cannot be compared, before anything is written or searched.
import { failure } from '#ports';
import type { CollectionRow } from './collection-table.js';
import { lengthOf } from './quantise.js';

/**
 * @param subject What the vector belongs to, for the message, e.g. `the query`.
 * @throws Failure `vector.dimension_mismatch` or `vector.vector_invalid`
 */
export function checkVector(vector: Float32Array, { name, dimension, metric }: CollectionRow, subject: string): void {
  if (vector.length !== dimension) {
    const facts = { subject, received: vector.length, collection: name, expected: dimension };
    throw failure('vector.dimension_mismatch', facts);
  }
  const length = lengthOf(vector);
  if (!Number.isFinite(length) || (metric === 'cosine' && length === 0)) {
    throw failure('vector.vector_invalid', { subject });
  }
}
