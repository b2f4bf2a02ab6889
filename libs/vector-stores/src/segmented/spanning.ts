// Reads and deletes over all segments of a collection as if they were one: no id is seen twice, none is missed.
import type { CallOptions, CollectionRef, PointPage, PointSelector, VectorPoint, VectorStore } from '#ports';
import { matchesFilter } from '../matches-filter.js';
import { unknownCursor } from '../providers/list-cursor.js';
import { unlessAbsent } from './routing.js';
import { labelOf, type Segmentation } from './segment.js';

interface Page {
  subject?: string;
  cursor?: string;
  limit: number;
}

/** Names the segment of a page, then the store's own cursor within it. */
const CURSOR = /^(-|[0-9a-f]{8})\.(.*)$/s;
const SCANNED_AT_ONCE = 500;
const NO_POINTS: PointPage = { points: [], cursor: undefined };

export class Spanning {
  constructor(private readonly store: VectorStore) {}

  /** From the newest segment that has it. */
  async get(ref: CollectionRef, { segments }: Segmentation, ids: readonly string[], options?: CallOptions) {
    const found: VectorPoint[] = [];
    let missing = ids;
    for (const { name } of segments) {
      if (missing.length === 0) break;
      const points = await this.getIn({ ...ref, collection: name }, missing, options);
      const seen = new Set(points.map(({ id }) => id));
      found.push(...points);
      missing = missing.filter((id) => !seen.has(id));
    }
    return found;
  }

  /**
   * The oldest segment first: whatever a reindex copies meanwhile goes from those seen later to those seen earlier only
   * once it is everywhere. What an earlier segment has is not told again.
   */
  async list(ref: CollectionRef, found: Segmentation, page: Page, options?: CallOptions): Promise<PointPage> {
    const names = found.segments.map(({ name }) => name).reverse();
    const points: VectorPoint[] = [];
    let { at, cursor } = placeOf(page.cursor, names);
    while (points.length < page.limit) {
      const inner = { ...page, cursor, limit: page.limit - points.length };
      const here = await this.pageOf(ref, found, { names, at }, inner, options);
      points.push(...here.points);
      cursor = here.cursor;
      if (cursor === undefined) at++;
      if (cursor !== undefined || at === names.length) break;
    }
    return { points, cursor: at === names.length ? undefined : `${labelOf(names[at]!)}.${cursor ?? ''}` };
  }

  async count(ref: CollectionRef, found: Segmentation, options?: CallOptions): Promise<number> {
    let sum = 0;
    for (const { name } of found.segments) {
      sum += await this.unlessGone(found, name, 0, () => this.store.count({ ...ref, collection: name }, options));
    }
    return sum - (await this.doubled(ref, found, {}, options));
  }

  async delete(ref: CollectionRef, found: Segmentation, selector: PointSelector, options?: CallOptions) {
    let deleted = -(await this.doubled(ref, found, selector, options));
    for (const { name } of found.segments) {
      const place = { ...ref, collection: name };
      deleted += await this.unlessGone(found, name, 0, () => this.store.delete(place, selector, options));
    }
    return deleted;
  }

  /** Ids of the points that one of the segments has. */
  async present(
    ref: CollectionRef,
    names: readonly string[],
    points: readonly { id: string }[],
    options?: CallOptions,
  ): Promise<Set<string>> {
    const ids = points.map(({ id }) => id);
    const there = new Set<string>();
    for (const name of names) {
      if (ids.length === 0) break;
      for (const { id } of await this.getIn({ ...ref, collection: name }, ids, options)) there.add(id);
    }
    return there;
  }

  private async pageOf(
    ref: CollectionRef,
    found: Segmentation,
    { names, at }: { names: readonly string[]; at: number },
    { subject, cursor, limit }: { subject?: string; cursor: string | undefined; limit: number },
    options?: CallOptions,
  ): Promise<PointPage> {
    const name = names[at]!;
    const page = { limit, ...(subject !== undefined && { subject }), ...(cursor !== undefined && { cursor }) };
    const list = () => this.store.list({ ...ref, collection: name }, page, options);
    const here = await this.unlessGone(found, name, NO_POINTS, list);
    const told = await this.present(ref, names.slice(0, at), here.points, options);
    return { points: here.points.filter(({ id }) => !told.has(id)), cursor: here.cursor };
  }

  /** How many of the selected points are in two segments: only while a reindex builds, and then counted one by one. */
  private async doubled(
    ref: CollectionRef,
    { segments, building }: Segmentation,
    selector: PointSelector,
    options?: CallOptions,
  ): Promise<number> {
    if (building === undefined) return 0;
    let doubled = 0;
    for (const { name } of segments) {
      if (name === building) continue;
      for await (const points of this.selected({ ...ref, collection: name }, selector, options)) {
        doubled += (await this.present(ref, [building], points, options)).size;
      }
    }
    return doubled;
  }

  private async *selected(ref: CollectionRef, { ids, subject, ...rest }: PointSelector, options?: CallOptions) {
    if (ids) {
      yield await this.getIn(ref, ids, options);
      return;
    }
    const page = { limit: SCANNED_AT_ONCE, ...(subject !== undefined && { subject }) };
    for (let cursor: string | undefined; ; ) {
      const found = await unlessAbsent(
        () => this.store.list(ref, { ...page, ...(cursor !== undefined && { cursor }) }, options),
        NO_POINTS,
      );
      yield found.points.filter((point) => isSelected(point, rest));
      cursor = found.cursor;
      if (cursor === undefined) return;
    }
  }

  private getIn(ref: CollectionRef, ids: readonly string[], options?: CallOptions): Promise<VectorPoint[]> {
    return unlessAbsent(() => this.store.get(ref, ids, options), []);
  }

  /** Without its active segment a collection is absent; another one may just have been dropped. */
  private unlessGone<T>({ active }: Segmentation, name: string, otherwise: T, call: () => Promise<T>): Promise<T> {
    return name === active ? call() : unlessAbsent(call, otherwise);
  }
}

function isSelected(
  { metadata = {}, lineage }: VectorPoint,
  { filter, ingestedBefore }: Pick<PointSelector, 'filter' | 'ingestedBefore'>,
): boolean {
  if (filter) return matchesFilter(filter, metadata);
  return ingestedBefore === undefined || (lineage?.ingestedAt ?? Infinity) < ingestedBefore;
}

/** A segment that is gone had its points moved to others: those are seen again rather than missed. */
function placeOf(given: string | undefined, names: readonly string[]): { at: number; cursor: string | undefined } {
  const first = { at: 0, cursor: undefined };
  if (given === undefined) return first;
  const [, label, inner] = CURSOR.exec(given) ?? [];
  if (label === undefined) throw unknownCursor();
  const at = names.findIndex((name) => labelOf(name) === label);
  return at < 0 ? first : { at, cursor: inner || undefined };
}
