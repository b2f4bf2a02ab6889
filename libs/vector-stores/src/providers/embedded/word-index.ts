// Finds rows by their words: an inverted index over the texts of one collection, scored by BM25.
import type { VectorPoint } from '#ports';
import type { Scored } from '../../fused.js';
import type { Arena } from './arena.js';
import { type ByteList, ByteReader, PostingPool } from './posting-pool.js';
import { Slices } from './slices.js';
import { wordsOf } from './words.js';

/** Robertson, Zaragoza 2009, "The Probabilistic Relevance Framework": the usual values. */
const K1 = 1.2;
const B = 0.75;

/** An entry of a map, an object of numbers and a short string in V8, about. */
const BYTES_A_WORD = 160;
const LONGEST_POSTING_BYTES = 10;
/** The largest chunk, where the posting begins one. */
const MOST_BYTES_A_POSTING = 1028;
const SHORT_TEXT_WORDS = 64;
/** Read between two looks at the clock: a fraction of a millisecond. */
const POSTINGS_A_TURN = 32_768;

/** Where one word occurs: for each row, how far it is from the row before, and how often. */
interface Postings extends ByteList {
  rows: number;
  last: number;
}

/**
 * Rows are known by slots, which are never used again: rows that are gone stay in the lists, and are passed over by the
 * reader. Which rows count is told with each question, so that what a query may not find has no part in its scores.
 */
export class WordIndex {
  private readonly pool: PostingPool;
  private readonly words = new Map<string, Postings>();
  private letters = 0;
  /** How many words each row has. */
  private lengths: Uint32Array<ArrayBuffer> = new Uint32Array(1024);

  constructor(arena: Arena) {
    this.pool = new PostingPool(arena);
  }

  get bytes(): number {
    return this.pool.takenBytes + this.words.size * BYTES_A_WORD + this.letters + this.lengths.byteLength;
  }

  /** Adds a row, in any order. `false` where memory has run out; then nothing of it was added. */
  add(slot: number, { text = '' }: Pick<VectorPoint, 'text'>): boolean {
    const words = wordsOf(text);
    const counts = counted(words);
    if (!this.reserve(counts)) return false;
    for (const [word, count] of counts) this.addPosting(this.words.get(word) ?? this.begin(word), slot, count);
    if (slot >= this.lengths.length) this.lengths = grown(this.lengths, slot + 1);
    this.lengths[slot] = words.length;
    return true;
  }

  /**
   * BM25 of every row for a text, with IDF ln(1 + (N - n + 0.5) / (n + 0.5)). A word that the text repeats counts as
   * often.
   * @param findable One byte a row: 1 for those that count. N, n and the mean length are theirs alone.
   */
  async scores(text: string, findable: Uint8Array, signal?: AbortSignal): Promise<WordScores> {
    const scores = new Float64Array(findable.length);
    const slices = new Slices();
    const { documents, meanLength } = this.measure(findable);
    for (const [word, times] of counted(wordsOf(text))) {
      const postings = this.words.get(word);
      if (!postings) continue;
      const holding = await this.read(postings, findable, slices, signal);
      const idf = Math.log(1 + (documents - holding.slots.length + 0.5) / (holding.slots.length + 0.5));
      holding.slots.forEach((slot, at) => {
        const count = holding.counts[at]!;
        const norm = K1 * (1 - B + (B * this.lengths[slot]!) / meanLength);
        scores[slot]! += (times * idf * count * (K1 + 1)) / (count + norm);
      });
      await slices.rest(signal);
    }
    return new WordScores(scores);
  }

  /** Gives the memory back. */
  release(): void {
    this.pool.release();
    this.words.clear();
  }

  /** How many rows that count have words, and how many those have on the mean. */
  private measure(findable: Uint8Array): { documents: number; meanLength: number } {
    const rows = Math.min(findable.length, this.lengths.length);
    let [documents, sum] = [0, 0];
    for (let slot = 0; slot < rows; slot++) {
      const length = this.lengths[slot]! * findable[slot]!;
      sum += length;
      if (length > 0) documents++;
    }
    return { documents, meanLength: sum / documents };
  }

  /** The rows that hold a word and count, with how often they do. */
  private async read(postings: Postings, findable: Uint8Array, slices: Slices, signal?: AbortSignal) {
    const [slots, counts]: [number[], number[]] = [[], []];
    const reader = new ByteReader(this.pool, postings);
    // Writes may append meanwhile: what was there at the begin is read.
    const { rows } = postings;
    for (let at = 0, slot = 0; at < rows; at++) {
      const value = reader.read();
      slot += unzigzag(value >>> 1);
      const count = value & 1 ? 1 : reader.read();
      if (findable[slot] === 1) {
        slots.push(slot);
        counts.push(count);
      }
      if (at % POSTINGS_A_TURN === POSTINGS_A_TURN - 1) await slices.rest(signal);
    }
    return { slots, counts };
  }

  private reserve(counts: ReadonlyMap<string, number>): boolean {
    // Of a short text the most that it can take is reserved: that is sooner said than counted.
    if (counts.size <= SHORT_TEXT_WORDS) return this.pool.reserve(counts.size * MOST_BYTES_A_POSTING);
    let bytes = 0;
    for (const word of counts.keys()) bytes += PostingPool.bytesToGrow(this.words.get(word), LONGEST_POSTING_BYTES);
    return this.pool.reserve(bytes);
  }

  private begin(word: string): Postings {
    const postings = { ...this.pool.begin(), rows: 0, last: 0 };
    this.words.set(ownCopy(word), postings);
    this.letters += word.length;
    return postings;
  }

  /** Most words occur once in a text: a bit says so, and no number follows. */
  private addPosting(postings: Postings, slot: number, count: number): void {
    this.pool.append(postings, (zigzag(slot - postings.last) << 1) | Number(count === 1));
    if (count > 1) this.pool.append(postings, count);
    postings.last = slot;
    postings.rows++;
  }
}

/** What the words say of every row; 0 where they say nothing. */
export class WordScores {
  constructor(private readonly scores: Float64Array) {}

  of(slot: number): number {
    return this.scores[slot] ?? 0;
  }

  /** The best, so many at most, best first; those with none of the words are not among them. */
  best(count: number): Scored<number>[] {
    const { scores } = this;
    const best: Scored<number>[] = [];
    for (let slot = 0; slot < scores.length; slot++) {
      const score = scores[slot]!;
      if (score === 0 || (best.length === count && score <= best.at(-1)!.score)) continue;
      insert(best, { key: slot, score });
      if (best.length > count) best.pop();
    }
    return best;
  }
}

/** Behind those that score as much, so that of equals the one that was written first stays first. */
function insert(sorted: Scored<number>[], one: Scored<number>): void {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (sorted[middle]!.score >= one.score) from = middle + 1;
    else to = middle;
  }
  sorted.splice(from, 0, one);
}

function counted(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** V8 cuts a string out of another by pointing into it: kept as it is, a word would keep its whole text in memory. */
function ownCopy(word: string): string {
  return JSON.parse(JSON.stringify(word)) as string;
}

function grown(lengths: Uint32Array<ArrayBuffer>, needed: number): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(Math.max(needed, lengths.length * 2));
  more.set(lengths);
  return more;
}

/** Small numbers of either sign as small numbers: rows are added out of order while an index is made. */
function zigzag(distance: number): number {
  return (distance << 1) ^ (distance >> 31);
}

function unzigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
