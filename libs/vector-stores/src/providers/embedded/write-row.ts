// Writes one row into a block of shared memory.
import type { Metric } from '#ports';
import { type BlockLayout, ROW_LIVE, ROW_PURPOSED, ROW_WITHHELD } from './block-layout.js';
import { quantiseRow } from './quantise.js';

export interface SegmentRow {
  /** Number of the point in the database. */
  number: number;
  vector: Float32Array;
  expiresAt: number | undefined;
  consent: boolean;
  /** Whether only a query for one of its purposes may find it. */
  purposed: boolean;
  /** Epoch milliseconds. */
  ingestedAt: number;
}

export type Views = ReturnType<typeof viewsOf>;

export function viewsOf(buffer: ArrayBufferLike) {
  return {
    int8: new Int8Array(buffer),
    uint8: new Uint8Array(buffer),
    float32: new Float32Array(buffer),
    float64: new Float64Array(buffer),
  };
}

/** @param place Address of the block, and which of its rows. */
export function writeRow(
  views: Views,
  { layout, metric }: { layout: BlockLayout; metric: Metric },
  { block, at }: { block: number; at: number },
  row: Omit<SegmentRow, 'number' | 'ingestedAt'>,
): void {
  const begin = block + layout.components + at * layout.stride;
  const quantised = quantiseRow(row.vector, metric, views.int8.subarray(begin, begin + layout.stride));
  views.float64[(block + layout.expiries) / 8 + at] = row.expiresAt ?? Number.POSITIVE_INFINITY;
  views.float32[(block + layout.scales) / 4 + at] = quantised.scale;
  views.float32[(block + layout.errors) / 4 + at] = quantised.error;
  views.float32[(block + layout.norms) / 4 + at] = quantised.norm;
  views.uint8[block + layout.states + at] = stateOf(row);
}

function stateOf({ consent, purposed }: Pick<SegmentRow, 'consent' | 'purposed'>): number {
  if (!consent) return ROW_WITHHELD;
  return purposed ? ROW_PURPOSED : ROW_LIVE;
}
