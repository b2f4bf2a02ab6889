// How rows lie in a block of shared memory: one array a property, so that the kernel reads nothing but components.

/** Blocks are the unit in which collections take and give back memory; the widest vector (65,536 components) fits into one. */
export const BLOCK_BYTES = 128 * 1024;

/** Places inside a block, in bytes from its begin, and how many rows it holds. */
export interface BlockLayout {
  capacity: number;
  /** Bytes from one row's components to the next one's: the dimension, rounded up to what the kernel steps. */
  stride: number;
  /** float64: epoch milliseconds after which the row does not count; infinite for most. */
  expiries: number;
  /** float32: what one step of a component stands for. */
  scales: number;
  /** float32: length of what quantising lost; never too small. */
  errors: number;
  /** float32: length of the vector. */
  norms: number;
  /** int8 × stride. */
  components: number;
  /** uint8: `ROW_LIVE` or why not. */
  states: number;
}

export const ROW_GONE = 0;
export const ROW_LIVE = 1;
/** Kept, but never retrieved: no consent, or not readable with the keys at hand. */
export const ROW_WITHHELD = 2;
/** Found only by a query for one of the purposes that it may be used for. */
export const ROW_PURPOSED = 3;

const KERNEL_STEP = 16;
const BYTES_BESIDE_COMPONENTS = 8 + 4 + 4 + 4 + 1;

export function layoutOf(dimension: number): BlockLayout {
  const stride = Math.ceil(dimension / KERNEL_STEP) * KERNEL_STEP;
  // A multiple of four keeps every array aligned.
  const fitting = Math.floor((BLOCK_BYTES - KERNEL_STEP) / (stride + BYTES_BESIDE_COMPONENTS));
  const capacity = fitting >= 4 ? fitting - (fitting % 4) : 1;
  const scales = capacity * 8;
  const errors = scales + capacity * 4;
  const norms = errors + capacity * 4;
  const components = Math.ceil((norms + capacity * 4) / KERNEL_STEP) * KERNEL_STEP;
  return { capacity, stride, expiries: 0, scales, errors, norms, components, states: components + capacity * stride };
}
