// Documents in Milvus, over its REST API v2.
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  checkVector,
  failure,
  type PointPage,
  type PointSelector,
  similarity,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from '#ports';
import { plainFilter } from '../plain-filter.js';
import { shownOf } from '../stored-document.js';
import { MilvusClient } from './milvus-client.js';
import { type Known, MilvusCollections } from './milvus-collections.js';
import { allOf, listOf, literal, NOTHING, termExpression } from './milvus-expression.js';
import { isRefusal, PROVIDER, translated } from './milvus-failures.js';
import { MilvusNames } from './milvus-names.js';
import type { MilvusOptions } from './milvus-options.js';
import { payloadIn, pointOf, rowOf, vectorOf } from './milvus-records.js';
import { BEST_RANK_SCORE, type Hit, MilvusRequests, type Wanted } from './milvus-requests.js';
import { INDEX_SETTINGS } from './milvus-schema.js';
import { slotPage } from './slot-pages.js';

const MAX_BATCH = 1000;
/** Milvus takes messages of 64 MiB: https://milvus.io/docs/limitations.md */
const REQUEST_BYTES = 32 * 1024 ** 2;
/** Characters of one number of a vector in JSON, and of the rest of an ordinary document. */
const NUMBER_BYTES = 12;
const DOCUMENT_BYTES = 8192;
const SWEEP_EVERY_MS = 600_000;
const SEARCH_SETTINGS = ['efSearch', 'nprobe'] as const;

const FILTERS = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'and', 'or', 'not'] as const;

export class MilvusStore extends VectorStore {
  readonly provider = PROVIDER;
  readonly capabilities: VectorStoreCapabilities;
  private readonly client: MilvusClient;
  private readonly requests: MilvusRequests;
  private readonly collections: MilvusCollections;
  private readonly names: MilvusNames;
  /** When each collection was last rid of what has ended. */
  private readonly swept = new Map<string, number>();

  constructor(
    private readonly options: MilvusOptions,
    private readonly now: () => number = Date.now,
  ) {
    super();
    this.capabilities = {
      metrics: ['cosine', 'l2', 'dot'],
      filters: FILTERS,
      maxBatch: MAX_BATCH,
      maxDimension: 32_768,
      index: INDEX_SETTINGS,
      search: SEARCH_SETTINGS,
      hybrid: options.hybrid,
    };
    this.client = new MilvusClient(options);
    this.requests = new MilvusRequests(this.client, options);
    this.names = new MilvusNames(options);
    this.collections = new MilvusCollections(this.requests, this.names);
  }

  openCollection(ref: CollectionRef, spec: CollectionSpec, o?: CallOptions): Promise<CollectionInfo> {
    return this.said(ref.collection, async () => {
      checkSettings(spec.index, INDEX_SETTINGS);
      const found = await this.collections.open(ref, spec, o);
      if (found.dimension === spec.dimension && found.metric === spec.metric) return infoOf(found);
      const { dimension, metric } = found;
      throw failure('vector.collection_conflict', { collection: ref.collection, dimension, metric });
    });
  }

  describeCollection(ref: CollectionRef, o?: CallOptions): Promise<CollectionInfo | undefined> {
    return this.said(ref.collection, async () => {
      const found = await this.collections.find(ref, o);
      return found && infoOf(found);
    });
  }

  listCollections(tenant: string, o?: CallOptions): Promise<CollectionInfo[]> {
    return this.said('', async () => (await this.collections.list(tenant, o)).map(infoOf));
  }

  dropCollection(ref: CollectionRef, o?: CallOptions): Promise<boolean> {
    return this.said(ref.collection, () => this.collections.drop(ref, o));
  }

  upsert(ref: CollectionRef, points: readonly VectorPoint[], o?: CallOptions): Promise<number> {
    return this.within(ref, o, async (found) => {
      for (const { id, vector } of points) checkVector(vector, found, `the point ${id}`);
      // Of points with one id the last one counts; Milvus would refuse them, or keep both.
      const last = new Map(points.map((point) => [point.id, point]));
      const rows = [...last.values()].map((point) => rowOf(point, this.now()));
      for (const batch of this.batches(rows)) await this.requests.upsert(found.place, batch, o);
      await this.sweep(found, o);
      return points.length;
    });
  }

