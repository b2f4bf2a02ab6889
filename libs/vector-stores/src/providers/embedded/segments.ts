// Which collections are in memory: read from disk when searched, put out when others need the room, least lately used first.
import { failure } from '#ports';
import type { CollectionRow } from './collection-table.js';
import type { PointTable } from './point-table.js';
import type { ScanPool } from './scan-pool.js';
import { Segment } from './segment.js';
import { fillByThreads, fillHere } from './segment-filling.js';

const MEBIBYTE = 1024 ** 2;

/** A segment with who uses it. Its memory returns when it is out and nobody scans it any more. */
interface Resident {
  segment: Segment;
  /** What its loading will take at most. */
  reservedBytes: number;
  users: number;
  out: boolean;
}

interface Load {
  /** Who will use it as soon as it is done. */
  waiting: number;
  resident: Promise<Resident>;
}

interface SegmentsOptions {
  pool: ScanPool;
  /** Path of the database. */
  file: string;
  memoryMaxBytes: number;
  points: PointTable;
  now: () => number;
}

export class Segments {
  /** In memory and current, least lately used first. */
  private readonly current = new Map<number, Resident>();
  /** All that hold memory: current ones, ones being loaded, and ones that are out but still used. */
  private readonly holding = new Set<Resident>();
  private readonly loads = new Map<number, Load>();
  /** Long work on a collection, during which it must not be written. */
  private readonly work = new Map<number, Promise<unknown>>();
  private room = Promise.withResolvers<void>();
  /** Those that wait for room while they hold memory themselves. */
  private readonly waiting = new Set<Segment>();

  constructor(private readonly options: SegmentsOptions) {}

  /** The segment of a collection if it is in memory, for writes to follow. */
  resident(collection: number): Segment | undefined {
    return this.current.get(collection)?.segment;
  }

  get bytes(): number {
    let sum = 0;
    for (const one of this.holding) sum += bytesOf(one);
    return sum;
  }

  /** Runs with the segment of a collection, loaded if need be; its memory stays while it runs. */
  async use<T>(collection: CollectionRow, run: (segment: Segment) => Promise<T>): Promise<T> {
    const resident = await this.hold(collection);
    try {
      return await run(resident.segment);
    } finally {
      this.leave(resident);
    }
  }

  /** Does long work on a collection, alone. Writers wait for it (see `settled`). */
  async exclusively<T>(collection: number, run: () => Promise<T>): Promise<T> {
    await this.settled(collection);
    const work = run();
    this.work.set(collection, work);
    try {
      return await work;
    } finally {
      this.work.delete(collection);
    }
  }

  /** Resolves when no long work is under way. What the caller does before its next `await`, it does alone. */
  async settled(collection: number): Promise<void> {
    for (let work = this.work.get(collection); work; work = this.work.get(collection))
      await work.catch(() => undefined);
  }

  /** Puts a collection out of memory; the next query reads it anew. */
  drop(collection: number): void {
    this.loads.delete(collection);
    const resident = this.current.get(collection);
    if (!resident) return;
    this.current.delete(collection);
    resident.out = true;
    this.settle(resident);
  }

  dropAll(): void {
    for (const collection of [...this.current.keys(), ...this.loads.keys()]) this.drop(collection);
  }

  /** After a collection has grown by writes or by an index: others make room for it, or else it goes itself. */
  trim(grown: number): void {
    const { memoryMaxBytes } = this.options;
    for (const collection of [...this.current.keys()]) {
      if (collection !== grown && this.bytes > memoryMaxBytes) this.drop(collection);
    }
    if (this.bytes > memoryMaxBytes || this.resident(grown)?.wasteful) this.drop(grown);
  }

  /**
   * Makes room for what a segment in use has grown to: others go, then it waits until nobody uses what has gone.
   * @param full Whether there is no more memory at all, whatever the sum says.
   * @throws Failure `vector.memory_exceeded` where nothing else can go
   */
  async makeRoom({ number, name }: CollectionRow, segment: Segment, { full = false } = {}): Promise<void> {
    const { memoryMaxBytes } = this.options;
    while (full || this.bytes > memoryMaxBytes) {
      const eldest = [...this.current.keys()].find((one) => one !== number);
      if (eldest !== undefined) this.drop(eldest);
      else await this.roomBeside(segment, () => tooLarge(name, segment.bytes, memoryMaxBytes));
      if (full) return;
    }
  }

