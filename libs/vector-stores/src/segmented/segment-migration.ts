// Moves points to the segment of another model: built beside the old ones, which stay whole until it takes their place.
import type { CallOptions, CollectionRef, PointPage, VectorPoint, VectorStore } from '#ports';
import { pause } from '#resilience';
import { type Routing, unlessAbsent } from './routing.js';
import { isSame, type Segmentation, type SegmentTag, segmentOf } from './segment.js';
import type { SegmentTable } from './segment-table.js';

/** A point, and what is to take its place. */
export interface Replacement {
  seen: VectorPoint;
  vector: Float32Array;
}

/** What may be moved from: a segment of another model than the one asked for. */
export interface FormerSegment {
  name: string;
  count: number;
}

interface MigrationParts {
  store: VectorStore;
  table: SegmentTable;
  routing: Routing;
  /** Other instances hear of a reindex within so long: until they have, they write as if there were none. Milliseconds. */
  settledMs: number;
}

/**
 * While it builds, every write and deletion of the collection takes turns with it: what is copied is compared with what
 * stands there in the same turn, so that nothing newer is overwritten and nothing deleted comes back.
 */
export class SegmentMigration {
  constructor(private readonly parts: MigrationParts) {}

  /** Segments of other models, the oldest first. None for a collection whose vectors nobody has named a model of. */
  async former(ref: CollectionRef, tag: SegmentTag, options?: CallOptions): Promise<FormerSegment[]> {
    const found = await this.parts.routing.ofAny(ref, options);
    const former: FormerSegment[] = [];
    for (const { name, tag: made } of found?.segments.toReversed() ?? []) {
      if (made && !isSame(made, tag)) former.push({ name, count: await this.countOf(ref, name, options) });
    }
    return former;
  }

  /** The segment of the tag, where there is one. */
  async current(ref: CollectionRef, tag: SegmentTag, options?: CallOptions): Promise<string | undefined> {
    const found = await this.parts.routing.ofAny(ref, options);
    return found && segmentOf(found, tag)?.name;
  }

  /** Points of one segment; none where it is gone. */
  countOf(ref: CollectionRef, name: string, options?: CallOptions): Promise<number> {
    return unlessAbsent(() => this.parts.store.count({ ...ref, collection: name }, options), 0);
  }

  /** Begins to build the segment of the tag, or goes on. Returns once every instance knows. */
  async begin(ref: CollectionRef, tag: SegmentTag, now: number, options?: CallOptions): Promise<void> {
    const { routing, table } = this.parts;
    const found = await routing.of(ref, options);
    const known = found && segmentOf(found, tag);
    const building = known?.name ?? (await routing.begin(ref, tag, { active: false }, options));
    const begun = await table.change(ref, (old) =>
      !old || old.building === building ? old : { ...old, building, buildingSince: now, again: false },
    );
    const { settledMs } = this.parts;
    const waitMs = Math.min(settledMs, (begun?.buildingSince ?? now) + settledMs - now);
    if (waitMs > 0) await pause(waitMs, options?.signal);
  }

  /** Points of one segment, page by page; none where it is gone. */
  page(
    ref: CollectionRef,
    name: string,
    page: { cursor?: string | undefined; limit: number },
    options?: CallOptions,
  ): Promise<PointPage> {
    const { cursor, limit } = page;
    const list = () =>
      this.parts.store.list({ ...ref, collection: name }, { limit, ...(cursor !== undefined && { cursor }) }, options);
    return unlessAbsent(list, { points: [], cursor: undefined });
  }

  /** Those of the points that the segment being built does not have yet, or has from before. */
  async missing(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions): Promise<VectorPoint[]> {
    const { building } = (await this.parts.table.read(ref)) ?? {};
    if (building === undefined || points.length === 0) return [];
    const there = await this.writtenIn(ref, building, points, options);
    return points.filter((point) => !isOvertaken(point, there));
  }

  /**
   * Writes the points with their new vectors, and everything else as it stands there now. Leaves out what was deleted or
   * written since it was seen. Gives how many were written; `undefined` where the collection is not being built any more.
   */
  async place(
    ref: CollectionRef,
    from: string,
    tag: SegmentTag,
    replacements: readonly Replacement[],
    options?: CallOptions,
  ): Promise<number | undefined> {
    const { table } = this.parts;
    const place = async (signal: AbortSignal) => {
      const { building } = (await table.read(ref)) ?? {};
      if (building === undefined) return undefined;
      return this.placeIn(ref, { from, building }, tag, replacements, { signal });
    };
    return replacements.length === 0 ? 0 : table.locked(ref, place, options?.signal);
  }

