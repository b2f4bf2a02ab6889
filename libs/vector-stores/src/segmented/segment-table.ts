// Which segments each collection has: kept in the records, and at hand in every instance.
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type CollectionRef, failure } from '#ports';
import { type Bus, type Records, Watched, withLease } from '#records';
import type { Segmentation } from './segment.js';

export interface SegmentTableOptions {
  records: Records;
  bus: Bus;
}

const PREFIX = 'segments/';
const CHANGES = 'segments~changes';
const TOPIC = 'segments';
const LOCKS = 'segments~lock/';
/** Longer than any one call to a store takes with its retries. */
const LOCK_WAIT_MS = 60_000;
const MOST_HELD = 10_000;
const PLAIN = /^[A-Za-z0-9._-]{1,200}$/;

/** What is known of a collection here. */
interface Held {
  /** `undefined`: it is its own one segment, of no known model. */
  found: Segmentation | undefined;
}

/** Methods fail with `records.unavailable`. */
export class SegmentTable {
  readonly records: Records;
  private readonly held = new LRUCache<string, Held>({ max: MOST_HELD });
  private readonly watched: Watched<number>;
  /** Writers of one collection in this process, one after the other: only the first of them asks the others' processes. */
  private readonly queues = new Map<string, Promise<unknown>>();
  /** Grows with every change, of any collection: what was read before one is not held after it. */
  private changes = 0;

  constructor({ records, bus }: SegmentTableOptions) {
    this.records = records;
    this.watched = new Watched<number>({
      records,
      bus,
      topic: TOPIC,
      key: CHANGES,
      load: async () => this.changes + 1,
      onChange: () => this.forgetHeld(),
      initial: 0,
    });
  }

  /** Opens also where the records do not answer yet. */
  async open(): Promise<void> {
    await this.watched.open();
  }

  /** What is held here, without asking; `undefined` where that is not known. */
  atHand(ref: CollectionRef): Held | undefined {
    return this.held.get(keyOf(ref));
  }

  get epoch(): number {
    return this.changes;
  }

  /** As the records have it now. */
  async read(ref: CollectionRef): Promise<Segmentation | undefined> {
    const { epoch } = this;
    const found = parsed(await this.records.get(keyOf(ref)));
    if (found && epoch === this.epoch) this.held.set(keyOf(ref), { found });
    return found;
  }

  /** Notes that nobody has said what made the vectors of the collection, unless anything has changed since that epoch. */
  holdUnknown(ref: CollectionRef, epoch: number): void {
    if (epoch === this.epoch) this.held.set(keyOf(ref), { found: undefined });
  }

  /**
   * Changes what the records have, and gives what stands there then. `change` may be asked several times; where it gives
   * what it was given, nothing is written. When this returns, the change holds here, and the others hear of it.
   */
  async change(
    ref: CollectionRef,
    change: (found: Segmentation | undefined) => Segmentation | undefined,
  ): Promise<Segmentation | undefined> {
    const key = keyOf(ref);
    for (;;) {
      const text = await this.records.get(key);
      const found = parsed(text);
      const wanted = change(found);
      if (wanted === found) return found;
      const written =
        text === undefined
          ? (await this.records.claim(key, JSON.stringify(wanted))).claimed
          : await this.records.replace(key, text, wanted && JSON.stringify(wanted));
      if (!written) continue;
      await this.changed();
      return wanted;
    }
  }

  /** Runs while no other holder of this lock does, on any instance. */
  async locked<T>(ref: CollectionRef, run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const key = keyOf(ref);
    const before = this.queues.get(key) ?? Promise.resolve();
    const turn = before.then(() => this.inTurn(ref, run, signal));
    const settled = turn.catch(() => undefined);
    this.queues.set(key, settled);
    void settled.then(() => this.queues.get(key) === settled && this.queues.delete(key));
    return turn;
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.watched.close();
  }

  private async inTurn<T>(ref: CollectionRef, run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) {
    const o = { waitMs: LOCK_WAIT_MS, signal };
    const held = await withLease(this.records, `${LOCKS}${keyOf(ref)}`, run, o);
    if (!held) throw failure('vector.collection_busy', { collection: ref.collection });
    return held.value;
  }

  private async changed(): Promise<void> {
    this.forgetHeld();
    await this.watched.changed();
  }

  private forgetHeld(): void {
    this.changes++;
    this.held.clear();
  }
}

/** A tenant's name holds no slash. What is not of the letters of a record's key, or long, is named by its digest. */
function keyOf({ tenant, collection }: CollectionRef): string {
  return `${PREFIX}${plain(tenant)}/${plain(collection)}`;
}

function plain(name: string): string {
  return PLAIN.test(name) ? name : `~${createHash('sha256').update(name).digest('base64url')}`;
}

function parsed(text: string | undefined): Segmentation | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Segmentation);
}
