// The exact nearest points of a collection: what the scan holds possible, decided on the stored vectors.
import type { Metric } from '#ports';
import type { CollectionRow } from './collection-table.js';
import type { PointRow, PointTable } from './point-table.js';
import { lengthOf, quantiseQuery } from './quantise.js';
import type { Candidates } from './scan.js';
import type { ScanPool } from './scan-pool.js';
import type { Segment } from './segment.js';
import { Slices } from './slices.js';

/** Rounding of the exact products themselves, relative to the query's length squared. */
const EXACT_ROUNDING = 1e-12;

export interface Wanted {
  vector: Float32Array;
  count: number;
  /** Epoch milliseconds. */
  now: number;
  eligible: Uint8Array | undefined;
  /** Whether rows with purposes are wanted too, as far as they are eligible. */
  purposed: boolean;
  signal: AbortSignal | undefined;
}

export interface Ranked {
  row: PointRow;
  /** Cosine, distance or product, by the collection's metric. */
  raw: number;
}

/**
 * The `count` nearest, nearest first; fewer where there are not so many. Possible rows are read in the order of what
 * they can reach at best, until none can reach the last one found: no true neighbour is missed, and few rows are read.
 */
export async function nearest(
  { pool, points }: { pool: ScanPool; points: PointTable },
  collection: CollectionRow,
  segment: Segment,
  { vector, count, now, eligible, purposed, signal }: Wanted,
): Promise<Ranked[]> {
  const query = quantiseQuery(vector, collection.metric);
  const found = await pool.scan({ ...segment.scanned(), query, wanted: count, now, eligible, purposed });
  const exact = exactly(collection.metric, vector);
  const top = new Top(count);
  const slices = new Slices();
  for (const at of byReach(found)) {
    if (found.highs[at]! + exact.rounding < top.last) break;
    const row = points.byNumber(collection.number, segment.numberAt(found.slots[at]!));
    if (row?.consent && (row.expiresAt === undefined || row.expiresAt > now)) top.add(row, exact.measure(row.vector));
    await slices.rest(signal);
  }
  return top.list();
}

/** Candidates by the most that each can reach. What has no bound comes first. */
function byReach({ highs }: Candidates): number[] {
  const order = highs.map((_, at) => at);
  const reach = (at: number) => (Number.isNaN(highs[at]) ? Number.POSITIVE_INFINITY : highs[at]!);
  return order.sort((a, b) => (reach(a) === reach(b) ? a - b : reach(b) - reach(a)));
}

interface Measured {
  raw: number;
  /** Larger is nearer; in the units of the scan's bounds. */
  key: number;
}

/** How a stored vector is compared with the query, in float64. */
export function exactly(
  metric: Metric,
  query: Float32Array,
): { measure(vector: Float32Array): Measured; rounding: number } {
  const length = lengthOf(query);
  if (metric === 'cosine') {
    const cosine = (vector: Float32Array) => dot(query, vector) / (length * lengthOf(vector));
    return { rounding: EXACT_ROUNDING, measure: (vector) => asKey(cosine(vector)) };
  }
  const rounding = length * length * EXACT_ROUNDING;
  if (metric === 'dot') return { rounding, measure: (vector) => asKey(dot(query, vector)) };
  return {
    rounding,
    measure: (vector) => {
      const squared = squaredDistance(query, vector);
      return { raw: Math.sqrt(squared), key: length * length - squared };
    },
  };
}

function asKey(raw: number): Measured {
  return { raw, key: raw };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

/** The largest by key, so many at most, in order. */
class Top {
  private readonly sorted: Array<Ranked & { key: number }> = [];

  constructor(private readonly count: number) {}

  /** The key that another one must reach to get in. */
  get last(): number {
    return this.sorted.length < this.count ? Number.NEGATIVE_INFINITY : this.sorted.at(-1)!.key;
  }

  add(row: PointRow, { raw, key }: Measured): void {
    if (this.sorted.length === this.count && key <= this.last) return;
    let at = this.sorted.length;
    while (at > 0 && this.sorted[at - 1]!.key < key) at--;
    this.sorted.splice(at, 0, { row, raw, key });
    if (this.sorted.length > this.count) this.sorted.pop();
  }

  list(): Ranked[] {
    return this.sorted;
  }
}
