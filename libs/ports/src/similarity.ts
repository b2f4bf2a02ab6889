// What a score means: one similarity in 0..1, larger is nearer, whatever the metric.
import type { Metric } from './vector-store.js';

/**
 * Maps what a metric measures to a score in 0..1. Every mapping keeps the order, so ranking by score ranks by nearness.
 *
 * - `cosine`: `raw` is the cosine, -1..1. Score (1 + cos) / 2: 1 same direction, 0.5 unrelated, 0 opposite.
 * - `l2`: `raw` is the Euclidean distance (not squared). Score 1 / (1 + d): 1 the same point, 0.5 at distance 1.
 * - `dot`: `raw` is the inner product, unbounded. Score (1 + x / (1 + |x|)) / 2: 0.5 at 0. A logistic curve would be 1 for
 *   everything above 37; this one still tells products of a million apart.
 */
export function similarity(metric: Metric, raw: number): number {
  if (metric === 'cosine') return (1 + Math.max(-1, Math.min(1, raw))) / 2;
  if (metric === 'l2') return 1 / (1 + raw);
  if (!Number.isFinite(raw)) return raw > 0 ? 1 : 0;
  return (1 + raw / (1 + Math.abs(raw))) / 2;
}

/** The cosine of two vectors of one dimension, -1..1; not a number where one has no direction. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, ofA, ofB] = [0, 0, 0];
  for (let at = 0; at < a.length; at++) {
    dot += a[at]! * b[at]!;
    ofA += a[at]! ** 2;
    ofB += b[at]! ** 2;
  }
  return dot / Math.sqrt(ofA * ofB);
}
