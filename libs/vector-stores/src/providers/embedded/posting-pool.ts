// Keeps many byte lists of very different length in the blocks of the arena: short ones take little, long ones grow cheaply.
import type { Arena } from './arena.js';
import { BLOCK_BYTES } from './block-layout.js';

/** A chunk ends with the address of the next one. */
const LINK_BYTES = 4;
const FIRST_CHUNK = 4;
const LARGEST_CHUNK = 1024;

/** A list of bytes, only ever appended to. Addresses are those of the arena. */
export interface ByteList {
  first: number;
  /** Where the next byte goes, and where its chunk ends. */
  at: number;
  end: number;
  /** Bytes of the last chunk; the chunks before it were half as long each, down to the first. */
  chunk: number;
}

/** A list begins with 4 bytes and doubles chunk by chunk, so that it wastes about half of itself at most. */
export class PostingPool {
  /** All of the arena, as far as lists reach. */
  bytes: Uint8Array = new Uint8Array();
  private words: Uint32Array = new Uint32Array();
  /** Taken blocks; `filled` of them are given out, the last of these in part. */
  private readonly blocks: number[] = [];
  private filled = 0;
  private at = 0;
  private end = 0;

  constructor(private readonly arena: Arena) {}

  get takenBytes(): number {
    return this.blocks.length * BLOCK_BYTES;
  }

  /** Makes sure of room for so many more bytes in chunks. `false` where memory has run out. */
  reserve(bytes: number): boolean {
    // The end of a block is lost where a chunk does not fit there any more.
    const needed = Math.ceil(Math.max(0, bytes - (this.end - this.at)) / (BLOCK_BYTES - LARGEST_CHUNK - LINK_BYTES));
    while (this.blocks.length < this.filled + needed) {
      const block = this.arena.take();
      if (block === undefined) return false;
      this.blocks.push(block);
    }
    this.refresh();
    return true;
  }

  /** An empty list; its memory was reserved (`bytesToGrow(undefined)`). */
  begin(): ByteList {
    const first = this.take(FIRST_CHUNK);
    return { first, at: first, end: first + FIRST_CHUNK, chunk: FIRST_CHUNK };
  }

  /** What a list may take for up to `more` further bytes, no more than a small chunk holds; of a new one where it is `undefined`. */
  static bytesToGrow(list: ByteList | undefined, more: number): number {
    let [left, chunk] = list ? [list.end - list.at, list.chunk] : [0, FIRST_CHUNK / 2];
    let bytes = 0;
    for (; left < more; left += chunk) {
      chunk = nextChunk(chunk);
      bytes += chunk + LINK_BYTES;
    }
    return bytes;
  }

  /** Appends a whole number, 0 to 2^31 - 1: seven bits a byte, the last one without its top bit. */
  append(list: ByteList, value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.appendByte(list, (rest & 0x7f) | 0x80);
    this.appendByte(list, rest);
  }

  /** Address of the chunk after the one that ends there. */
  next(end: number): number {
    return this.words[end >>> 2]!;
  }

  /** Gives the memory back. */
  release(): void {
    this.arena.give(this.blocks.splice(0));
    this.filled = 0;
    this.at = 0;
    this.end = 0;
  }

  private appendByte(list: ByteList, byte: number): void {
    if (list.at === list.end) {
      list.chunk = nextChunk(list.chunk);
      const chunk = this.take(list.chunk);
      this.words[list.end >>> 2] = chunk;
      list.at = chunk;
      list.end = chunk + list.chunk;
    }
    this.bytes[list.at++] = byte;
  }

  private take(bytes: number): number {
    const taken = bytes + LINK_BYTES;
    if (this.at + taken > this.end) {
      this.at = this.blocks[this.filled++]!;
      this.end = this.at + BLOCK_BYTES;
    }
    const begin = this.at;
    this.at += taken;
    return begin;
  }

  private refresh(): void {
    const { buffer } = this.arena.memory;
    if (this.bytes.byteLength === buffer.byteLength) return;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
  }
}

/** Bytes of the chunk after one of so many. */
export function nextChunk(chunk: number): number {
  return Math.min(LARGEST_CHUNK, chunk * 2);
}

/** Reads a list from its begin, number by number. It must be asked for no more than was appended. */
export class ByteReader {
  private at: number;
  private end: number;
  private chunk = FIRST_CHUNK;

  constructor(
    private readonly pool: PostingPool,
    list: ByteList,
  ) {
    this.at = list.first;
    this.end = list.first + FIRST_CHUNK;
  }

  read(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.at === this.end) this.hop();
      const byte = this.pool.bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  private hop(): void {
    this.at = this.pool.next(this.end);
    this.chunk = nextChunk(this.chunk);
    this.end = this.at + this.chunk;
  }
}
