// The operator's documents: embedded, kept in the vector store, and found again by a question.
import { LRUCache } from 'lru-cache';
import type { Embedder } from '#embeddings';
import {
  type CallOptions,
  type CollectionInfo,
  type CollectionRef,
  type CollectionSpec,
  type Filter,
  failure,
  isFailure,
  type JsonObject,
  type PointSelector,
  type VectorMatch,
  type VectorPoint,
  type VectorQuery,
  type VectorStore,
} from '#ports';
import type { QueryConfig } from './query.section.js';
import type { Latencies, Question, Retrieval } from './question.js';

/** A document as a caller gives it: text to be embedded, or a vector of its own, or both. */
export interface Document {
  id: string;
  text?: string | undefined;
  vector?: readonly number[] | undefined;
  metadata?: JsonObject | undefined;
  /** Seconds after which the document is never found again. */
  ttl?: number | undefined;
  subject?: string | undefined;
  consent?: boolean | undefined;
  source?: string | undefined;
}

/** A search: by text or by vector, exactly one of them. */
export interface Search {
  collection?: string | undefined;
  text?: string | undefined;
  vector?: readonly number[] | undefined;
  k?: number | undefined;
  threshold?: number | undefined;
  filter?: Filter | undefined;
}

export interface Retrieved {
  matches: VectorMatch[];
  latencies: Pick<Latencies, 'embeddings' | 'vectordb'>;
}

const MAX_KNOWN_COLLECTIONS = 10_000;

/** Every method fails with `vector.store_disabled` where the server runs without a vector store. */
export class KnowledgeService {
  /** Collections that were seen. */
  private readonly known = new LRUCache<string, true>({ max: MAX_KNOWN_COLLECTIONS });

  constructor(
    private readonly embedder: Embedder,
    private readonly store: VectorStore | null,
    private readonly config: QueryConfig,
  ) {}

  /** @throws Failure `embedding.model_unknown` where a model is named and it is not the one of this server. */
  checkModel(model: string | undefined): void {
    if (model !== undefined && model !== this.embedder.model) {
      throw failure('embedding.model_unknown', { model: this.embedder.model });
    }
  }

  /** Documents near a question. Nothing (and no call) where there is no store, or the tenant has no such collection. */
  async retrieve(question: Question, tenant: string, options: CallOptions = {}): Promise<Retrieved> {
    if (!this.store) return { matches: [], latencies: {} };
    const { vector: wanted = {} } = question;
    const ref = { tenant, collection: wanted.collection ?? this.config.collection };
    if (!(await this.exists(this.store, ref, options))) return { matches: [], latencies: {} };
    const started = performance.now();
    const vector = await this.embedQuestion(question.query, options);
    const embedded = performance.now();
    const matches = await this.near(this.store, ref, { vector, ...this.nearness(wanted) }, options);
    return { matches, latencies: { embeddings: embedded - started, vectordb: performance.now() - embedded } };
  }

  /** Matches, best first. Without a threshold of its own a search gives the k nearest, however far. */
  async search(search: Search, tenant: string, options: CallOptions = {}): Promise<VectorMatch[]> {
    const store = this.opened();
    const ref = { tenant, collection: search.collection ?? this.config.collection };
    const vector = search.vector
      ? Float32Array.from(search.vector)
      : await this.embedQuestion(search.text as string, options);
    const { k = this.config.k, threshold, filter } = search;
    return store.query(ref, { vector, k, ...given({ threshold, filter }) }, options);
  }

  /**
   * Embeds what has no vector, and writes. A collection that is absent is made with the embedder's dimension, so that it can
   * be asked by text; one of another dimension is made by `openCollection`.
   */
  async upsert(
    documents: readonly Document[],
    collection: string | undefined,
    tenant: string,
    options: CallOptions = {},
  ) {
    const store = this.opened();
    const points = await this.points(documents, options);
    const ref = { tenant, collection: collection ?? this.config.collection };
    try {
      return await store.upsert(ref, points, options);
    } catch (error) {
      if (!isFailure(error, 'vector.collection_absent')) throw error;
      await store.openCollection(ref, this.specFor(points, ref), options);
      return store.upsert(ref, points, options);
    }
  }

