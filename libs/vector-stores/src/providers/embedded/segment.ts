// One collection in memory, ready to be searched: rows are only ever added or put out, never overwritten, so that a
// thread may scan while another writes.
import type { Metric, VectorPoint } from '#ports';
import type { Arena } from './arena.js';
import {
  BLOCK_BYTES,
  type BlockLayout,
  layoutOf,
  ROW_GONE,
  ROW_LIVE,
  ROW_PURPOSED,
  ROW_WITHHELD,
} from './block-layout.js';
import { FilterIndex } from './filter-index.js';
import type { LoadedRows } from './load-rows.js';
import type { ScanRequest } from './scan.js';
import { WordIndex } from './word-index.js';
import { type SegmentRow, viewsOf, writeRow } from './write-row.js';

/** What a row of the map from numbers to slots takes in V8, and the time of its ingestion, about. */
const BYTES_BESIDE_BLOCK = 104;
const MIN_GONE_TO_REBUILD = 1024;
/** Number of a place without a point: SQLite begins with 1. */
const NOBODY = 0;

export class Segment {
  readonly layout: BlockLayout;
  /** Conditions on metadata, from the first filtered query on; new rows must then be added to it. */
  index: FilterIndex | undefined;
  /** The words of texts, from the first hybrid query on. */
  words: WordIndex | undefined;
  private readonly blocks: number[] = [];
  private readonly slots = new Map<number, number>();
  private readonly numbers: number[] = [];
  private readonly ingested: number[] = [];
  private oldest = Number.POSITIVE_INFINITY;
  private purposed = false;
  private ending = false;
  private views = viewsOf(new ArrayBuffer(0));

  constructor(
    private readonly arena: Arena,
    dimension: number,
    readonly metric: Metric,
  ) {
    this.layout = layoutOf(dimension);
  }

  /** Memory of a collection of so many rows. */
  static bytesFor(rows: number, dimension: number): number {
    return Math.ceil(rows / layoutOf(dimension).capacity) * BLOCK_BYTES + rows * BYTES_BESIDE_BLOCK;
  }

  get rows(): number {
    return this.numbers.length;
  }

  get bytes(): number {
    return (
      this.blocks.length * BLOCK_BYTES +
      this.rows * BYTES_BESIDE_BLOCK +
      (this.index?.bytes ?? 0) +
      (this.words?.bytes ?? 0)
    );
  }

  /** Whether so many rows are gone that the collection should be read anew. */
  get wasteful(): boolean {
    return this.rows - this.slots.size > Math.max(MIN_GONE_TO_REBUILD, this.slots.size);
  }

  /** Adds a row in place of the one with its number, if any. Gives its slot, `undefined` where memory has run out. */
  put(row: SegmentRow): number | undefined {
    const slot = this.rows;
    const at = slot % this.layout.capacity;
    if (at === 0 && !this.extend()) return undefined;
    const block = this.blocks.at(-1)!;
    this.refresh();
    writeRow(this.views, this, { block, at }, row);
    this.remove(row.number);
    this.numbers.push(row.number);
    this.ingested.push(row.ingestedAt);
    this.oldest = Math.min(this.oldest, row.ingestedAt);
    this.purposed ||= row.purposed;
    this.ending ||= row.expiresAt !== undefined;
    this.slots.set(row.number, slot);
    return slot;
  }

  /** Memory for so many rows behind those that are here, which end a block; `undefined` where it has run out. */
  reserve(rows: number): Uint32Array | undefined {
    const first = this.blocks.length;
    const wanted = first + Math.ceil(rows / this.layout.capacity);
    while (this.blocks.length < wanted) if (!this.extend()) return undefined;
    return Uint32Array.from(this.blocks.slice(first));
  }

  /** Takes over rows that a thread has put into reserved memory for so many; the places it left empty stay so. */
  adopt({ numbers, ingested, purposed, ending }: LoadedRows, places: number): void {
    for (const [at, number] of numbers.entries()) {
      this.slots.set(number, this.rows);
      this.numbers.push(number);
      this.ingested.push(ingested[at]!);
      this.oldest = Math.min(this.oldest, ingested[at]!);
    }
    for (let at = numbers.length; at < places; at++) {
      this.numbers.push(NOBODY);
      this.ingested.push(Number.POSITIVE_INFINITY);
    }
    this.purposed ||= purposed;
    this.ending ||= ending;
  }