  query(ref: CollectionRef, query: VectorQuery, o?: CallOptions): Promise<VectorMatch[]> {
    const { vector, k, threshold = 0, search = {}, hybrid, withVectors = false } = query;
    return this.within(ref, o, async (found) => {
      checkVector(vector, found, 'the query');
      checkSettings(search, SEARCH_SETTINGS);
      const filter = this.askedFor(query);
      const wanted: Wanted = { vector, metric: found.metric, limit: k, filter, search, withVectors };
      if (hybrid && !found.hybrid) throw failure('vector.hybrid_unsupported', { provider: PROVIDER });
      const hits = hybrid
        ? await this.requests.hybridSearch(found.place, wanted, hybrid, o)
        : await this.requests.search(found.place, wanted, o);
      const scored = hits.map((hit) => matchOf(hit, found, scoreOf(hit, found, hybrid), withVectors));
      return scored.filter(({ score }) => score >= threshold).sort((a, b) => b.score - a.score);
    });
  }

  get(ref: CollectionRef, ids: readonly string[], o?: CallOptions): Promise<VectorPoint[]> {
    return this.within(ref, o, async (found) => {
      const points = new Map<string, VectorPoint>();
      const size = pageOf(found.dimension);
      for (let at = 0; at < ids.length; at += size) {
        const some = ids.slice(at, at + size);
        const filter = allOf([`id in ${listOf(some)}`, this.current()]);
        const rows = await this.requests.rows(found.place, filter, some.length, o);
        for (const row of rows) points.set(row.id, pointOf(row, found.dimension));
      }
      return [...new Set(ids)].flatMap((id) => points.get(id) ?? []);
    });
  }

  list(
    ref: CollectionRef,
    { subject, cursor, limit }: { subject?: string; cursor?: string; limit: number },
    o?: CallOptions,
  ): Promise<PointPage> {
    return this.within(ref, o, async (found) => {
      const asked = allOf([this.current(), subject === undefined ? undefined : about(subject)]);
      const page = await slotPage(
        { cursor, limit: Math.min(limit, pageOf(found.dimension)) },
        (range, most) => this.requests.rows(found.place, allOf([asked, range]), most, o),
        (range) => this.requests.count(found.place, allOf([asked, range]), o),
      );
      return { points: page.rows.map((row) => pointOf(row, found.dimension)), cursor: page.cursor };
    });
  }

  /** Milvus says how many it deleted only for some conditions, and not in every version: they are counted before. */
  delete(ref: CollectionRef, selector: PointSelector, o?: CallOptions): Promise<number> {
    return this.within(ref, o, async (found) => {
      let deleted = 0;
      for (const filter of selected(selector)) {
        deleted += await this.requests.count(found.place, allOf([filter, this.current()]), o);
        await this.requests.delete(found.place, filter, o);
      }
      return deleted;
    });
  }

  count(ref: CollectionRef, o?: CallOptions): Promise<number> {
    return this.within(ref, o, (found) => this.requests.count(found.place, this.current(), o));
  }

