// What a vector store is: named collections of points, walled by tenant, asked for the nearest.
import type { CallOptions } from './call-options.js';
import type { Filter } from './filter.js';
import type { JsonObject } from './json.js';

export type Metric = 'cosine' | 'l2' | 'dot';

/** Names one collection of one tenant. A store never answers from another tenant's collection. */
export interface CollectionRef {
  tenant: string;
  collection: string;
}

export interface CollectionSpec {
  /** Numbers in each vector, 1 to 65,536. */
  dimension: number;
  metric: Metric;
  /** Settings of the vendor's index, e.g. `{ efConstruction: 128 }`: those of `capabilities.index`, others are refused. */
  index?: Record<string, number>;
}

export interface CollectionInfo extends CollectionSpec {
  name: string;
  /** Points held, where the store knows it without a scan. */
  count: number | undefined;
}

/** One document or fragment with its vector. */
export interface VectorPoint {
  /** Stable name, 1 to 512 characters. Upserting the same id replaces the point. */
  id: string;
  vector: Float32Array;
  text?: string;
  metadata?: JsonObject;
  /** Epoch milliseconds after which the point is never returned. */
  expiresAt?: number;
  /** The person whom the document is about, for export and erasure. */
  subject?: string;
  /** `false`: kept, but never retrieved. */
  consent?: boolean;
  /**
   * What the document may be used for. Absent: for anything. With them, only a query for one of them finds it; an empty
   * list is found by none.
   */
  purposes?: readonly string[];
  /** Where the document came from, e.g. the name of a file or a URL. */
  source?: string;
  /** How it came to be here. A store that is not told notes the time of the writing itself. */
  lineage?: Lineage;
}

/** How a point came to be: enough to find everything that one run or one model made. */
export interface Lineage {
  /** Name of the run that wrote it, as its caller gave it. */
  ingestRun?: string;
  /** The embedding model of the vector and its version; absent where the caller brought the vector. */
  provider?: string;
  model?: string;
  version?: string;
  /** Whether the model gave the vector unit length. */
  normalised?: boolean;
  /** Epoch milliseconds of the writing. */
  ingestedAt: number;
}

/** Names what computed a vector. Vectors of different ones are never compared. */
export interface ModelTag {
  provider: string;
  model: string;
  version: string;
}

/** Also finds by words (BM25), and fuses both rankings. Only where `capabilities.hybrid`. */
export interface Hybrid {
  text: string;
  /** Share of the vectors in the score, 0 (words alone) to 1 (vectors alone). Absent: fused by reciprocal rank. */
  alpha?: number;
}

export interface VectorQuery {
  vector: Float32Array;
  /** How many matches at most, 1 to 1,000. */
  k: number;
  /** Smallest score to return, 0..1. */
  threshold?: number;
  filter?: Filter;
  /** What the matches are for: points with purposes are found only for one of theirs. */
  purpose?: string;
  /** Epoch milliseconds: points ingested before are not found. */
  ingestedSince?: number;
  /** Settings of this search, e.g. `{ efSearch: 64 }`: those of `capabilities.search`, others are refused. */
  search?: Record<string, number>;
  hybrid?: Hybrid;
  /** What computed the vector, where a model did: only its own vectors are compared with it. */
  by?: ModelTag;
  /** Whether matches carry their vectors. */
  withVectors?: boolean;
}

export interface VectorMatch {
  id: string;
  /** Similarity in 0..1, larger is nearer, whatever the metric (see `similarity`); of a hybrid query, the fused score. */
  score: number;
  /** Where asked for by `withVectors`. */
  vector?: Float32Array;
  text?: string;
  metadata: JsonObject;
  subject?: string;
  source?: string;
  lineage?: Lineage;
}

/** Selects points to delete. Exactly one of the four is given. */
export interface PointSelector {
  ids?: readonly string[];
  filter?: Filter;
  subject?: string;
  /** Points ingested before this time. Epoch milliseconds. */
  ingestedBefore?: number;
}

