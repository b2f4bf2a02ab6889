// A Chroma server as a vector store: every method in requests of its REST API v2.
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  checkSearch,
  checkSpec,
  checkVector,
  type Metric,
  type PointPage,
  type PointSelector,
  similarity,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from '#ports';
import { mayFind, shownOf } from '../stored-document.js';
import { type ChromaCollections, INDEX_SETTINGS, infoOf, type KnownCollection } from './chroma-collections.js';
import { PROVIDER } from './chroma-failures.js';
import { current, eligible, whereOf } from './chroma-filter.js';
import { listPage, type PageWanted } from './chroma-pages.js';
import { payloadOfRecord, pointsOf, recordsOf, vectorOf } from './chroma-records.js';
import type { ChromaRequests, Include, Where } from './chroma-requests.js';

/** Numbers of vectors in one request: about 20 MB as decimals, where Chroma takes 40 MB (`max_payload_size_bytes`). */
const NUMBERS_A_REQUEST = 1_000_000;
const IDS_A_REQUEST = 250;
const SWEEP_EVERY_MS = 60_000;
/** Points beyond k that are asked for without a condition, in case some of the nearest may not be found. */
const SPARE = 8;

export interface ChromaStoreParts {
  requests: ChromaRequests;
  collections: ChromaCollections;
  /** What the server says of itself. */
  maxBatch: number;
  base64: boolean;
  now: () => number;
}

/** Every promise of `VectorStore`. A query is one request, or two, once the collection is known. */
export class ChromaStore extends VectorStore {
  readonly provider = PROVIDER;
  readonly capabilities: VectorStoreCapabilities;
  /** When what has ended was last cleared away, by the path of the collection. */
  private readonly swept = new Map<string, number>();

