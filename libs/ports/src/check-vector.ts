// Refuses vectors that cannot be compared, before anything is written or searched.
import { failure } from './failure.js';
import type { Metric } from './vector-store.js';

/**
 * Every store checks what it is given, before it writes anything of a batch: a database would take some of it.
 * @param subject What the vector belongs to, for the message, e.g. `the query`.
 * @throws Failure `vector.dimension_mismatch` or `vector.vector_invalid`
 */
export function checkVector(
  vector: Float32Array,
  { name, dimension, metric }: { name: string; dimension: number; metric: Metric },
  subject: string,
): void {
  if (vector.length !== dimension) {
    const facts = { subject, received: vector.length, collection: name, expected: dimension };
    throw failure('vector.dimension_mismatch', facts);
  }
  let squares = 0;
  for (const number of vector) squares += number * number;
  if (!Number.isFinite(squares) || (metric === 'cosine' && squares === 0)) {
    throw failure('vector.vector_invalid', { subject });
  }
}
