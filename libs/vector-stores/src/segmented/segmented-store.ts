// Any vector store, so that vectors of different models never mix: each model has a segment of its own in every collection.
import { LRUCache } from 'lru-cache';
import {
  announce,
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  Failure,
  failure,
  isFailure,
  type PointPage,
  type PointSelector,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from '#ports';
import { Routing, unlessAbsent, untaggedOf } from './routing.js';
import {
  afterWrite,
  collectionOf,
  isInternal,
  isSame,
  type Segment,
  type Segmentation,
  type SegmentTag,
  segmentOf,
  tagOf,
} from './segment.js';
import { SegmentMigration } from './segment-migration.js';
import { SegmentTable, type SegmentTableOptions } from './segment-table.js';
import { Spanning } from './spanning.js';

const MOST_BEHIND = 1000;
/** `Watched` asks more often, also where a message was lost. */
const SETTLED_MS = 2000;

export interface SegmentedOptions extends SegmentTableOptions {
  /** Until so long after a reindex began, other instances may not have heard of it. Milliseconds. */
  settledMs?: number;
}

/**
 * The same store. A point goes to the segment of the model that its lineage names, one without a model to the active
 * segment; a query `by` a model is answered from that model's points alone, one without from the active segment. Everything
 * else sees all segments as one collection. Besides the store's own failures, calls fail with `records.unavailable` and
 * `vector.collection_busy`. Where the records do not answer, a query and a description are of the first segment, without
 * the matches that another model made; and a write goes there where it holds no vectors of another model.
 */
export class SegmentedStore extends VectorStore {
  readonly provider: string;
  readonly capabilities: VectorStoreCapabilities;
  /** There where the store has it. */
  override readonly reseal?: VectorStore['reseal'];
  /** For who moves points from the segments of former models to that of another. */
  readonly migration: SegmentMigration;
  /** Collections that were asked with a model that has not made all of their vectors. */
  private readonly asked = new LRUCache<string, true>({ max: MOST_BEHIND });

  private constructor(
    private readonly store: VectorStore,
    private readonly table: SegmentTable,
    private readonly routing: Routing,
    private readonly spanning: Spanning,
    settledMs: number,
  ) {
    super();
    this.provider = store.provider;
    this.capabilities = store.capabilities;
    this.migration = new SegmentMigration({ store, table, routing, settledMs });
    if (store.reseal) this.reseal = (tenant, page, o) => store.reseal!(tenant, page, o);
  }

  /** Opens also where the records do not answer yet. The store is closed together with this one. */
  static async open(store: VectorStore, { settledMs, ...o }: SegmentedOptions): Promise<SegmentedStore> {
    const table = new SegmentTable(o);
    await table.open();
    return new SegmentedStore(
      store,
      table,
      new Routing(store, table),
      new Spanning(store),
      settledMs ?? (o.records.shared ? SETTLED_MS : 0),
    );
  }

  /** How many collections are to be reindexed, of those that were asked. */
  get behind(): number {
    return this.asked.size;
  }

  async openCollection(ref: CollectionRef, spec: CollectionSpec, options?: CallOptions): Promise<CollectionInfo> {
    if (collectionOf(ref.collection) !== ref.collection) throw namedLikeOurs();
    const known = await this.routing.ofAny(ref, options).catch(unlessUnreachable);
    if (known === UNREACHABLE) return this.store.openCollection(ref, spec, options);
    const found = known && (await this.pruned(ref, known, options));
    const place = { ...ref, collection: found?.active ?? ref.collection };
    const info = await named(ref, () => this.store.openCollection(place, spec, options));
    const { index } = spec;
    const own = { segments: [{ name: ref.collection }], active: ref.collection };
    if (index && !found) await this.table.change(ref, (now) => now ?? { ...own, index });
    return { ...info, name: ref.collection };
  }

  async describeCollection(ref: CollectionRef, options?: CallOptions): Promise<CollectionInfo | undefined> {
    const found = await this.routing.recalled(ref).catch(unlessUnreachable);
    if (found === UNREACHABLE) return this.store.describeCollection(ref, options);
    if (found) return this.described(ref, found, options);
    const info = await this.store.describeCollection(ref, options);
    if (info) return info;
    const recovered = await this.routing.recovered(ref, options);
    return recovered && this.described(ref, recovered, options);
  }

  async listCollections(tenant: string, options?: CallOptions): Promise<CollectionInfo[]> {
    const there = await this.store.listCollections(tenant, options);
    const byCollection = Map.groupBy(there, ({ name }) => collectionOf(name));
    const infos: CollectionInfo[] = [];
    for (const [name, parts] of byCollection) {
      const ref = { tenant, collection: name };
      const whole = parts.length === 1 && parts[0]!.name === name;
      const info = whole ? parts[0] : await this.describeCollection(ref, options);
      if (info) infos.push({ ...info, name });
    }
    return infos;
  }

  async dropCollection(ref: CollectionRef, options?: CallOptions): Promise<boolean> {
    const known = await this.routing.ofAny(ref, options);
    if (!known) return this.store.dropCollection(ref, options);
    const drop = async (signal: AbortSignal) => {
      const found = (await this.table.read(ref)) ?? known;
      let dropped = false;
      for (const { name } of found.segments) {
        if (await this.store.dropCollection({ ...ref, collection: name }, { signal })) dropped = true;
      }
      await this.table.change(ref, () => undefined);
      return dropped;
    };
    return this.table.locked(ref, drop, options?.signal);
  }

  async upsert(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions): Promise<number> {
    const groups = await this.grouped(ref, points, options).catch(unlessUnreachable);
    if (groups === UNREACHABLE) {
      await this.routing.mayWriteUnrouted(ref, points, options);
      return this.store.upsert(ref, points, options);
    }
    const found = await this.routing.of(ref, options);
    const only = groups.size <= 1 && (found?.segments.length ?? 1) === 1;
    const [name = found?.active ?? ref.collection] = groups.keys();
    if (only) return named(ref, () => this.store.upsert({ ...ref, collection: name }, points, options));
    const written = await this.table.locked(
      ref,
      (signal) => named(ref, () => this.upsertInto(ref, groups, signal)),
      options?.signal,
    );
    // A segment went between: where its points belong now is asked again.
    return written ?? this.upsert(ref, points, options);
  }

  async query(ref: CollectionRef, query: VectorQuery, options?: CallOptions): Promise<VectorMatch[]> {
    const { by } = query;
    const found = await this.routing.of(ref, options).catch(unlessUnreachable);
    if (found === UNREACHABLE) return this.queryUnrouted(ref, query, options);
    if (!found) return this.store.query(ref, query, options);
    const segment = by
      ? (segmentOf(found, { ...by, dimension: query.vector.length }) ?? untaggedOf(found, ref))
      : { name: found.active };
    if (by) this.note(ref, found, segment);
    if (!segment) {
      if (!isInternal(ref.collection)) announce('vector.model_unmatched', { ...ref });
      return [];
    }
    return named(ref, () => this.store.query({ ...ref, collection: segment.name }, query, options));
  }

  async get(ref: CollectionRef, ids: readonly string[], options?: CallOptions): Promise<VectorPoint[]> {
    const found = await this.routing.of(ref, options);
    if (!isSeveral(found)) return named(ref, () => this.store.get(placeOf(ref, found), ids, options));
    return this.spanning.get(ref, found, ids, options);
  }

  async list(
    ref: CollectionRef,
    page: { subject?: string; cursor?: string; limit: number },
    options?: CallOptions,
  ): Promise<PointPage> {
    const found = (await this.routing.of(ref, options)) ?? ownOf(ref);
    return named(ref, () => this.spanning.list(ref, found, page, options));
  }

  async delete(ref: CollectionRef, selector: PointSelector, options?: CallOptions): Promise<number> {
    const found = await this.routing.of(ref, options);
    if (!isSeveral(found)) return named(ref, () => this.store.delete(placeOf(ref, found), selector, options));
    const remove = async (signal: AbortSignal) => {
      const now = (await this.table.read(ref)) ?? found;
      return this.spanning.delete(ref, now, selector, { signal });
    };
    return named(ref, () => this.table.locked(ref, remove, options?.signal));
  }

  async count(ref: CollectionRef, options?: CallOptions): Promise<number> {
    const found = (await this.routing.of(ref, options)) ?? ownOf(ref);
    return named(ref, () => this.spanning.count(ref, found, options));
  }

  health(options?: CallOptions): Promise<void> {
    return this.store.health(options);
  }

  async close(): Promise<void> {
    await this.table.close();
    await this.store.close();
  }

  /** Points by the name of the segment that they go to. Those of a model come first: a collection of none becomes its own. */
  private async grouped(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions) {
    const tags = new Map<string, SegmentTag | undefined>();
    const byTag = Map.groupBy(points, (point) => {
      const tag = tagOf(point);
      const key = tag ? JSON.stringify(Object.values(tag)) : '';
      tags.set(key, tag);
      return key;
    });
    const groups = new Map<string, VectorPoint[]>();
    for (const key of [...byTag.keys()].sort().reverse()) {
      const name = await this.routing.target(ref, tags.get(key), options);
      groups.set(name, [...(groups.get(name) ?? []), ...byTag.get(key)!]);
    }
    return groups;
  }

  /** The last write of an id is the only one that is kept: what other segments have of it goes. */
  private async upsertInto(ref: CollectionRef, groups: Map<string, VectorPoint[]>, signal: AbortSignal) {
    const found = await this.table.read(ref);
    const names = found?.segments.map(({ name }) => name) ?? [ref.collection];
    if ([...groups.keys()].some((name) => !names.includes(name))) return undefined;
    // Noted before it is written: a reindex goes through once more, and does not end without what comes now.
    if (found && afterWrite(found, groups) !== found)
      await this.table.change(ref, (now) => now && afterWrite(now, groups));
    let written = 0;
    for (const [name, points] of groups) {
      written += await this.store.upsert({ ...ref, collection: name }, points, { signal });
      const ids = points.map(({ id }) => id);
      for (const other of names) {
        if (other === name) continue;
        await unlessAbsent(() => this.store.delete({ ...ref, collection: other }, { ids }, { signal }), 0);
      }
    }
    return written;
  }

  private async queryUnrouted(ref: CollectionRef, query: VectorQuery, options?: CallOptions): Promise<VectorMatch[]> {
    const matches = await this.store.query(ref, query, options);
    const { by } = query;
    return matches.filter(({ lineage: { provider, model, version } = {} }) => {
      if (!by || provider === undefined || model === undefined || version === undefined) return true;
      return isSame({ provider, model, version, dimension: query.vector.length }, by);
    });
  }

  /** Remembers whether a model has not made all that it is asked for, for who watches over the service. */
  private note({ tenant, collection }: CollectionRef, { segments }: Segmentation, segment: Segment | undefined): void {
    if (isInternal(collection)) return;
    const key = `${tenant}/${collection}`;
    const behind = !segment || segments.some((one) => one.name !== segment.name && !one.settled);
    if (behind) this.asked.set(key, true);
    else if (this.asked.size > 0) this.asked.delete(key);
  }

  private async described(
    ref: CollectionRef,
    found: Segmentation,
    options?: CallOptions,
  ): Promise<CollectionInfo | undefined> {
    const info = await this.store.describeCollection({ ...ref, collection: found.active }, options);
    if (!info) return undefined;
    const several = found.segments.length > 1;
    const whole = several && found.building === undefined;
    const count = whole ? await this.spanning.count(ref, found, options) : several ? undefined : info.count;
    return { ...info, name: ref.collection, count };
  }

  /** Without the segments that the store does not have: a drop may have ended half-way. */
  private async pruned(ref: CollectionRef, found: Segmentation, options?: CallOptions) {
    const gone = new Set<string>();
    for (const { name } of found.segments) {
      if (!(await this.store.describeCollection({ ...ref, collection: name }, options))) gone.add(name);
    }
    if (gone.size === 0) return found;
    return this.table.change(ref, (now) => {
      const segments = now?.segments.filter(({ name }) => !gone.has(name)) ?? [];
      if (!now || segments.length === 0) return undefined;
      return { ...now, segments, active: gone.has(now.active) ? segments[0]!.name : now.active };
    });
  }
}

const UNREACHABLE = Symbol('records unavailable');

function unlessUnreachable(error: unknown): typeof UNREACHABLE {
  if (isFailure(error, 'records.unavailable')) return UNREACHABLE;
  throw error;
}

function isSeveral(found: Segmentation | undefined): found is Segmentation {
  return found !== undefined && found.segments.length > 1;
}

function placeOf(ref: CollectionRef, found: Segmentation | undefined): CollectionRef {
  return found ? { ...ref, collection: found.active } : ref;
}

function ownOf({ collection }: CollectionRef): Segmentation {
  return { segments: [{ name: collection }], active: collection };
}

/** Failures tell the name that the caller knows. */
async function named<T>({ collection }: CollectionRef, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const told = isFailure(error) ? error.facts.collection : undefined;
    if (!isFailure(error) || typeof told !== 'string' || collectionOf(told) === told) throw error;
    const { code, retryAfterMs, problems, facts } = error;
    throw new Failure(code, error.message.replaceAll(told, collection), {
      cause: error.cause,
      facts: { ...facts, collection },
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(problems && { problems }),
    });
  }
}

function namedLikeOurs() {
  const message = 'Must not end in ~ and eight hexadecimal digits.';
  const problems = [{ path: 'name', code: 'vector.name_reserved', message }];
  return failure('request.invalid', { part: 'collection', count: problems.length }, { problems });
}
