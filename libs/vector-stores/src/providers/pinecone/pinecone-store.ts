// Pinecone as a vector store: every method in requests of its data plane.
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  checkSearch,
  checkSpec,
  checkVector,
  type PointPage,
  type PointSelector,
  similarity,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  VectorStore,
  type VectorStoreCapabilities,
} from '#ports';
import { unknownCursor } from '../list-cursor.js';
import { mayFind, shownOf } from '../stored-document.js';
import { infoOf, type KnownCollection, type PineconeCollections } from './pinecone-collections.js';
import { isRefusedInput, PROVIDER } from './pinecone-failures.js';
import { conditionOf, current, eligible, every } from './pinecone-filter.js';
import type { Freshness } from './pinecone-freshness.js';
import type { PineconeIndexes } from './pinecone-indexes.js';
import { documentOf, HOLDS, numbersOf, pointOf, recordId, recordOf, requestsOf, vectorOf } from './pinecone-records.js';
import type { Condition, FoundRecord, MatchReply } from './pinecone-requests.js';

const MAX_BATCH = 200;
/** Ids of a fetch stand in its address; with ids of 512 letters these are 25 KB, encoded up to three times that. */
const IDS_A_FETCH = 50;
const RECORDS_A_PAGE = 100;
/** Matches that bring their documents along. More of them are looked up after: a reply may have 4 MB. */
const MATCHES_WITH_DOCUMENTS = 100;
const SWEEP_EVERY_MS = 15 * 60_000;

export interface PineconeStoreParts {
  indexes: PineconeIndexes;
  collections: PineconeCollections;
  freshness: Freshness;
  now: () => number;
}

/** Every promise of `VectorStore`, as far as an eventually consistent database keeps them: see docs/vector-stores/pinecone.md. */
export class PineconeStore extends VectorStore {
  readonly provider = PROVIDER;
  readonly capabilities: VectorStoreCapabilities;
  /** When what has ended was last cleared away, by place. */
  private readonly swept = new Map<string, number>();

