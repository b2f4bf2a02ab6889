// Which rows of a collection a query may find, decided before the nearest are counted.
import type { VectorQuery } from '#ports';
import { matchesFilter } from '../../matches-filter.js';
import type { FilterIndex } from './filter-index.js';
import { metadataOf, type Payload } from './payload.js';
import type { Segment } from './segment.js';

/** Whether only an index over the payloads can tell which rows the query may find. */
export function needsIndex({ filter, purpose }: VectorQuery, segment: Segment): boolean {
  return filter !== undefined || (purpose !== undefined && segment.hasPurposes);
}

/**
 * One byte a row: 1 where the query may find it; `undefined` where it may find all. Rows that have purposes are none of
 * all: they are marked for a query for one of theirs.
 */
export function eligibleRows(
  { filter, purpose, ingestedSince: since }: VectorQuery,
  segment: Segment,
  index: FilterIndex | undefined,
): Uint8Array | undefined {
  const purposed = purpose !== undefined && index !== undefined;
  const aged = since !== undefined && segment.hasOlder(since);
  if (!filter && !purposed && !aged) return undefined;
  const selected = filter && index ? index.select(filter, segment.rows) : new Uint8Array(segment.rows).fill(1);
  if (purposed) index.clearOtherPurposes(selected, purpose);
  if (aged) segment.clearOlder(selected, since);
  return selected;
}

/** The same of one point, by what was sealed: the row may have been written since. */
export function isEligible(
  { filter, purpose, ingestedSince = Number.NEGATIVE_INFINITY }: VectorQuery,
  payload: Payload,
  ingestedAt: number,
): boolean {
  if (filter && !matchesFilter(filter, metadataOf(payload))) return false;
  if (payload.purposes && !(purpose !== undefined && payload.purposes.includes(purpose))) return false;
  return ingestedAt >= ingestedSince;
}
