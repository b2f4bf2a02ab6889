// Turns vectors into small integers that the kernel multiplies, and says how much that loses at most.
import type { Metric } from '#ports';

const MAX_BYTE = 127;
const MAX_SHORT = 32_767;
const MAX_SUM = 2 ** 31 - 1;
/** Rounds upwards when stored as float32: a bound must never become smaller. */
const ROUNDED_UP = 1 + 2 ** -20;
const SMALLEST_FLOAT32 = 2 ** -149;

/** Length of a vector; not finite if one of its components is not. */
export function lengthOf(vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  return Math.sqrt(sum);
}

function largestOf(vector: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) {
    const size = Math.abs(vector[i]!);
    if (size > largest) largest = size;
  }
  return largest;
}

export interface QuantisedRow {
  scale: number;
  /** Upper bound of the length of (vector - scale × bytes). */
  error: number;
  /** Length of the vector (1 under cosine). */
  norm: number;
}

/** Writes a vector as bytes of -127..127 to `out`, zeros behind it. Under cosine the vector's direction is what counts. */
export function quantiseRow(vector: Float32Array, metric: Metric, out: Int8Array): QuantisedRow {
  const length = lengthOf(vector);
  const unit = metric === 'cosine' ? 1 / length : 1;
  const largest = largestOf(vector);
  const scale = Math.fround((largest * unit) / MAX_BYTE);
  const perStep = scale > 0 ? unit / scale : 0;
  let lost = 0;
  for (let i = 0; i < vector.length; i++) {
    // Half up by floor: many times faster than Math.round, and as good here. The clamp catches a scale rounded down.
    const step = Math.min(MAX_BYTE, Math.floor(vector[i]! * perStep + 0.5));
    out[i] = step;
    const off = vector[i]! * unit - step * scale;
    lost += off * off;
  }
  out.fill(0, vector.length);
  return { scale, error: Math.sqrt(lost) * ROUNDED_UP + SMALLEST_FLOAT32, norm: length * unit };
}

export interface QuantisedQuery {
  components: Int16Array;
  /** What one step of a component stands for. */
  scale: number;
  /** Length of the query (1 under cosine). */
  norm: number;
  /** Length of what quantising lost. */
  error: number;
}

/** The query as 16-bit integers, small enough that no product with a row of bytes leaves 32 bits (Cauchy–Schwarz). */
export function quantiseQuery(vector: Float32Array, metric: Metric): QuantisedQuery {
  const length = lengthOf(vector);
  const unit = metric === 'cosine' ? 1 / length : 1;
  const largest = largestOf(vector);
  if (largest === 0) return { components: new Int16Array(vector.length), scale: 0, norm: 0, error: 0 };
  const longestRow = MAX_BYTE * Math.sqrt(vector.length);
  // Rounding adds at most half a step a component to the query's length.
  const longestQuery = MAX_SUM / longestRow - Math.sqrt(vector.length);
  const perStep = Math.min(MAX_SHORT / largest, longestQuery / length);
  const components = new Int16Array(vector.length);
  let lost = 0;
  for (let i = 0; i < vector.length; i++) {
    const step = Math.floor(vector[i]! * perStep + 0.5);
    components[i] = step;
    const off = vector[i]! - step / perStep;
    lost += off * off;
  }
  return { components, scale: unit / perStep, norm: length * unit, error: Math.sqrt(lost) * unit };
}
