// The embedded vector store: the file is the truth, segments in memory are what is searched; writes go to both.
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  checkSearch,
  checkSpec,
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
import type { PayloadSealer } from '../../payload-sealer.js';
import { type CollectionRow, CollectionTable } from './collection-table.js';
import { type DatabaseOptions, openDatabase } from './database.js';
import { Payloads } from './payload.js';
import { PointPages, type Resealing } from './point-pages.js';
import { type PointDraft, PointTable } from './point-table.js';
import { Retrieval } from './retrieval.js';
import { RightOfWay } from './right-of-way.js';
import { ScanPool } from './scan-pool.js';
import { Segments } from './segments.js';
import { Slices } from './slices.js';
import { refused } from './sqlite-reasons.js';
import { checkVector } from './vector-check.js';

const PROVIDER = 'embedded';
const MAX_DIMENSION = 65_536;
const MAX_BATCH = 512;
const DELETES_A_SLICE = 256;
/** Written in about three milliseconds. */
const WRITES_A_SLICE = 64;

export interface EmbeddedOptions extends DatabaseOptions {
  memoryMaxBytes: number;
  sealer: PayloadSealer;
  now?: () => number;
  /** Rows of more bytes than this are scanned by worker threads. */
  inlineBytes?: number;
}

interface Parts {
  database: DatabaseSync;
  collections: CollectionTable;
  points: PointTable;
  pool: ScanPool;
  segments: Segments;
  payloads: Payloads;
  retrieval: Retrieval;
  pages: PointPages;
}