  health(o?: CallOptions): Promise<void> {
    return this.said('', async () => void (await this.requests.collections(this.options.database, o)));
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  private current(): string {
    return `resk_expires_at > ${Math.floor(this.now())}`;
  }

  /** All that a point must be to be found: Milvus cuts to k after it. */
  private askedFor({ filter, purpose, ingestedSince }: VectorQuery): string {
    const purposes = purpose === undefined ? '' : ` or array_contains(resk_purposes, ${literal(purpose)})`;
    return allOf([
      this.current(),
      'resk_consent == true',
      `(resk_purposed == false${purposes})`,
      ingestedSince === undefined ? undefined : `resk_ingested_at >= ${Math.ceil(ingestedSince)}`,
      filter && termExpression(plainFilter(filter)),
    ]);
  }

  private batches<T extends { vector: number[]; resk_text: string; resk_details: string }>(rows: readonly T[]): T[][] {
    const batches: T[][] = [];
    let room = 0;
    for (const row of rows) {
      // Characters outside ASCII take up to three bytes; metadata is there twice, and its items once more.
      const bytes = row.vector.length * NUMBER_BYTES + 3 * (row.resk_text.length + 3 * row.resk_details.length);
      if (bytes > room || batches.length === 0) {
        batches.push([]);
        room = REQUEST_BYTES;
      }
      batches.at(-1)!.push(row);
      room -= bytes;
    }
    return batches;
  }

  /** Now and then, what has ended is removed; nobody sees it meanwhile. The write has happened whatever becomes of this. */
  private async sweep({ place }: Known, o?: CallOptions): Promise<void> {
    const key = `${place.dbName}/${place.collectionName}`;
    const now = this.now();
    if (now - (this.swept.get(key) ?? 0) < SWEEP_EVERY_MS) return;
    if (this.swept.size >= MAX_BATCH) this.swept.clear();
    this.swept.set(key, now);
    await this.requests.delete(place, `resk_expires_at <= ${Math.floor(now)}`, o).catch(() => this.swept.delete(key));
  }

  /** Runs what needs the collection; once more where Milvus had released it from its memory. */
  private within<T>(ref: CollectionRef, o: CallOptions | undefined, run: (found: Known) => Promise<T>): Promise<T> {
    return this.said(ref.collection, async () => {
      const found = await this.collections.get(ref, o);
      try {
        return await run(found);
      } catch (error) {
        if (isRefusal(error, 'absent') || isRefusal(error, 'input')) this.collections.forget(ref);
        if (!isRefusal(error, 'not_loaded')) throw error;
        await this.collections.ready(found.place, o);
        return await run(found);
      }
    });
  }

  private async said<T>(collection: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw translated(error, collection);
    }
  }
}

function infoOf({ name, dimension, metric, count }: Known): CollectionInfo {
  return { name, dimension, metric, count };
}

function matchOf(hit: Hit, { dimension }: Known, score: number, withVectors: boolean): VectorMatch {
  const vector = withVectors && { vector: vectorOf(hit, dimension) };
  return { id: hit.id, score, ...shownOf(payloadIn(hit)), ...vector };
}

/**
 * COSINE and IP give the cosine and the product, L2 the square of the distance (https://milvus.io/docs/metric.md). Fused
 * scores are in 0..1 already where they are weighted; by rank, the best that can be is a point first in both rankings.
 */
function scoreOf({ distance }: Hit, { metric }: Known, hybrid: VectorQuery['hybrid']): number {
  if (!hybrid) return similarity(metric, metric === 'l2' ? Math.sqrt(Math.max(0, distance)) : distance);
  return Math.max(0, Math.min(1, hybrid.alpha === undefined ? distance / BEST_RANK_SCORE : distance));
}

/** No subject is stored as an empty text. */
function about(subject: string): string {
  return subject === '' ? NOTHING : `resk_subject == ${literal(subject)}`;
}

/** The conditions whose points are to go, each short enough for a request. */
function selected({ ids, filter, subject, ingestedBefore }: PointSelector): string[] {
  if (ids) {
    const different = [...new Set(ids)];
    const slices = Math.ceil(different.length / MAX_BATCH);
    return Array.from(
      { length: slices },
      (_, i) => `id in ${listOf(different.slice(i * MAX_BATCH, (i + 1) * MAX_BATCH))}`,
    );
  }
  if (filter) return [termExpression(plainFilter(filter)) ?? 'id != ""'];
  if (subject !== undefined) return [about(subject)];
  return ingestedBefore === undefined ? [] : [`resk_ingested_at < ${Math.ceil(ingestedBefore)}`];
}

function checkSettings(given: Record<string, number> = {}, known: readonly string[]): void {
  const setting = Object.keys(given).find((name) => !known.includes(name));
  if (setting === undefined) return;
  throw failure('vector.setting_unsupported', { provider: PROVIDER, setting, known: known.join(', ') });
}

/** Most points whose JSON is surely small enough for one reply. */
function pageOf(dimension: number): number {
  return Math.max(1, Math.min(MAX_BATCH, Math.floor(REQUEST_BYTES / (dimension * NUMBER_BYTES + DOCUMENT_BYTES))));
}
