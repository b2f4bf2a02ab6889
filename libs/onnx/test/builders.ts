// What the tests of this room are made of.
import type { InferenceSpec } from '../src/inference.js';
import { readModelFolder } from '../src/model-folder.js';

/** How a folder's model is run, read from the folder as `LocalModel` does. */
export async function aSpec(folder: string, more: Partial<InferenceSpec> = {}): Promise<InferenceSpec> {
  const { path, file, maxTokens, pooling, normalise } = await readModelFolder(folder);
  return { folder: path, file, maxTokens, pooling, normalise, threads: 1, ...more };
}

export function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, one, at) => sum + one * y[at]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

export function lengthOf(vector: Float32Array): number {
  return Math.hypot(...vector);
}