  /** An empty index of words, in the same memory; rows written from now on are added to it. */
  newWordIndex(): WordIndex {
    this.words = new WordIndex(this.arena);
    return this.words;
  }

  /** Adds to the indexes what they say of a row. `false` where memory has run out. */
  addToIndexes(slot: number, point: Omit<VectorPoint, 'id' | 'vector'>): boolean {
    this.index?.add(slot, point);
    return this.words?.add(slot, point) ?? true;
  }

  /** Points that are here; `undefined` where some may have ended meanwhile. */
  get count(): number | undefined {
    return this.ending ? undefined : this.slots.size;
  }

  /** Whether some rows are kept for named purposes. */
  get hasPurposes(): boolean {
    return this.purposed;
  }

  /** Puts 0 for the rows ingested before `since`; leaves the others. */
  clearOlder(selected: Uint8Array, since: number): void {
    const { ingested } = this;
    for (let slot = 0; slot < selected.length; slot++) if (ingested[slot]! < since) selected[slot] = 0;
  }

  hasOlder(since: number): boolean {
    return this.oldest < since;
  }

  /** Puts a point out. `false` where it was not there. */
  remove(number: number): boolean {
    const slot = this.slots.get(number);
    if (slot === undefined) return false;
    this.setState(slot, ROW_GONE);
    return this.slots.delete(number);
  }

  /** Keeps a point from being found until it is written again. */
  withhold(number: number): void {
    const slot = this.slots.get(number);
    if (slot !== undefined) this.setState(slot, ROW_WITHHELD);
  }

  numberAt(slot: number): number {
    return this.numbers[slot]!;
  }

  /** Where a point is; `undefined` where it is gone. */
  slotOf(number: number): number | undefined {
    return this.slots.get(number);
  }

  /** One byte a row: 1 where a query may find it, as a scan decides it. */
  findable(eligible: Uint8Array | undefined, { purposed, now }: { purposed: boolean; now: number }): Uint8Array {
    this.refresh();
    const { layout, rows, blocks, views } = this;
    const alsoLive = purposed ? ROW_PURPOSED : ROW_LIVE;
    const findable = new Uint8Array(rows);
    for (let slot = 0; slot < rows; slot++) {
      if (eligible && eligible[slot] === 0) continue;
      const [block, at] = [blocks[Math.floor(slot / layout.capacity)]!, slot % layout.capacity];
      const state = views.uint8[block + layout.states + at];
      if (state !== ROW_LIVE && state !== alsoLive) continue;
      if (views.float64[(block + layout.expiries) / 8 + at]! > now) findable[slot] = 1;
    }
    return findable;
  }

  /** Points that are not gone, with their slots; those withheld are among them. */
  present(): Array<[number: number, slot: number]> {
    return [...this.slots];
  }

  /** Those of the slots whose points are not gone. */
  presentAmong(slots: Iterable<number>): number[] {
    const numbers: number[] = [];
    for (const slot of slots) {
      const number = this.numbers[slot]!;
      if (this.slots.get(number) === slot) numbers.push(number);
    }
    return numbers;
  }

  /** The part of a scan that the collection decides. */
  scanned(): Pick<ScanRequest, 'layout' | 'blocks' | 'rows' | 'firstSlot' | 'byDistance'> {
    const { layout, rows } = this;
    return { layout, blocks: Uint32Array.from(this.blocks), rows, firstSlot: 0, byDistance: this.metric === 'l2' };
  }

  /** Gives the memory back. No scan may be under way, and none may follow. */
  release(): void {
    this.arena.give(this.blocks.splice(0));
    this.words?.release();
  }

  private setState(slot: number, state: number): void {
    this.refresh();
    const { capacity, states } = this.layout;
    this.views.uint8[this.blocks[Math.floor(slot / capacity)]! + states + (slot % capacity)] = state;
  }

  private extend(): boolean {
    const block = this.arena.take();
    if (block === undefined) return false;
    this.blocks.push(block);
    return true;
  }

  private refresh(): void {
    const { buffer } = this.arena.memory;
    if (this.views.uint8.byteLength !== buffer.byteLength) this.views = viewsOf(buffer);
  }
}