  /** Two that wait for each other would wait for ever: the second one fails. */
  private async roomBeside(segment: Segment, tooLarge: () => Error): Promise<void> {
    const others = [...this.holding].filter((one) => one.segment !== segment && !this.waiting.has(one.segment));
    if (others.length === 0) throw tooLarge();
    this.waiting.add(segment);
    await this.room.promise.finally(() => this.waiting.delete(segment));
  }

  private async hold(collection: CollectionRow): Promise<Resident> {
    const known = this.current.get(collection.number);
    if (known) {
      this.current.delete(collection.number);
      this.current.set(collection.number, known);
      known.users++;
      return known;
    }
    const load = this.loads.get(collection.number) ?? this.startLoad(collection);
    load.waiting++;
    return load.resident;
  }

  private startLoad(collection: CollectionRow): Load {
    const isWanted = () => this.loads.get(collection.number) === load;
    const load: Load = { waiting: 0, resident: this.load(collection, isWanted, () => load.waiting) };
    this.loads.set(collection.number, load);
    return load;
  }

  private async load(collection: CollectionRow, isWanted: () => boolean, waiting: () => number): Promise<Resident> {
    let resident: Resident | undefined;
    try {
      // Room first: waiting for it while holding up others on this collection could be waiting for them.
      const reserved = await this.reserve(collection);
      resident = reserved;
      await this.exclusively(collection.number, () => this.fill(reserved, collection, isWanted));
      // Those who waited are its users from now on; the load itself, which was the first, is no more.
      reserved.users += waiting() - 1;
      return reserved;
    } catch (error) {
      if (resident) {
        resident.out = true;
        this.leave(resident);
      }
      throw error;
    } finally {
      if (isWanted()) this.loads.delete(collection.number);
    }
  }

  /** Finds room for a collection: others go first; then it waits until nobody uses what has gone. */
  private async reserve({ number, dimension, metric, name }: CollectionRow): Promise<Resident> {
    const { memoryMaxBytes, pool, points } = this.options;
    const needed = Segment.bytesFor(points.stored(number), dimension);
    if (needed > memoryMaxBytes) throw tooLarge(name, needed, memoryMaxBytes);
    while (this.bytes + needed > memoryMaxBytes) {
      const [eldest] = this.current.keys();
      if (eldest !== undefined) this.drop(eldest);
      else await this.room.promise;
    }
    const resident = {
      segment: new Segment(pool.arena, dimension, metric),
      reservedBytes: needed,
      users: 1,
      out: false,
    };
    this.holding.add(resident);
    return resident;
  }

  private async fill(resident: Resident, collection: CollectionRow, isWanted: () => boolean): Promise<void> {
    const { segment } = resident;
    const { points, pool, file, now, memoryMaxBytes } = this.options;
    const small = pool.isSmall(points.stored(collection.number) * segment.layout.stride);
    const filled = small
      ? await fillHere(segment, collection, { points, now })
      : await fillByThreads(segment, collection, { points, pool, file, now });
    if (!filled) throw tooLarge(collection.name, bytesOf(resident), memoryMaxBytes);
    resident.reservedBytes = 0;
    // Dropped meanwhile (by another process's write, say): for those who waited, and for nobody else.
    if (isWanted()) this.current.set(collection.number, resident);
    else resident.out = true;
  }

  private leave(resident: Resident): void {
    resident.users--;
    this.settle(resident);
  }

  private settle(resident: Resident): void {
    if (resident.out && resident.users === 0 && this.holding.delete(resident)) resident.segment.release();
    this.room.resolve();
    this.room = Promise.withResolvers();
  }
}

function bytesOf({ segment, reservedBytes }: Resident): number {
  return Math.max(segment.bytes, reservedBytes);
}

function tooLarge(collection: string, needed: number, limit: number) {
  const facts = { neededMiB: Math.ceil(needed / MEBIBYTE), limitMiB: Math.floor(limit / MEBIBYTE) };
  return failure('vector.memory_exceeded', { collection, ...facts });
}
