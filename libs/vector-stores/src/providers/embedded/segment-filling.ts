// Reads a collection from the file into its segment: small ones in slices, large ones by all search threads at once.
import type { CollectionRow } from './collection-table.js';
import type { LoadedRows } from './load-rows.js';
import type { PointTable } from './point-table.js';
import type { ScanPool } from './scan-pool.js';
import type { Segment } from './segment.js';
import { Slices } from './slices.js';

const PAGE_ROWS = 512;
/** What one thread reads at a time: some ten milliseconds of work. */
const PART_ROWS = 4096;
/** Parts that wait for each thread, so that it never waits for this one. */
const PARTS_AHEAD = 2;

interface FillOptions {
  points: PointTable;
  now: () => number;
}

/** `false` where memory has run out. */
export async function fillHere(
  segment: Segment,
  { number }: CollectionRow,
  { points, now }: FillOptions,
): Promise<boolean> {
  const slices = new Slices();
  for (let last = 0, more = true; more; ) {
    const page = points.page(number, last, PAGE_ROWS);
    for (const row of page) {
      if (row.expiresAt !== undefined && row.expiresAt <= now()) continue;
      if (segment.put(row) === undefined) return false;
    }
    last = page.at(-1)?.number ?? last;
    more = page.length === PAGE_ROWS;
    await slices.rest();
  }
  return true;
}

/** `false` where memory has run out. */
export async function fillByThreads(
  segment: Segment,
  collection: CollectionRow,
  { points, pool, file, now }: FillOptions & { pool: ScanPool; file: string },
): Promise<boolean> {
  const { layout, metric } = segment;
  const { number } = collection;
  // Whole blocks, so that the next part begins with one.
  const partRows = Math.ceil(PART_ROWS / layout.capacity) * layout.capacity;
  const reading: Array<{ places: number; rows: Promise<LoadedRows> }> = [];
  // In the order of the numbers, whichever is ready first.
  const adoptFirst = async () => {
    const { places, rows } = reading.shift()!;
    segment.adopt(await rows, places);
  };
  let left = points.stored(number);
  try {
    for (let after = 0, part = 0; left > 0; part++) {
      const places = Math.min(left, partRows);
      const blocks = segment.reserve(places);
      if (!blocks) return false;
      const upTo = points.numberAfter(number, after, places) ?? Number.MAX_SAFE_INTEGER;
      const request = { file, collection: number, after, upTo, layout, metric, blocks, places, now: now() };
      const rows = pool.load(part, request);
      // Awaited in its turn: if another part fails before, this one's failure is nobody's.
      rows.catch(() => undefined);
      reading.push({ places, rows });
      if (reading.length >= pool.threads * PARTS_AHEAD) await adoptFirst();
      after = upTo;
      left -= places;
    }
    while (reading.length > 0) await adoptFirst();
    return true;
  } finally {
    // Memory must not be given back while a thread still writes to it.
    await Promise.allSettled(reading.map(({ rows }) => rows));
  }
}