/**
 * Points of a collection, some page at a time, in an order of the store's own; each point that stays is seen once. A
 * page may be short, or empty, and not be the last.
 */
export interface PointPage {
  points: VectorPoint[];
  /** Where the next page begins; `undefined` after the last. Opaque, of this store. */
  cursor: string | undefined;
}

/** What a store can do, as data: compared with the configuration at boot. */
export interface VectorStoreCapabilities {
  metrics: readonly Metric[];
  filters: readonly Filter['op'][];
  /** Largest number of points one `upsert` takes. */
  maxBatch: number;
  maxDimension: number;
  /** Settings of an index that a collection may be given, e.g. `efConstruction`. Absent: none. */
  index?: readonly string[];
  /** Settings that one search may be given, e.g. `efSearch`. Absent: none. */
  search?: readonly string[];
  /** Whether queries may be hybrid. */
  hybrid?: boolean;
}

/**
 * A vector database. Every method takes the tenant; every failure is one of
 * `vector.collection_absent`, `vector.collection_conflict`, `vector.dimension_mismatch`, `vector.vector_invalid`,
 * `vector.filter_unsupported`, `vector.setting_unsupported`, `vector.hybrid_unsupported`, `vector.input_refused`,
 * `vector.memory_exceeded`, `vector.store_unauthorised`, `vector.quota_exhausted`, `vector.reply_invalid`,
 * `vector.store_unavailable`.
 */
export abstract class VectorStore {
  /** Name of the provider, e.g. `embedded`; from a closed set, fit for a metric label. */
  abstract readonly provider: string;
  /** Whether calls leave this process's own storage, so that payloads are sealed before they go. */
  abstract readonly capabilities: VectorStoreCapabilities;

  /** Makes the collection if it is absent. An existing one with another dimension or metric is a conflict. */
  abstract openCollection(ref: CollectionRef, spec: CollectionSpec, options?: CallOptions): Promise<CollectionInfo>;
  /** `undefined` where there is no such collection. */
  abstract describeCollection(ref: CollectionRef, options?: CallOptions): Promise<CollectionInfo | undefined>;
  abstract listCollections(tenant: string, options?: CallOptions): Promise<CollectionInfo[]>;
  /** Drops the collection and its points. `false` where there was none. */
  abstract dropCollection(ref: CollectionRef, options?: CallOptions): Promise<boolean>;

  /** Writes points; when it returns they survive a crash and are found by the next query. Gives how many were written. */
  abstract upsert(ref: CollectionRef, points: readonly VectorPoint[], options?: CallOptions): Promise<number>;
  /** The nearest points, nearest first; expired ones and those without consent never among them. */
  abstract query(ref: CollectionRef, query: VectorQuery, options?: CallOptions): Promise<VectorMatch[]>;
  abstract get(ref: CollectionRef, ids: readonly string[], options?: CallOptions): Promise<VectorPoint[]>;
  /**
   * All points, or those of a subject; those without consent too, and not those past their end. `limit` is 1 to 1,000.
   * A cursor that this store did not give fails with `request.invalid`.
   */
  abstract list(
    ref: CollectionRef,
    page: { subject?: string; cursor?: string; limit: number },
    options?: CallOptions,
  ): Promise<PointPage>;
  /** Deletes points. Gives how many there were. */
  abstract delete(ref: CollectionRef, selector: PointSelector, options?: CallOptions): Promise<number>;
  abstract count(ref: CollectionRef, options?: CallOptions): Promise<number>;

  /**
   * Seals anew, under the current data keys, those of the next `limit` points from the cursor on that are sealed under
   * former ones, over all collections of a tenant. What does not open is left as it is. Absent where the store seals
   * nothing.
   */
  reseal?(
    tenant: string,
    page: { cursor?: string; limit: number },
    options?: CallOptions,
  ): Promise<{ seen: number; resealed: number; cursor: string | undefined }>;

  /** Resolves when the store answers; else fails with `vector.store_unavailable`. */
  abstract health(options?: CallOptions): Promise<void>;
  /** Releases what the store holds. May be called twice. */
  abstract close(): Promise<void>;
}
