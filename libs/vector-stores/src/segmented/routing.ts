// Which segment is meant: learnt from the points where the records do not tell, and begun where a new model writes.
import { LRUCache } from 'lru-cache';
import {
  type CallOptions,
  type CollectionRef,
  type CollectionSpec,
  failure,
  isFailure,
  type VectorPoint,
  type VectorStore,
} from '#ports';
import {
  collectionOf,
  isSame,
  type Segment,
  type Segmentation,
  type SegmentTag,
  segmentName,
  segmentOf,
  tagOf,
  withSegment,
} from './segment.js';
import type { SegmentTable } from './segment-table.js';

/** Points looked at to learn what made the vectors of a collection that the records do not know. */
const SAMPLE = 16;
const MOST_LOOKED_FOR = 10_000;

export class Routing {
  /** Collections that were absent when they were looked for. */
  private readonly looked = new LRUCache<string, true>({ max: MOST_LOOKED_FOR });

  constructor(
    private readonly store: VectorStore,
    private readonly table: SegmentTable,
  ) {}

  /**
   * The segments of a collection; `undefined` where it is its own one segment, of no known model. Costs a call the first
   * time that this process meets the collection, and none after.
   * @throws Failure `vector.collection_absent`, where that was seen; `records.unavailable`
   */
  async of(ref: CollectionRef, options?: CallOptions): Promise<Segmentation | undefined> {
    const held = this.table.atHand(ref);
    if (held) return held.found;
    const { epoch } = this.table;
    const found = (await this.table.read(ref)) ?? (await this.learnt(ref, options));
    if (!found) this.table.holdUnknown(ref, epoch);
    return found;
  }

  /** As `of`, for a collection that may be absent: then `undefined` too. */
  async ofAny(ref: CollectionRef, options?: CallOptions): Promise<Segmentation | undefined> {
    const found = await this.recalled(ref);
    if (found) return found;
    const info = await this.store.describeCollection(ref, options);
    return info ? this.of(ref, options) : this.recovered(ref, options);
  }

  /** What the records tell, without a call to the store. */
  async recalled(ref: CollectionRef): Promise<Segmentation | undefined> {
    const held = this.table.atHand(ref);
    return held ? held.found : this.table.read(ref);
  }

  /** The name of the segment that a write belongs to. One for a new model is made, and is the active one from now on. */
  async target(ref: CollectionRef, tag: SegmentTag | undefined, options?: CallOptions): Promise<string> {
    const found = await this.of(ref, options);
    if (!tag) return found?.active ?? ref.collection;
    const known = found && segmentOf(found, tag);
    if (known) return known.name;
    const adopting = untaggedOf(found, ref);
    if (adopting) return this.adopt(ref, adopting, tag, options);
    return this.begin(ref, tag, { active: true }, options);
  }

  /** Makes the segment of a tag, in a collection that has others. Gives its name. */
  async begin(
    ref: CollectionRef,
    tag: SegmentTag,
    { active }: { active: boolean },
    options?: CallOptions,
  ): Promise<string> {
    const found = await this.of(ref, options);
    const name = segmentName(ref.collection, tag);
    const like = { tenant: ref.tenant, collection: found?.active ?? ref.collection };
    const info = await this.store.describeCollection(like, options);
    if (!info) throw absent(ref);
    const { metric, index = found?.index } = info;
    const spec: CollectionSpec = { dimension: tag.dimension, metric, ...(index && { index }) };
    await this.store.openCollection({ ...ref, collection: name }, spec, options);
    const changed = await this.table.change(ref, (now) => {
      if (!now || segmentOf(now, tag)) return now;
      return { ...withSegment(now, { name, tag }), active: active ? name : now.active };
    });
    if (changed) return segmentOf(changed, tag)!.name;
    await this.store.dropCollection({ ...ref, collection: name }, options); // The collection went meanwhile.
    throw absent(ref);
  }

  /** The first model that writes into a collection of no known model is taken to have made what is there. */
  private async adopt(ref: CollectionRef, segment: Segment, tag: SegmentTag, options?: CallOptions): Promise<string> {
    const { name } = segment;
    const info = await this.store.describeCollection({ ...ref, collection: name }, options);
    if (!info) throw absent(ref);
    if (info.dimension !== tag.dimension) return name; // The store says what is wrong with it.
    const adopted = await this.table.change(ref, (now) => {
      if (now && !untaggedOf(now, ref)) return now; // Another was first.
      return { ...now, segments: [{ name, tag }], active: name };
    });
    return segmentOf(adopted!, tag)?.name ?? this.begin(ref, tag, { active: true }, options);
  }

  private async learnt(ref: CollectionRef, options?: CallOptions): Promise<Segmentation | undefined> {
    try {
      const tag = await this.sampled(ref, options);
      if (!tag) return undefined;
      const own: Segmentation = { segments: [{ name: ref.collection, tag }], active: ref.collection };
      return await this.table.change(ref, (now) => now ?? own);
    } catch (error) {
      if (!isFailure(error, 'vector.collection_absent')) throw error;
      const found = await this.recovered(ref, options);
      if (!found) throw error;
      return found;
    }
  }

  /** Where the records were lost, the names of the store's own collections still tell of segments. Looked for once. */
  async recovered(ref: CollectionRef, options?: CallOptions): Promise<Segmentation | undefined> {
    const place = JSON.stringify([ref.tenant, ref.collection]);
    if (this.looked.has(place)) return undefined;
    this.looked.set(place, true);
    const there = await this.store.listCollections(ref.tenant, options);
    const segments: Segment[] = [];
    for (const { name } of there) {
      if (name === ref.collection || collectionOf(name) !== ref.collection) continue;
      segments.push({ name, tag: await this.sampled({ ...ref, collection: name }, options) });
    }
    if (segments.length === 0) return undefined;
    return this.table.change(ref, (now) => now ?? { segments, active: segments[0]!.name });
  }

  /**
   * Whether points may be written to the first segment, while the records do not tell: where nothing there is of another model.
   * @throws Failure `records.unavailable`, `vector.collection_absent`
   */
  async mayWriteUnrouted(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions): Promise<void> {
    const made = await this.sampled(ref, options);
    const mixes = points.map(tagOf).some((tag) => tag && made && !isSame(made, tag));
    if (mixes) throw failure('records.unavailable', { backend: this.table.records.backend });
  }

  private async sampled(ref: CollectionRef, options?: CallOptions): Promise<SegmentTag | undefined> {
    const { points } = await this.store.list(ref, { limit: SAMPLE }, options);
    return points.map(tagOf).find((tag) => tag !== undefined);
  }
}

/** The one segment of a collection, where nobody has said what made its vectors: it may be of any model. */
export function untaggedOf(found: Segmentation | undefined, { collection }: CollectionRef): Segment | undefined {
  if (!found) return { name: collection };
  const [only, ...others] = found.segments;
  return others.length === 0 && !only!.tag ? only : undefined;
}

export async function unlessAbsent<T, U>(call: () => Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await call();
  } catch (error) {
    if (isFailure(error, 'vector.collection_absent')) return otherwise;
    throw error;
  }
}

function absent({ collection }: CollectionRef) {
  return failure('vector.collection_absent', { collection });
}
