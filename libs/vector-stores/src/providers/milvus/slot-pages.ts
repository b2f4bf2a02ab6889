// Pages through rows that come in no order: each page is a range of slots that holds no more than the page may.
import { failure } from '#ports';
import { unknownCursor } from '../list-cursor.js';
import { PROVIDER } from './milvus-failures.js';
import { SLOT_DIGITS } from './milvus-schema.js';

const SPACE = 16n ** BigInt(SLOT_DIGITS);
/** A range is cut so that the expected number of its rows leaves room for chance. */
const FILLING = 0.8;

export interface SlotRange {
  from: bigint;
  /** How many slots. */
  width: bigint;
}

/**
 * Each row stands at the slot that its id gives it, so rows that stay are seen once whatever else comes and goes, and
 * whatever order they are given in. Milvus promises none, and its offsets end at 16,384.
 * @param ask At most `limit` rows of the range.
 * @param count How many rows the range has.
 */
export async function slotPage<T>(
  { cursor, limit }: { cursor?: string | undefined; limit: number },
  ask: (range: string, limit: number) => Promise<T[]>,
  count: (range: string) => Promise<number>,
): Promise<{ rows: T[]; cursor: string | undefined }> {
  const { from, width: first } = cursor === undefined ? { from: 0n, width: SPACE } : rangeOf(cursor);
  for (let width = first; ; ) {
    const range = expressionOf({ from, width });
    const rows = await ask(range, limit + 1);
    if (rows.length <= limit) return { rows, cursor: cursorAfter({ from, width }, rows.length, limit) };
    if (width === 1n) throw failure('vector.reply_invalid', { provider: PROVIDER, reason: 'rows outside their range' });
    width = narrower(width, limit, await count(range));
  }
}

/** The range that is expected to fill a page, and is at most half as wide. */
function narrower(width: bigint, limit: number, count: number): bigint {
  const share = (limit * FILLING) / Math.max(count, limit);
  const wanted = (width * BigInt(Math.floor(share * 2 ** 32))) >> 32n;
  const half = width / 2n;
  const least = wanted < half ? wanted : half;
  return least > 0n ? least : 1n;
}

/** After a page that was less than half full the next range is wider. */
function cursorAfter({ from, width }: SlotRange, found: number, limit: number): string | undefined {
  const next = from + width;
  if (next >= SPACE) return undefined;
  const wanted = found * 2 < limit ? width * 2n : width;
  const left = SPACE - next;
  return `${digits(next)}.${(wanted < left ? wanted : left).toString(16)}`;
}

function rangeOf(cursor: string): SlotRange {
  const [, from, width] = /^([0-9a-f]{32})\.([0-9a-f]{1,32})$/.exec(cursor) ?? [];
  if (from === undefined || width === undefined) throw unknownCursor();
  const range = { from: BigInt(`0x${from}`), width: BigInt(`0x${width}`) };
  if (range.width === 0n || range.from + range.width > SPACE) throw unknownCursor();
  return range;
}

function expressionOf({ from, width }: SlotRange): string {
  const to = from + width;
  const begin = `resk_slot >= "${digits(from)}"`;
  return to >= SPACE ? begin : `${begin} and resk_slot < "${digits(to)}"`;
}

function digits(slot: bigint): string {
  return slot.toString(16).padStart(SLOT_DIGITS, '0');
}