  constructor(private readonly parts: PineconeStoreParts) {
    super();
    this.capabilities = {
      metrics: parts.indexes.metrics,
      filters: ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'and', 'or', 'not'],
      maxBatch: MAX_BATCH,
      maxDimension: 20_000,
    };
  }

  async openCollection(ref: CollectionRef, spec: CollectionSpec, { signal }: CallOptions = {}) {
    checkSpec(this, spec);
    const collection = await this.parts.collections.open(ref, spec, signal);
    return infoOf(collection, await this.countIn(ref, collection, signal));
  }

  async describeCollection(ref: CollectionRef, { signal }: CallOptions = {}): Promise<CollectionInfo | undefined> {
    const found = await this.parts.collections.find(ref, signal);
    return found && infoOf(found.collection, found.records);
  }

  listCollections(tenant: string, { signal }: CallOptions = {}): Promise<CollectionInfo[]> {
    return this.parts.collections.list(tenant, signal);
  }

  async dropCollection(ref: CollectionRef, { signal }: CallOptions = {}): Promise<boolean> {
    const dropped = await this.parts.collections.drop(ref, signal);
    if (dropped) this.parts.freshness.forget(dropped.place);
    return dropped !== undefined;
  }

  async upsert(ref: CollectionRef, points: readonly VectorPoint[], { signal }: CallOptions = {}): Promise<number> {
    const collection = await this.parts.collections.required(ref, signal);
    for (const [at, { vector }] of points.entries()) checkVector(vector, collection, `document ${at}`);
    const now = this.parts.now();
    const records = points.map((point, at) => recordOf(point, now, at));
    // One of an id, the last.
    const distinct = [...new Map(records.map((record) => [record.id, record])).values()];
    for (const some of requestsOf(distinct)) {
      const { headers } = await collection.plane.upsert(collection.namespace, some, signal);
      this.parts.freshness.wrote(collection.place, headers);
    }
    await this.sweepSometimes(collection, signal);
    return points.length;
  }

  async query(ref: CollectionRef, query: VectorQuery, { signal }: CallOptions = {}): Promise<VectorMatch[]> {
    checkSearch(this, query);
    const collection = await this.parts.collections.required(ref, signal);
    checkVector(query.vector, collection, 'the query');
    const filter = eligible(query, this.parts.now());
    if (!filter) return [];
    const { namespace, plane, place } = collection;
    const whole = query.k <= MATCHES_WITH_DOCUMENTS;
    const asked = {
      namespace,
      vector: numbersOf(query.vector),
      topK: query.k,
      filter,
      includeMetadata: whole,
      includeValues: whole && query.withVectors === true,
    };
    const { body } = await this.parts.freshness.read(place, () => plane.query(asked, signal), signal);
    const matches = whole ? body.matches : await this.withDocuments(collection, body.matches, signal);
    return this.shown(collection, query, matches);
  }

  async get(ref: CollectionRef, ids: readonly string[], { signal }: CallOptions = {}): Promise<VectorPoint[]> {
    const collection = await this.parts.collections.required(ref, signal);
    await this.settled(collection, signal);
    const records = await this.fetched(collection, [...new Set(ids.map(recordId))], signal);
    return ids.flatMap((id) => {
      const record = records.get(recordId(id));
      const point = record && pointOf(record, collection.dimension);
      const ended = point?.expiresAt !== undefined && point.expiresAt <= this.parts.now();
      return point && !ended ? [point] : [];
    });
  }

  async list(
    ref: CollectionRef,
    { subject, cursor, limit }: { subject?: string; cursor?: string; limit: number },
    { signal }: CallOptions = {},
  ): Promise<PointPage> {
    const collection = await this.parts.collections.required(ref, signal);
    const token = tokenOf(cursor);
    await this.settled(collection, signal);
    const whose = subject === undefined ? [] : [{ resk_subject: { $eq: subject } }];
    const filter = every([current(this.parts.now()), ...whose]);
    const page = await this.page(collection, filter, { token, limit, signal }).catch((error: unknown) => {
      throw token !== '' && isRefusedInput(error) ? unknownCursor() : error;
    });
    const points = page.records.flatMap((record) => pointOf(record, collection.dimension) ?? []);
    return { points, cursor: page.next === '' ? undefined : cursorOf(page.next) };
  }

  async delete(ref: CollectionRef, selector: PointSelector, { signal }: CallOptions = {}): Promise<number> {
    const { ids, filter, subject, ingestedBefore } = selector;
    const collection = await this.parts.collections.required(ref, signal);
    await this.settled(collection, signal);
    await this.sweep(collection, signal);
    if (ids) {
      const found = await this.fetched(collection, [...new Set(ids.map(recordId))], signal);
      return this.remove(collection, [...found.keys()], signal);
    }
    if (ingestedBefore !== undefined) {
      return this.removeWhere(collection, { resk_ingested_at: { $lt: ingestedBefore } }, signal);
    }
    if (subject !== undefined) return this.removeWhere(collection, { resk_subject: { $eq: subject } }, signal);
    const chosen = filter !== undefined && conditionOf(filter);
    if (chosen === false) return 0;
    return this.removeWhere(collection, chosen === true ? { [HOLDS]: { $exists: true } } : chosen, signal);
  }

  async count(ref: CollectionRef, { signal }: CallOptions = {}): Promise<number> {
    return this.countIn(ref, await this.parts.collections.required(ref, signal), signal);
  }

  health({ signal }: CallOptions = {}): Promise<void> {
    return this.parts.indexes.health(signal);
  }

  close(): Promise<void> {
    return this.parts.indexes.close();
  }

  private shown(collection: KnownCollection, query: VectorQuery, matches: readonly MatchReply[]): VectorMatch[] {
    const { k, threshold = 0, withVectors } = query;
    const found = matches.flatMap((match): VectorMatch[] => {
      const document = documentOf(match);
      if (!document || !mayFind(query, document.payload, this.parts.now())) return [];
      const score = similarity(collection.metric, rawOf(collection, match.score));
      const vector = withVectors && vectorOf(match.values, collection.dimension);
      return [{ id: document.id, score, ...(vector && { vector }), ...shownOf(document.payload) }];
    });
    return found.filter(({ score }) => score >= threshold).slice(0, k);
  }

  private async withDocuments(collection: KnownCollection, matches: readonly MatchReply[], signal?: AbortSignal) {
    const records = await this.fetched(
      collection,
      matches.map(({ id }) => id),
      signal,
    );
    return matches.flatMap((match) => {
      const record = records.get(match.id);
      return record ? [{ ...match, ...record }] : [];
    });
  }

  private async fetched({ plane, namespace }: KnownCollection, ids: readonly string[], signal?: AbortSignal) {
    const records = new Map<string, FoundRecord>();
    for (let at = 0; at < ids.length; at += IDS_A_FETCH) {
      const { body } = await plane.fetch(namespace, ids.slice(at, at + IDS_A_FETCH), signal);
      for (const record of Object.values(body.vectors)) records.set(record.id, record);
    }
    return records;
  }

  private async page(
    { plane, namespace }: KnownCollection,
    filter: Condition,
    o: { token: string; limit: number; signal?: AbortSignal | undefined },
  ): Promise<{ records: FoundRecord[]; next: string }> {
    const limit = Math.min(o.limit, RECORDS_A_PAGE);
    const asked = { namespace, filter, limit, ...(o.token !== '' && { paginationToken: o.token }) };
    const { body } = await plane.fetchWhere(asked, o.signal);
    return { records: Object.values(body.vectors), next: body.pagination?.next ?? '' };
  }

  /** Page after page: what was deleted may still be found for a while, so it is not asked for until nothing is found. */
  private async removeWhere(collection: KnownCollection, filter: Condition, signal?: AbortSignal): Promise<number> {
    let [removed, token] = [0, ''];
    do {
      const { records, next } = await this.page(collection, filter, { token, limit: RECORDS_A_PAGE, signal });
      const ids = records.map(({ id }) => id);
      removed += await this.remove(collection, ids, signal);
      token = next;
    } while (token !== '');
    return removed;
  }

  private async remove(
    { plane, namespace, place }: KnownCollection,
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<number> {
    for (let at = 0; at < ids.length; at += 1000) {
      const { headers } = await plane.deleteIds(namespace, ids.slice(at, at + 1000), signal);
      this.parts.freshness.wrote(place, headers);
    }
    return ids.length;
  }

  /** Pinecone counts what has ended too, so that is cleared away first. */
  private async countIn(ref: CollectionRef, collection: KnownCollection, signal?: AbortSignal): Promise<number> {
    await this.settled(collection, signal);
    const { records } = await this.page(collection, ended(this.parts.now()), { token: '', limit: 1, signal });
    if (records.length > 0) {
      await this.sweep(collection, signal);
      await this.settled(collection, signal);
    }
    return (await this.parts.collections.find(ref, signal))?.records ?? 0;
  }

  /** Reads that do not tell how fresh they are come after a query that does. */
  private async settled({ plane, namespace, place, dimension }: KnownCollection, signal?: AbortSignal): Promise<void> {
    if (!this.parts.freshness.isBehind(place)) return;
    const vector = Array.from({ length: dimension }, () => 1);
    const probe = { namespace, vector, topK: 1, includeMetadata: false, includeValues: false };
    await this.parts.freshness.read(place, () => plane.query(probe, signal), signal);
  }

  private async sweep(collection: KnownCollection, signal?: AbortSignal): Promise<void> {
    this.swept.set(collection.place, this.parts.now());
    await this.removeWhere(collection, ended(this.parts.now()), signal);
  }

  /** After a write, now and then. The write is done: whether this succeeds is not its matter. */
  private async sweepSometimes(collection: KnownCollection, signal?: AbortSignal): Promise<void> {
    const last = this.swept.get(collection.place);
    if (last === undefined) this.swept.set(collection.place, this.parts.now());
    else if (this.parts.now() - last >= SWEEP_EVERY_MS) await this.sweep(collection, signal).catch(() => undefined);
  }
}

function ended(now: number): Condition {
  return { resk_expires_at: { $lte: now } };
}

/**
 * https://docs.pinecone.io/guides/index-data/indexing-overview#distance-metrics: the cosine, the inner product, or the
 * square of the Euclidean distance.
 */
function rawOf({ metric }: KnownCollection, score: number): number {
  return metric === 'l2' ? Math.sqrt(Math.max(0, score)) : score;
}

function cursorOf(token: string): string {
  return `p${Buffer.from(token).toString('base64url')}`;
}

function tokenOf(cursor: string | undefined): string {
  if (cursor === undefined) return '';
  const [, encoded = ''] = /^p([A-Za-z0-9_-]{1,4096})$/.exec(cursor) ?? [];
  if (encoded === '') throw unknownCursor();
  return Buffer.from(encoded, 'base64url').toString();
}