  constructor(
    private readonly parts: ChromaStoreParts,
    private readonly release: () => Promise<void>,
  ) {
    super();
    this.capabilities = {
      metrics: ['cosine', 'l2', 'dot'],
      filters: ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'and', 'or', 'not'],
      maxBatch: parts.maxBatch,
      maxDimension: 65_536,
      index: INDEX_SETTINGS,
    };
  }

  async openCollection(ref: CollectionRef, spec: CollectionSpec, { signal }: CallOptions = {}) {
    checkSpec(this, spec);
    const collection = await this.parts.collections.open(ref, spec, signal);
    return infoOf(collection, await this.countIn(collection, signal));
  }

  async describeCollection(ref: CollectionRef, { signal }: CallOptions = {}): Promise<CollectionInfo | undefined> {
    const collection = await this.parts.collections.find(ref, signal);
    return collection && infoOf(collection, await this.countIn(collection, signal));
  }

  async listCollections(tenant: string, { signal }: CallOptions = {}): Promise<CollectionInfo[]> {
    const infos: CollectionInfo[] = [];
    for (const collection of await this.parts.collections.list(tenant, signal)) {
      infos.push(infoOf(collection, await this.countIn(collection, signal)));
    }
    return infos;
  }

  dropCollection(ref: CollectionRef, { signal }: CallOptions = {}): Promise<boolean> {
    return this.parts.collections.drop(ref, signal);
  }

  upsert(ref: CollectionRef, points: readonly VectorPoint[], { signal }: CallOptions = {}): Promise<number> {
    return this.parts.collections.use(
      ref,
      async (collection) => {
        for (const [at, { vector }] of points.entries()) checkVector(vector, collection, `document ${at}`);
        // One of an id, the last: Chroma would join the fields of both.
        const distinct = [...new Map(points.map((point) => [point.id, point])).values()];
        const most = Math.max(1, Math.min(IDS_A_REQUEST, Math.floor(NUMBERS_A_REQUEST / collection.dimension)));
        for (const some of slicesOf(distinct, most)) await this.write(collection, some, signal);
        await this.sweepSometimes(collection, signal);
        return points.length;
      },
      signal,
    );
  }

  async query(ref: CollectionRef, query: VectorQuery, { signal }: CallOptions = {}): Promise<VectorMatch[]> {
    checkSearch(this, query);
    return this.parts.collections.use(
      ref,
      async (collection) => {
        checkVector(query.vector, collection, 'the query');
        const where = eligible(query, this.parts.now());
        if (!where) return [];
        const { k, filter } = query;
        // Any condition makes Chroma look at the metadata of every point, which takes many times as long as the search.
        // Without a filter nearly all may be found, so the nearest are taken as they are, if enough of them may.
        const first = filter ? undefined : await this.nearest(collection, query, { count: k + SPARE, signal });
        if (first && (first.matches.length >= k || first.all)) return cut(first.matches, query);
        return cut((await this.nearest(collection, query, { count: k, where, signal })).matches, query);
      },
      signal,
    );
  }

  get(ref: CollectionRef, ids: readonly string[], { signal }: CallOptions = {}): Promise<VectorPoint[]> {
    return this.parts.collections.use(
      ref,
      async (collection) => {
        const found = new Map<string, VectorPoint>();
        // An empty list is asked for too: it says whether the collection is there.
        for (const some of slicesOf([...new Set(ids)], IDS_A_REQUEST, true)) {
          const asked = { ids: some, where: current(this.parts.now()) };
          const reply = await this.parts.requests.get(
            collection.path,
            { ...asked, include: ['metadatas', 'documents', 'embeddings'] },
            signal,
          );
          for (const point of pointsOf(reply, collection.dimension)) found.set(point.id, point);
        }
        return ids.flatMap((id) => found.get(id) ?? []);
      },
      signal,
    );
  }

  list(ref: CollectionRef, page: PageWanted, { signal }: CallOptions = {}): Promise<PointPage> {
    const { collections, requests, now } = this.parts;
    return collections.use(ref, (collection) => listPage(requests, collection, page, { now: now(), signal }), signal);
  }

  delete(ref: CollectionRef, selector: PointSelector, { signal }: CallOptions = {}): Promise<number> {
    const { ids, filter, subject, ingestedBefore } = selector;
    return this.parts.collections.use(
      ref,
      async (collection) => {
        await this.sweep(collection, signal);
        if (ids) return this.remove(collection, { ids, signal });
        const where =
          ingestedBefore !== undefined
            ? { resk_ingested_at: { $lt: ingestedBefore } }
            : subject !== undefined
              ? { resk_subject: subject }
              : filter && whereOf(filter);
        if (where === undefined || where === false) return 0;
        return this.remove(collection, { where: where === true ? undefined : where, signal });
      },
      signal,
    );
  }

  count(ref: CollectionRef, { signal }: CallOptions = {}): Promise<number> {
    return this.parts.collections.use(ref, (collection) => this.countIn(collection, signal), signal);
  }

  async health({ signal }: CallOptions = {}): Promise<void> {
    await this.parts.requests.heartbeat(signal);
  }

  close(): Promise<void> {
    return this.release();
  }

  private async write(collection: KnownCollection, points: VectorPoint[], signal?: AbortSignal): Promise<void> {
    const { requests, base64, now } = this.parts;
    const ids = points.map(({ id }) => id);
    const before = await requests.get(collection.path, { ids, include: ['metadatas'] }, signal);
    await requests.upsert(collection.path, recordsOf(points, { before, now: now(), base64 }), signal);
  }

  /** Those of the nearest that the query may find, and whether these were all that there are. */
  private async nearest(
    { path, metric, dimension }: KnownCollection,
    query: VectorQuery,
    o: { count: number; where?: Where; signal?: AbortSignal | undefined },
  ): Promise<{ matches: VectorMatch[]; all: boolean }> {
    const { withVectors, vector } = query;
    const include: Include = ['distances', 'metadatas', 'documents'];
    if (withVectors) include.push('embeddings');
    const asked = { query_embeddings: [[...vector]], n_results: o.count, include, ...(o.where && { where: o.where }) };
    const found = await this.parts.requests.query(path, asked, o.signal);
    const now = this.parts.now();
    const matches = found.ids[0]!.flatMap((id, i): VectorMatch[] => {
      const payload = payloadOfRecord(found.documents?.[0]?.[i], found.metadatas[0]?.[i]);
      const distance = found.distances[0]?.[i];
      if (!payload || typeof distance !== 'number' || !mayFind(query, payload, now)) return [];
      const score = similarity(metric, rawOf(metric, distance));
      const own = withVectors && vectorOf(found.embeddings?.[0]?.[i], dimension);
      return [{ id, score, ...(own && { vector: own }), ...shownOf(payload) }];
    });
    return { matches, all: found.ids[0]!.length < o.count };
  }

  /** What has ended is in Chroma until it is swept; only then is the count Chroma's own. */
  private async countIn(collection: KnownCollection, signal?: AbortSignal): Promise<number> {
    const where = ended(this.parts.now());
    const { ids } = await this.parts.requests.get(collection.path, { where, limit: 1, include: [] }, signal);
    if (ids.length > 0) await this.sweep(collection, signal);
    return this.parts.requests.count(collection.path, signal);
  }

  /** Deletes what is selected, some at a time. Gives how many points there were. */
  private async remove(
    { path }: KnownCollection,
    o: { ids?: readonly string[]; where?: Where | undefined; signal?: AbortSignal | undefined },
  ): Promise<number> {
    const { requests } = this.parts;
    const where = o.where && { where: o.where };
    let removed = 0;
    if (o.ids) {
      for (const some of slicesOf([...new Set(o.ids)], IDS_A_REQUEST)) {
        const { ids } = await requests.get(path, { ids: some, include: [] }, o.signal);
        if (ids.length > 0) await requests.delete(path, { ids }, o.signal);
        removed += ids.length;
      }
      return removed;
    }
    for (;;) {
      const { ids } = await requests.get(path, { ...where, limit: IDS_A_REQUEST, include: [] }, o.signal);
      if (ids.length === 0) return removed;
      // Both: a point that is written anew meanwhile, and is selected no more, stays.
      await requests.delete(path, { ids, ...where }, o.signal);
      removed += ids.length;
    }
  }

  private async sweep(collection: KnownCollection, signal?: AbortSignal): Promise<void> {
    this.swept.set(collection.path, this.parts.now());
    await this.remove(collection, { where: ended(this.parts.now()), signal });
  }

  /** After a write, at most once a minute. The write is done: whether this succeeds is not its matter. */
  private async sweepSometimes(collection: KnownCollection, signal?: AbortSignal): Promise<void> {
    const last = this.swept.get(collection.path) ?? 0;
    if (this.parts.now() - last >= SWEEP_EVERY_MS) await this.sweep(collection, signal).catch(() => undefined);
  }
}

function ended(now: number): Where {
  return { resk_expires_at: { $lte: now } };
}

/**
 * https://docs.trychroma.com/docs/collections/configure: Chroma's distances are 1 − cosine, 1 − inner product, and the
 * square of the Euclidean distance.
 */
function rawOf(metric: Metric, distance: number): number {
  return metric === 'l2' ? Math.sqrt(Math.max(0, distance)) : 1 - distance;
}

function cut(matches: VectorMatch[], { k, threshold = 0 }: VectorQuery): VectorMatch[] {
  return matches.slice(0, k).filter(({ score }) => score >= threshold);
}

function slicesOf<T>(all: readonly T[], size: number, once = false): T[][] {
  const slices: T[][] = [];
  for (let at = 0; at < all.length || (once && at === 0); at += size) slices.push(all.slice(at, at + size));
  return slices;
}
