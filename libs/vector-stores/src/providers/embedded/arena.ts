// One shared memory for all searchable collections, given out in blocks of equal size, so that it never fragments.
import { BLOCK_BYTES } from './block-layout.js';

const PAGE_BYTES = 64 * 1024;
const PAGES_PER_BLOCK = BLOCK_BYTES / PAGE_BYTES;
/** Memory grows by this much at a time: growing stops every thread for a moment. */
const GROWTH_BLOCKS = 32;

/** Blocks that each scanner keeps for itself: one for the query, one for the products of a block of rows. */
export const SCRATCH_BLOCKS = 2;

/** The memory, bounded by `limitBytes` besides the scratch of the scanners. What it has grown to, it keeps. */
export class Arena {
  readonly memory: WebAssembly.Memory;
  private readonly free: number[] = [];
  private readonly limitBlocks: number;
  private blocks: number;

  constructor(limitBytes: number, scanners: number) {
    const scratch = scanners * SCRATCH_BLOCKS;
    this.blocks = scratch;
    this.limitBlocks = scratch + Math.ceil(limitBytes / BLOCK_BYTES);
    this.memory = new WebAssembly.Memory({
      initial: scratch * PAGES_PER_BLOCK,
      maximum: this.limitBlocks * PAGES_PER_BLOCK,
      shared: true,
    });
  }

  /** Address of the scratch of a scanner. */
  scratch(scanner: number): number {
    return scanner * SCRATCH_BLOCKS * BLOCK_BYTES;
  }

  /** The address of a block, with whatever was in it; `undefined` when there is no more memory. */
  take(): number | undefined {
    if (this.free.length === 0) this.grow();
    return this.free.pop();
  }

  /** Takes blocks back. No thread may read them any more. */
  give(addresses: readonly number[]): void {
    for (const address of addresses) this.free.push(address);
  }

  private grow(): void {
    const more = Math.min(GROWTH_BLOCKS, this.limitBlocks - this.blocks);
    if (more === 0) return;
    try {
      this.memory.grow(more * PAGES_PER_BLOCK);
    } catch {
      // The machine has less than the operator allowed: the same as being at the limit.
      return;
    }
    for (let block = this.blocks + more - 1; block >= this.blocks; block--) this.free.push(block * BLOCK_BYTES);
    this.blocks += more;
  }
}