/** Every promise of `VectorStore`. Its file is best left to one process; what another one writes is seen by the next call. */
export class EmbeddedStore extends VectorStore {
  readonly provider = PROVIDER;
  readonly capabilities: VectorStoreCapabilities = {
    metrics: ['cosine', 'l2', 'dot'],
    filters: ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'and', 'or', 'not'],
    maxBatch: MAX_BATCH,
    maxDimension: MAX_DIMENSION,
    hybrid: true,
  };
  private readonly rightOfWay = new RightOfWay();
  private seen: unknown;
  private closed = false;

  private constructor(
    private readonly parts: Parts,
    private readonly now: () => number,
  ) {
    super();
    this.seen = parts.points.foreignChanges();
  }

  /**
   * Opens the file, makes it when absent, and clears what has ended.
   * @throws Failure `vector.store_refused`
   */
  static async open(options: EmbeddedOptions): Promise<EmbeddedStore> {
    const { memoryMaxBytes, sealer, inlineBytes, now = Date.now } = options;
    const database = openDatabase(options);
    try {
      const points = new PointTable(database);
      const pool = new ScanPool({ memoryMaxBytes, ...(inlineBytes !== undefined && { inlineBytes }) });
      const segments = new Segments({ pool, file: options.file, memoryMaxBytes, points, now });
      const payloads = new Payloads(sealer, PROVIDER, now);
      const retrieval = new Retrieval({ segments, points, pool, payloads, now });
      const pages = new PointPages({ points, payloads, retrieval, now });
      const collections = new CollectionTable(database);
      await inSlices(() => points.deleteExpired(now(), DELETES_A_SLICE));
      await inSlices(() => points.deleteOrphans(DELETES_A_SLICE));
      return new EmbeddedStore({ database, collections, points, pool, segments, payloads, retrieval, pages }, now);
    } catch (error) {
      database.close();
      throw isFailure(error, 'vector.store_unavailable') ? refused(error.cause) : error;
    }
  }

  async openCollection(ref: CollectionRef, spec: CollectionSpec): Promise<CollectionInfo> {
    checkSpec(this, spec);
    this.refresh();
    this.parts.collections.add(ref, spec);
    const found = this.required(ref);
    if (found.dimension !== spec.dimension || found.metric !== spec.metric) {
      const { dimension, metric } = found;
      throw failure('vector.collection_conflict', { collection: ref.collection, dimension, metric });
    }
    return this.infoOf(found);
  }

  async describeCollection(ref: CollectionRef): Promise<CollectionInfo | undefined> {
    const found = this.parts.collections.find(ref);
    return found && this.infoOf(found);
  }

  async listCollections(tenant: string): Promise<CollectionInfo[]> {
    return this.parts.collections.list(tenant).map((one) => this.infoOf(one));
  }

  async dropCollection(ref: CollectionRef, options: CallOptions = {}): Promise<boolean> {
    const { collections, points, segments } = this.parts;
    const found = collections.find(ref);
    if (!found) return false;
    collections.delete(found.number);
    segments.drop(found.number);
    // Nobody finds its points from now on; what an aborted call leaves of them goes at the next start.
    await inSlices(() => points.deleteSome(found.number, DELETES_A_SLICE), options.signal);
    return true;
  }

  /** Up to 64 points are written all or none; of a larger batch a failure or an abort may leave the first ones. */
  async upsert(ref: CollectionRef, batch: readonly VectorPoint[], options: CallOptions = {}): Promise<number> {
    const addressed = this.required(ref);
    for (const [at, { vector }] of batch.entries()) checkVector(vector, addressed, `document ${at}`);
    // Copied before the first `await`: the caller may write into its vectors afterwards.
    const points = batch.map((point) => ({ ...point, vector: Float32Array.from(point.vector) }));
    for (let at = 0; at < points.length; at += WRITES_A_SLICE) {
      if (at > 0) await setImmediate();
      await this.writeSlice(ref, points.slice(at, at + WRITES_A_SLICE), options.signal);
    }
    return batch.length;
  }

  async query(ref: CollectionRef, query: VectorQuery, options: CallOptions = {}): Promise<VectorMatch[]> {
    this.refresh();
    const collection = this.required(ref);
    checkVector(query.vector, collection, 'the query');
    checkSearch(this, query);
    return this.rightOfWay.first(() => this.parts.retrieval.query(collection, query, options.signal));
  }

  async get(ref: CollectionRef, ids: readonly string[]): Promise<VectorPoint[]> {
    const { points, retrieval } = this.parts;
    const collection = this.required(ref);
    const rows = ids.flatMap((id) => points.byId(collection.number, id) ?? []);
    const current = rows.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > this.now());
    const opened = await retrieval.open(collection, current);
    return opened.map(([{ id, vector }, payload]) => ({ id, vector, ...payload }));
  }

  async list(
    ref: CollectionRef,
    page: { subject?: string; cursor?: string; limit: number },
    options: CallOptions = {},
  ): Promise<PointPage> {
    this.refresh();
    return this.parts.pages.list(this.required(ref), page, options.signal);
  }

  async delete(ref: CollectionRef, selector: PointSelector, options: CallOptions = {}): Promise<number> {
    const { ids, filter, subject, ingestedBefore } = selector;
    const { retrieval, points } = this.parts;
    this.refresh();
    const collection = this.required(ref);
    if (ids) return this.deleteIds(collection, ids, options.signal);
    // What has ended is in the file, but not in memory: nobody would find it there to delete it.
    await inSlices(() => points.deleteExpired(this.now(), DELETES_A_SLICE), options.signal);
    if (ingestedBefore !== undefined) {
      return retrieval.deleteOlder(collection, ingestedBefore, DELETES_A_SLICE, options.signal);
    }
    const by = filter ?? (subject === undefined ? undefined : { subject });
    return by ? retrieval.deleteMatching(collection, by, options.signal) : 0;
  }

  override async reseal(
    tenant: string,
    page: { cursor?: string; limit: number },
    options: CallOptions = {},
  ): Promise<Resealing> {
    const collections = this.parts.collections.list(tenant).toSorted((a, b) => a.number - b.number);
    return this.parts.pages.reseal(collections, page, options.signal);
  }

  async count(ref: CollectionRef): Promise<number> {
    return this.countOf(this.required(ref));
  }

  async health(): Promise<void> {
    this.parts.points.foreignChanges();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.parts.database.close();
    await this.parts.pool.close();
  }

  private async writeSlice(ref: CollectionRef, batch: readonly VectorPoint[], signal?: AbortSignal): Promise<void> {
    const { payloads, segments, points } = this.parts;
    const addressed = this.required(ref);
    const drafts = await Promise.all(batch.map((point) => payloads.seal(addressed, point)));
    await this.rightOfWay.given();
    await segments.settled(addressed.number);
    signal?.throwIfAborted();
    // No `await` from here on: nobody sees the file without the memory, or half a slice.
    this.refresh();
    const collection = this.required(ref);
    // Dropped and made anew meanwhile: what it takes may be something else.
    if (collection.number !== addressed.number)
      return void (await this.upsert(ref, batch, { ...(signal && { signal }) }));
    const numbers = points.write(collection.number, drafts);
    this.follow(collection.number, numbers, batch, drafts);
    points.deleteExpired(this.now(), DELETES_A_SLICE);
  }

  private async deleteIds(collection: CollectionRow, ids: readonly string[], signal?: AbortSignal): Promise<number> {
    const { points, segments } = this.parts;
    let deleted = 0;
    const slices = new Slices();
    for (let at = 0; at < ids.length; at += DELETES_A_SLICE) {
      await segments.settled(collection.number);
      const numbers = points.deleteIds(collection.number, ids.slice(at, at + DELETES_A_SLICE));
      for (const number of numbers) segments.resident(collection.number)?.remove(number);
      deleted += numbers.length;
      await slices.rest(signal);
    }
    segments.trim(collection.number);
    return deleted;
  }

  /** Brings what was written to the collection's segment, if it is in memory. */
  private follow(
    collection: number,
    numbers: readonly number[],
    batch: readonly VectorPoint[],
    drafts: readonly PointDraft[],
  ): void {
    const { segments } = this.parts;
    const segment = segments.resident(collection);
    if (!segment) return;
    const followed = numbers.every((number, at) => {
      const slot = segment.put({ ...drafts[at]!, number });
      return slot !== undefined && segment.addToIndexes(slot, batch[at]!);
    });
    // No memory left: the next query reads the collection anew, or says that it is too large.
    if (followed) segments.trim(collection);
    else segments.drop(collection);
  }

  /** Forgets what is in memory when another process has written to the file. */
  private refresh(): void {
    const seen = this.parts.points.foreignChanges();
    if (seen === this.seen) return;
    this.seen = seen;
    this.parts.segments.dropAll();
  }

  private required(ref: CollectionRef): CollectionRow {
    const found = this.parts.collections.find(ref);
    if (!found) throw failure('vector.collection_absent', { collection: ref.collection });
    return found;
  }

  private infoOf(row: CollectionRow): CollectionInfo {
    return { name: row.name, dimension: row.dimension, metric: row.metric, count: this.countOf(row) };
  }

  /** Of a collection in memory at once; else its rows in the file are counted, which takes a while for a million. */
  private countOf({ number }: CollectionRow): number {
    this.refresh();
    const known = this.parts.segments.resident(number)?.count;
    if (known !== undefined) return known;
    return this.parts.points.stored(number) - this.parts.points.expired(number, this.now());
  }
}

/** Repeats until nothing is left to do, with rests in between. */
async function inSlices(step: () => number, signal?: AbortSignal): Promise<void> {
  const slices = new Slices();
  while (step() > 0) await slices.rest(signal);
}
