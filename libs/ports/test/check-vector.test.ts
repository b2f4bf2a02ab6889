// Vectors that cannot be compared are refused with the reason, whatever store they are for.
import { expect, test } from 'vitest';
import { checkVector } from '../src/index.js';

const COLLECTION = { name: 'documents', dimension: 2, metric: 'cosine' } as const;

test('takes a vector of the dimension, with finite numbers and a direction', () => {
  expect(() => checkVector(Float32Array.of(0, -1), COLLECTION, 'the query')).not.toThrow();
  expect(() => checkVector(Float32Array.of(0, 0), { ...COLLECTION, metric: 'l2' }, 'the query')).not.toThrow();
  expect(() => checkVector(Float32Array.of(3e38, 3e38), COLLECTION, 'the query')).not.toThrow();
});

test.each([
  [Float32Array.of(1), 'vector.dimension_mismatch', 'The vector of document 3 has 1 dimensions'],
  [Float32Array.of(1, Number.NaN), 'vector.vector_invalid', 'document 3'],
  [Float32Array.of(Number.NEGATIVE_INFINITY, 1), 'vector.vector_invalid', 'document 3'],
  [Float32Array.of(0, 0), 'vector.vector_invalid', 'document 3'],
])('refuses %s', (vector, code, says) => {
  expect(() => checkVector(vector, COLLECTION, 'document 3')).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(says) }),
  );
});
