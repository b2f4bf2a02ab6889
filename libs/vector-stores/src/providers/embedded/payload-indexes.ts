// Makes the indexes over what is sealed, when a query first needs them: each opens every payload of the collection.
import { isFailure } from '#ports';
import type { CollectionRow } from './collection-table.js';
import { FilterIndex } from './filter-index.js';
import type { Payload } from './payload.js';
import type { PointRow } from './point-table.js';
import type { Segment } from './segment.js';
import type { Segments } from './segments.js';
import type { WordIndex } from './word-index.js';

type Opened = ReadonlyArray<[row: PointRow, payload: Payload]>;

interface PayloadIndexesOptions {
  segments: Segments;
  /** Opens points by their numbers, some at a time; waits for `use` before it goes on. */
  eachOpened(
    collection: CollectionRow,
    numbers: readonly number[],
    use: (opened: Opened) => void | Promise<void>,
  ): Promise<void>;
}

/**
 * An index hangs on its segment while it is still being made, so that writes meanwhile go to it as well and need not
 * wait; queries do.
 */
export class PayloadIndexes {
  private readonly filters = new WeakMap<Segment, Promise<FilterIndex>>();
  private readonly words = new WeakMap<Segment, Promise<WordIndex>>();

  constructor(private readonly options: PayloadIndexesOptions) {}

  filterIndex(collection: CollectionRow, segment: Segment): Promise<FilterIndex> {
    return once(this.filters, segment, () => this.makeFilterIndex(collection, segment));
  }

  /** @throws Failure `vector.memory_exceeded` where the collection and its words are larger than the memory allowed */
  wordIndex(collection: CollectionRow, segment: Segment): Promise<WordIndex> {
    return once(this.words, segment, () => this.makeWordIndex(collection, segment));
  }

  private async makeFilterIndex(collection: CollectionRow, segment: Segment): Promise<FilterIndex> {
    const index = new FilterIndex();
    segment.index = index;
    try {
      await this.eachPresent(collection, segment, (slot, payload) => index.add(slot, payload));
    } catch (error) {
      segment.index = undefined;
      throw error;
    }
    this.options.segments.trim(collection.number);
    return index;
  }

  private async makeWordIndex(collection: CollectionRow, segment: Segment): Promise<WordIndex> {
    const words = segment.newWordIndex();
    const { segments } = this.options;
    try {
      await this.eachPresent(collection, segment, async (slot, payload) => {
        while (!words.add(slot, payload)) await segments.makeRoom(collection, segment, { full: true });
      });
      await segments.makeRoom(collection, segment);
    } catch (error) {
      segment.words = undefined;
      words.release();
      throw error;
    }
    return words;
  }

  /** Gives what each point says that has been there from the begin; what is written meanwhile comes by its writer. */
  private eachPresent(
    collection: CollectionRow,
    segment: Segment,
    add: (slot: number, payload: Payload) => void | Promise<void>,
  ): Promise<void> {
    const slots = new Map(segment.present());
    return this.options.eachOpened(collection, [...slots.keys()], async (opened) => {
      for (const [{ number }, payload] of opened) {
        const slot = slots.get(number)!;
        // Not there any more: deleted, or written anew and added by its writer.
        if (segment.slotOf(number) === slot) await add(slot, payload);
      }
    });
  }
}

/** Makes a thing for a segment once; what fails is made anew for the next who asks, unless it would be too large again. */
function once<T>(made: WeakMap<Segment, Promise<T>>, segment: Segment, make: () => Promise<T>): Promise<T> {
  const known = made.get(segment);
  if (known) return known;
  const making = make().catch((error: unknown) => {
    if (!isFailure(error, 'vector.memory_exceeded')) made.delete(segment);
    throw error;
  });
  made.set(segment, making);
  return making;
}
