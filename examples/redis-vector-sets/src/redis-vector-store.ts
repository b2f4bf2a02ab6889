// The store: each promise of the port as a script over the vector set of a collection, and the documents beside it.
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  checkVector,
  failure,
  matchesFilter,
  type PointPage,
  type PointSelector,
  similarity,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from 'resk-caching/ports';
import { type Collection, Collections } from './collections.js';
import { type Argument, Connection, type Script } from './connection.js';
import { cursorAfter, idOfCursor } from './cursor.js';
import { attributesOf, bytesOf, type Document, documentOf, pointOf } from './documents.js';
import { PROVIDER } from './failures.js';
import { type Asked, askedFor } from './filter-expression.js';
import type { RedisVectorOptions } from './options.js';
import { COUNT, PAGE, READ, REMOVE, SEARCH, WRITE } from './scripts.js';

const MAX_DIMENSION = 32_768;
const INDEX_SETTINGS = ['M', 'efConstruction'] as const;
const SEARCH_SETTINGS = ['efSearch'] as const;
const QUANTISATION = { none: 'NOQUANT', q8: 'Q8', bin: 'BIN' } as const;
/** How many more candidates are fetched where their order or their filter is not yet exact. */
const OVERSAMPLING = 4;
const FEWEST_CANDIDATES = 100;
/** How many nodes a filtered search may visit: as many as there are, for none that fits may be missed. */
const FILTER_EFFORT = 1_000_000_000;
/** Documents read at a time while something is looked for among all. */
const STRIDE = 500;