  async delete(selector: PointSelector, collection: string | undefined, tenant: string, options: CallOptions = {}) {
    return this.opened().delete({ tenant, collection: collection ?? this.config.collection }, selector, options);
  }

  async openCollection(name: string, spec: CollectionSpec, tenant: string, options: CallOptions = {}) {
    return this.opened().openCollection({ tenant, collection: name }, spec, options);
  }

  async collections(tenant: string, options: CallOptions = {}): Promise<CollectionInfo[]> {
    return this.opened().listCollections(tenant, options);
  }

  /** @throws Failure `vector.collection_absent` where there is none. */
  async dropCollection(name: string, tenant: string, options: CallOptions = {}): Promise<void> {
    const dropped = await this.opened().dropCollection({ tenant, collection: name }, options);
    if (!dropped) throw failure('vector.collection_absent', { collection: name });
  }

  /** Vectors of texts, for callers that keep them elsewhere. */
  async embed(texts: readonly string[], model: string | undefined, options: CallOptions = {}) {
    this.checkModel(model);
    const { vectors, tokens } = await this.embedder.embed(texts, { ...options, purpose: 'document' });
    return { model: this.embedder.model, dimensions: vectors[0]!.length, vectors, tokens };
  }

  /** Compared before the collection is made: what is refused leaves none behind. */
  private specFor(points: readonly VectorPoint[], { collection }: CollectionRef): CollectionSpec {
    const dimension = this.embedder.dimensions ?? points[0]!.vector.length;
    const odd = points.findIndex(({ vector }) => vector.length !== dimension);
    if (odd < 0) return { dimension, metric: 'cosine' };
    const received = points[odd]!.vector.length;
    throw failure('vector.dimension_mismatch', {
      subject: `document ${odd}`,
      received,
      collection,
      expected: dimension,
    });
  }

  private async points(documents: readonly Document[], options: CallOptions): Promise<VectorPoint[]> {
    const missing = documents.filter((one) => !one.vector);
    const { vectors } = await this.embedder.embed(
      missing.map((one) => one.text as string),
      { ...options, purpose: 'document' },
    );
    const made = new Map(missing.map((one, index) => [one, vectors[index]!]));
    const now = Date.now();
    return documents.map((one) => {
      const { id, text, metadata, subject, consent, source, ttl } = one;
      const vector = made.get(one) ?? Float32Array.from(one.vector!);
      const expiresAt = ttl === undefined ? undefined : now + ttl * 1000;
      return { id, vector, ...given({ text, metadata, subject, consent, source, expiresAt }) };
    });
  }

  /** Asked before a question is embedded, since that may cost money; a collection that was there once is not asked for again. */
  private async exists(store: VectorStore, ref: CollectionRef, options: CallOptions): Promise<boolean> {
    const place = placeOf(ref);
    if (this.known.has(place)) return true;
    if (!(await store.describeCollection(ref, options))) return false;
    this.known.set(place, true);
    return true;
  }

  private async near(store: VectorStore, ref: CollectionRef, query: VectorQuery, options: CallOptions) {
    try {
      return await store.query(ref, query, options);
    } catch (error) {
      if (!isFailure(error, 'vector.collection_absent')) throw error;
      this.known.delete(placeOf(ref));
      return [];
    }
  }

  private async embedQuestion(text: string, options: CallOptions): Promise<Float32Array> {
    const { vectors } = await this.embedder.embed([text], { ...options, purpose: 'query' });
    return vectors[0]!;
  }

  private nearness({ k = this.config.k, threshold = this.config.threshold, filter }: Retrieval) {
    return { k, threshold, ...given({ filter }) };
  }

  private opened(): VectorStore {
    if (!this.store) throw failure('vector.store_disabled', {});
    return this.store;
  }
}

/** A tenant's name holds no slash. */
function placeOf({ tenant, collection }: CollectionRef): string {
  return `${tenant}/${collection}`;
}

/** The fields that have a value, so that an absent one stays absent. */
function given<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
