// Finds, among quantised rows in shared memory, those that can be among the nearest.
import { type BlockLayout, ROW_LIVE, ROW_PURPOSED } from './block-layout.js';
import type { QuantisedQuery } from './quantise.js';

/** One scan over some blocks of a collection. Plain data: it crosses to worker threads. */
export interface ScanRequest {
  layout: BlockLayout;
  /** Addresses of the blocks, full ones but for the last. */
  blocks: Uint32Array;
  rows: number;
  /** Number of the first row, added to what is found. */
  firstSlot: number;
  query: QuantisedQuery;
  /** Whether rows rank by distance; else by product. */
  byDistance: boolean;
  /** How many nearest rows the caller wants. */
  wanted: number;
  /** Epoch milliseconds. */
  now: number;
  /** One byte a row, not 0 for those that may be found; absent = all. */
  eligible?: Uint8Array | undefined;
  /** Whether rows with purposes may be found; `eligible` then says which. */
  purposed?: boolean;
}

/**
 * Rows that can be among the nearest, in no order. A row's true key lies between `lows` and `highs`. Keys: the product
 * with the query, or by distance 2 × product - row², which is query² - distance².
 */
export interface Candidates {
  slots: number[];
  lows: number[];
  highs: number[];
}

export interface ScannerData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  scratch: number;
}

type Products = (rows: number, count: number, stride: number, query: number, scales: number, out: number) => void;

/** Bounds the rounding of float32 in kernel and block, relative to the lengths multiplied. */
const ROUNDING = 2 ** -20;
const QUERY_BYTES = 128 * 1024;

export class Scanner {
  private readonly memory: WebAssembly.Memory;
  private readonly scratch: number;
  private readonly products: Products;
  private bytes: Uint8Array = new Uint8Array();
  private floats: Float32Array = new Float32Array();
  private doubles: Float64Array = new Float64Array();

  constructor({ module, memory, scratch }: ScannerData) {
    this.memory = memory;
    this.scratch = scratch;
    this.products = new WebAssembly.Instance(module, { arena: { memory } }).exports.products as Products;
  }

  /** Scans, and gives every row whose bounds overlap those of the `wanted` nearest. */
  scan(request: ScanRequest): Candidates {
    this.refresh();
    this.placeQuery(request);
    const best = new Best(request.wanted);
    const { blocks, rows, layout } = request;
    for (let i = 0; i < blocks.length; i++) {
      const first = i * layout.capacity;
      this.scanBlock(request, blocks[i]!, first, Math.min(layout.capacity, rows - first), best);
    }
    return best.candidates();
  }

  private scanBlock(request: ScanRequest, block: number, first: number, count: number, best: Best): void {
    const { layout, query, eligible, firstSlot, byDistance, now } = request;
    const alsoLive = request.purposed ? ROW_PURPOSED : ROW_LIVE;
    const out = this.scratch + QUERY_BYTES;
    this.products(block + layout.components, count, layout.stride, this.scratch, block + layout.scales, out);
    const factor = byDistance ? 2 : 1;
    const perProduct = factor * query.scale;
    const perError = factor * (query.norm + query.error);
    const perNorm = factor * (query.error + query.norm * ROUNDING);
    const squares = byDistance ? 1 : 0;
    const [product, error, norm] = [out >> 2, (block + layout.errors) >> 2, (block + layout.norms) >> 2];
    const { floats } = this;
    for (let i = 0; i < count; i++) {
      const length = floats[norm + i]!;
      const square = length * length * squares;
      const key = floats[product + i]! * perProduct - square;
      const slack = floats[error + i]! * perError + length * perNorm + square * ROUNDING;
      // Written so that what is not a number (lengths beyond float32) counts as possible, and is decided exactly later.
      if (key + slack < best.floor) continue;
      if (eligible && eligible[first + i] === 0) continue;
      const state = this.bytes[block + layout.states + i];
      if (state !== ROW_LIVE && state !== alsoLive) continue;
      if (this.doubles[((block + layout.expiries) >> 3) + i]! <= now) continue;
      best.add(firstSlot + first + i, key - slack, key + slack);
    }
  }

  private placeQuery({ query, layout }: ScanRequest): void {
    const place = new Int16Array(this.memory.buffer, this.scratch, layout.stride);
    place.fill(0);
    place.set(query.components);
  }

  private refresh(): void {
    const { buffer } = this.memory;
    if (this.bytes.byteLength === buffer.byteLength) return;
    this.bytes = new Uint8Array(buffer);
    this.floats = new Float32Array(buffer);
    this.doubles = new Float64Array(buffer);
  }
}

/** Collects rows, and knows the key that at least `wanted` of them surely reach: what cannot reach it is out. */
export class Best {
  floor = Number.NEGATIVE_INFINITY;
  private readonly wanted: number;
  private readonly heap: number[] = [];
  private readonly found: Candidates = { slots: [], lows: [], highs: [] };

  constructor(wanted: number) {
    this.wanted = wanted;
  }

  add(slot: number, low: number, high: number): void {
    this.found.slots.push(slot);
    this.found.lows.push(low);
    this.found.highs.push(high);
    if (this.heap.length < this.wanted) {
      this.heap.push(Number.isNaN(low) ? Number.NEGATIVE_INFINITY : low);
      this.rise(this.heap.length - 1);
      if (this.heap.length === this.wanted) this.floor = this.heap[0]!;
    } else if (low > this.floor) {
      this.heap[0] = low;
      this.sink();
      this.floor = this.heap[0]!;
    }
  }

  candidates(): Candidates {
    const { slots, lows, highs } = this.found;
    const kept: Candidates = { slots: [], lows: [], highs: [] };
    for (let i = 0; i < slots.length; i++) {
      if (highs[i]! < this.floor) continue;
      kept.slots.push(slots[i]!);
      kept.lows.push(lows[i]!);
      kept.highs.push(highs[i]!);
    }
    return kept;
  }

  private rise(at: number): void {
    const { heap } = this;
    for (let parent = (at - 1) >> 1; at > 0 && heap[at]! < heap[parent]!; parent = (at - 1) >> 1) {
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  private sink(): void {
    const { heap } = this;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && heap[child]! < heap[least]!) least = child;
      if (least === at) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}