export class RedisVectorStore extends VectorStore {
  readonly provider = PROVIDER;
  readonly capabilities: VectorStoreCapabilities = {
    metrics: ['cosine'],
    filters: ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'and', 'or', 'not'],
    maxBatch: 500,
    maxDimension: MAX_DIMENSION,
    index: INDEX_SETTINGS,
    search: SEARCH_SETTINGS,
  };
  private readonly collections: Collections;

  private constructor(
    private readonly connection: Connection,
    private readonly options: RedisVectorOptions,
    private readonly now: () => number,
  ) {
    super();
    this.collections = new Collections(connection, options.prefix);
  }

  /** @throws Failure `vector.store_refused`, `vector.store_unauthorised` or `vector.store_unavailable` */
  static async open(
    options: RedisVectorOptions,
    signal?: AbortSignal,
    now: () => number = Date.now,
  ): Promise<RedisVectorStore> {
    const connection = new Connection(options);
    try {
      await connection.open(signal && { signal });
      return new RedisVectorStore(connection, options, now);
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async openCollection(ref: CollectionRef, spec: CollectionSpec, options?: CallOptions): Promise<CollectionInfo> {
    const { dimension, metric, index = {} } = spec;
    checkSettings(index, INDEX_SETTINGS);
    if (!Number.isInteger(dimension) || dimension < 1 || dimension > MAX_DIMENSION || metric !== 'cosine') {
      const reason = `not cosine of 1 to ${MAX_DIMENSION} dimensions`;
      throw failure('vector.input_refused', { provider: PROVIDER, reason });
    }
    const { quantisation } = this.options;
    const found = await this.collections.open(ref, { dimension, metric, index, quantisation }, options);
    if (found.dimension === dimension && found.metric === metric) return infoOf(found);
    const there = { dimension: found.dimension, metric: found.metric };
    throw failure('vector.collection_conflict', { collection: ref.collection, ...there });
  }

  async describeCollection(ref: CollectionRef, options?: CallOptions): Promise<CollectionInfo | undefined> {
    const found = await this.collections.find(ref, options);
    return found && infoOf(found);
  }

  async listCollections(tenant: string, options?: CallOptions): Promise<CollectionInfo[]> {
    return (await this.collections.list(tenant, options)).map(infoOf);
  }

  dropCollection(ref: CollectionRef, options?: CallOptions): Promise<boolean> {
    return this.collections.drop(ref, options);
  }

  upsert(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions): Promise<number> {
    return this.collections.on(ref, options, async (collection) => {
      for (const [at, { vector }] of points.entries()) checkVector(vector, collection, `document ${at}`);
      if (points.length === 0) return 0;
      const settings = settingsOf(collection);
      const rows = points.flatMap((point) => rowOf(point, this.now()));
      await this.run(WRITE, collection, [`${this.now()}`, `${settings.length}`, ...settings, ...rows], options);
      return points.length;
    });
  }

  async query(ref: CollectionRef, query: VectorQuery, options?: CallOptions): Promise<VectorMatch[]> {
    if (query.hybrid) throw failure('vector.hybrid_unsupported', { provider: PROVIDER });
    checkSettings(query.search ?? {}, SEARCH_SETTINGS);
    return this.collections.on(ref, options, async (collection) => {
      checkVector(query.vector, collection, 'the query');
      const found = await this.nearest(collection, query, askedFor(query, this.now()), options);
      const matches = found.map((point) => matchOf(point, query));
      matches.sort((a, b) => b.score - a.score);
      return matches.filter(({ score }) => score >= (query.threshold ?? 0)).slice(0, query.k);
    });
  }

  get(ref: CollectionRef, ids: readonly string[], options?: CallOptions): Promise<VectorPoint[]> {
    return this.collections.on(ref, options, async (collection) => {
      const wanted = [...new Set(ids)];
      const found = await this.run<Array<string | null>>(READ, collection, wanted, options);
      return wanted.flatMap((id, at) => this.current(id, found[at] ?? null));
    });
  }

  list(
    ref: CollectionRef,
    { subject, cursor, limit }: { subject?: string; cursor?: string; limit: number },
    options?: CallOptions,
  ): Promise<PointPage> {
    return this.collections.on(ref, options, async (collection) => {
      const page = await this.page(collection, cursor === undefined ? undefined : idOfCursor(cursor), limit, options);
      const points = page.points.filter((point) => subject === undefined || point.subject === subject);
      return { points, cursor: page.last === undefined ? undefined : cursorAfter(page.last) };
    });
  }

  delete(ref: CollectionRef, selector: PointSelector, options?: CallOptions): Promise<number> {
    return this.collections.on(ref, options, async (collection) => {
      if (selector.ids) return this.remove(collection, [...new Set(selector.ids)], options);
      let deleted = 0;
      let last: string | undefined;
      do {
        const page = await this.page(collection, last, STRIDE, options);
        const gone = page.points.filter((point) => isSelected(point, selector)).map(({ id }) => id);
        deleted += await this.remove(collection, gone, options);
        last = page.last;
      } while (last !== undefined);
      return deleted;
    });
  }

  count(ref: CollectionRef, options?: CallOptions): Promise<number> {
    return this.collections.on(ref, options, (one) => this.run<number>(COUNT, one, [`${this.now()}`], options));
  }

  async health(options?: CallOptions): Promise<void> {
    await this.connection.command(['PING'], options);
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  /** What the expression lets through is judged again where it may let through too much; then more is fetched until k fit. */
  private async nearest(
    collection: Collection,
    { vector, k, filter, search = {} }: VectorQuery,
    { expression, exact }: Asked,
    options?: CallOptions,
  ): Promise<VectorPoint[]> {
    const { efSearch } = search;
    const settings = ['FILTER', expression, 'FILTER-EF', `${FILTER_EFFORT}`];
    if (efSearch !== undefined) settings.push('EF', `${efSearch}`);
    if (this.options.exact) settings.push('TRUTH');
    const sure = exact && collection.quantisation === 'none';
    for (let count = sure ? k : Math.max(k * OVERSAMPLING, FEWEST_CANDIDATES); ; count *= OVERSAMPLING) {
      const parts = ['FP32', bytesOf(vector), 'COUNT', `${count}`, ...settings];
      const pairs = await this.run<string[]>(SEARCH, collection, parts, options);
      const found = this.pairsOf(pairs).filter(
        ({ metadata = {} }) => exact || !filter || matchesFilter(filter, metadata),
      );
      if (exact || found.length >= k || pairs.length / 2 < count) return found;
    }
  }

  /** The next documents behind an id, in the order of ids; `last` where there may be more. */
  private async page(collection: Collection, after: string | undefined, limit: number, options?: CallOptions) {
    const begin = after === undefined ? '-' : `(${after}`;
    const pairs = await this.run<string[]>(PAGE, collection, [begin, `${limit}`], options);
    const last = pairs.length / 2 < limit ? undefined : pairs.at(-2);
    return { points: this.pairsOf(pairs), last };
  }

  private async remove(collection: Collection, ids: string[], options?: CallOptions): Promise<number> {
    let removed = 0;
    for (let at = 0; at < ids.length; at += STRIDE) {
      const parts = [`${this.now()}`, ...ids.slice(at, at + STRIDE)];
      removed += await this.run<number>(REMOVE, collection, parts, options);
    }
    return removed;
  }

  private run<T>(script: Script, collection: Collection, parts: Argument[], options?: CallOptions): Promise<T> {
    return this.connection.script<T>(script, collection.keys, [collection.name, collection.line, ...parts], options);
  }

  private pairsOf(pairs: readonly string[]): VectorPoint[] {
    return pairs.flatMap((id, at) => (at % 2 === 0 ? this.current(id, pairs[at + 1] ?? null) : []));
  }

  private current(id: string, json: string | null): VectorPoint[] {
    if (json === null) return [];
    const point = pointOf(id, JSON.parse(json) as Document);
    return point.expiresAt !== undefined && point.expiresAt <= this.now() ? [] : [point];
  }
}

function rowOf(point: VectorPoint, now: number): Argument[] {
  const document = documentOf(point, now);
  const attributes = JSON.stringify(attributesOf(document));
  return [point.id, bytesOf(point.vector), attributes, JSON.stringify(document), `${point.expiresAt ?? ''}`];
}

function settingsOf({ quantisation, index }: Collection): string[] {
  const { M, efConstruction } = index;
  const settings: string[] = [QUANTISATION[quantisation]];
  if (efConstruction !== undefined) settings.push('EF', `${efConstruction}`);
  if (M !== undefined) settings.push('M', `${M}`);
  return settings;
}

/** Scored by the vectors themselves: those in the graph may be coarser. */
function matchOf(point: VectorPoint, { vector, withVectors }: VectorQuery): VectorMatch {
  const { id, text, metadata = {}, subject, source, lineage } = point;
  return {
    id,
    score: similarity('cosine', cosine(vector, point.vector)),
    metadata,
    ...(text !== undefined && { text }),
    ...(subject !== undefined && { subject }),
    ...(source !== undefined && { source }),
    ...(lineage && { lineage }),
    ...(withVectors && { vector: point.vector }),
  };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [dot, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    ofA += a[i]! * a[i]!;
    ofB += b[i]! * b[i]!;
  }
  return dot / Math.sqrt(ofA * ofB);
}

function isSelected(point: VectorPoint, { filter, subject, ingestedBefore }: PointSelector): boolean {
  if (filter) return matchesFilter(filter, point.metadata ?? {});
  if (subject !== undefined) return point.subject === subject;
  return ingestedBefore !== undefined && point.lineage!.ingestedAt < ingestedBefore;
}

function checkSettings(given: Record<string, number>, known: readonly string[]): void {
  const setting = Object.keys(given).find((name) => !known.includes(name));
  if (setting === undefined) return;
  throw failure('vector.setting_unsupported', { provider: PROVIDER, setting, known: known.join(', ') });
}

function infoOf({ name, dimension, metric }: Collection): CollectionInfo {
  return { name, dimension, metric, count: undefined };
}