  /**
   * Switches to the built segment, where nothing was written elsewhere since the last going-through; else `false`: go
   * through once more. `complete`: every point of the former segment was copied, so that it may be dropped as a whole.
   */
  async finish(
    ref: CollectionRef,
    from: string,
    { complete }: { complete: boolean },
    options?: CallOptions,
  ): Promise<boolean> {
    const { table, store } = this.parts;
    const finish = async (signal: AbortSignal) => {
      const found = await table.read(ref);
      if (found?.building === undefined) return true;
      if (found.again) {
        await table.change(ref, (now) => now && { ...now, again: false });
        return false;
      }
      await table.change(ref, (now) => now && { ...now, active: now.building ?? now.active });
      if (!complete) return true;
      await store.dropCollection({ ...ref, collection: from }, { signal });
      await table.change(ref, (now) => now && without(now, from));
      return true;
    };
    return table.locked(ref, finish, options?.signal);
  }

  /** After the switch: takes what was copied from the next page of a former segment that keeps some points. */
  async clear(
    ref: CollectionRef,
    from: string,
    page: { cursor?: string | undefined; limit: number },
    options?: CallOptions,
  ): Promise<string | undefined> {
    const { table, store } = this.parts;
    const clear = async (signal: AbortSignal) => {
      const { building } = (await table.read(ref)) ?? {};
      const { points, cursor } = await this.page(ref, from, page, { signal });
      if (building === undefined || points.length === 0) return cursor;
      const there = await this.writtenIn(ref, building, points, { signal });
      const ids = points.filter((point) => isOvertaken(point, there)).map(({ id }) => id);
      if (ids.length > 0) await store.delete({ ...ref, collection: from }, { ids }, { signal });
      return cursor;
    };
    return table.locked(ref, clear, options?.signal);
  }

  /** A former segment has been gone through: it is dropped where it is empty, else kept with what it has. */
  async settle(ref: CollectionRef, from: string, options?: CallOptions): Promise<void> {
    const { table, store } = this.parts;
    const settle = async (signal: AbortSignal) => {
      const left = await this.countOf(ref, from, { signal });
      if (left === 0) await store.dropCollection({ ...ref, collection: from }, { signal });
      await table.change(ref, (now) => now && (left === 0 ? without(now, from) : settled(now, from)));
    };
    await table.locked(ref, settle, options?.signal);
  }

  /** Nothing is copied any more. */
  async end(ref: CollectionRef): Promise<void> {
    await this.parts.table.change(ref, (now) => {
      if (now?.building === undefined) return now;
      const { building: _, buildingSince: __, again: ___, ...rest } = now;
      return rest;
    });
  }

  private async placeIn(
    ref: CollectionRef,
    { from, building }: { from: string; building: string },
    tag: SegmentTag,
    replacements: readonly Replacement[],
    options: CallOptions,
  ): Promise<number> {
    const { store } = this.parts;
    const target = { ...ref, collection: building };
    const seen = replacements.map((one) => one.seen);
    const standing = await this.writtenIn(ref, from, seen, options);
    const there = await this.writtenIn(ref, building, seen, options);
    const points = replacements.flatMap(({ seen: { id, text, lineage }, vector }) => {
      const now = standing.get(id);
      const changed = !now || now.text !== text || now.lineage?.ingestedAt !== lineage?.ingestedAt;
      return changed || isOvertaken(now, there) ? [] : [remade(now, vector, tag)];
    });
    if (points.length === 0) return 0;
    await store.upsert(target, points, options);
    // Once more: an instance that has not heard of this yet may have deleted meanwhile.
    const left = await this.writtenIn(ref, from, points, options);
    const deleted = points.map(({ id }) => id).filter((id) => !left.has(id));
    if (deleted.length > 0) await store.delete(target, { ids: deleted }, options);
    return points.length - deleted.length;
  }

  private async writtenIn(ref: CollectionRef, name: string, points: readonly VectorPoint[], options?: CallOptions) {
    const ids = points.map(({ id }) => id);
    const found = await unlessAbsent(() => this.parts.store.get({ ...ref, collection: name }, ids, options), []);
    return new Map(found.map((point) => [point.id, point]));
  }
}

/** Whether the segment being built has the point as new as it is, or newer. */
function isOvertaken({ id, lineage }: VectorPoint, there: ReadonlyMap<string, VectorPoint>): boolean {
  const other = there.get(id);
  return other !== undefined && (other.lineage?.ingestedAt ?? 0) >= (lineage?.ingestedAt ?? 0);
}

/** The time of the ingestion stays: a document does not grow younger by being embedded again. */
function remade(point: VectorPoint, vector: Float32Array, tag: SegmentTag): VectorPoint {
  const { provider, model, version, normalised } = tag;
  const { normalised: _, ...before } = point.lineage ?? { ingestedAt: Date.now() };
  const lineage = { ...before, provider, model, version, ...(normalised !== undefined && { normalised }) };
  return { ...point, vector, lineage };
}

function without(found: Segmentation, name: string): Segmentation {
  return { ...found, segments: found.segments.filter((one) => one.name !== name) };
}

function settled(found: Segmentation, name: string): Segmentation {
  return { ...found, segments: found.segments.map((one) => (one.name === name ? { ...one, settled: true } : one)) };
}
