// The operator's documents as they are asked: found by a question or a vector, as far as consent, purpose and age allow.
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
  type VectorMatch,
  type VectorQuery,
  VectorStore,
} from '#ports';
import type { TenantTurns } from '#resilience';
import { checkedMatches } from './checked-matches.js';
import { openedStore } from './documents.service.js';
import { documentsMaxAgeMs } from './privacy/policy.js';
import type { Screening } from './privacy/screening.js';
import type { TenantPolicies } from './privacy/tenant-policies.js';
import { given } from './provenance.js';
import type { QueryConfig } from './query.section.js';
import type { Latencies, Question, Retrieval } from './question.js';

/** A search: by text or by vector, exactly one of them. */
export interface Search {
  collection?: string | undefined;
  text?: string | undefined;
  vector?: readonly number[] | undefined;
  k?: number | undefined;
  threshold?: number | undefined;
  filter?: Filter | undefined;
  /** What the matches are for: documents with purposes are found only for one of theirs. */
  purpose?: string | undefined;
}

/** What was spent on making an answer. */
export interface Cost {
  provider: string;
  model: string;
  tokens: number;
}

/** How an answer was made. */
export interface Making {
  ref: CollectionRef;
  /** The model that embedded the question. */
  by: { provider: string; model: string; version: string };
  /** Absent where the model is one of our own, which bills nobody. */
  cost: Cost | undefined;
  /** Epoch milliseconds at which the first of the documents grows too old to be given. */
  endsAt: number | undefined;
}

export interface Retrieved {
  matches: VectorMatch[];
  latencies: Pick<Latencies, 'embeddings' | 'vectordb'>;
  /** Absent where nothing was asked. */
  made?: Making;
}

const MAX_KNOWN_COLLECTIONS = 10_000;

/** Where the server runs without a vector store, a question finds nothing and all else fails with `vector.store_disabled`. */
export class KnowledgeService {
  /** Collections that were seen. */
  private readonly known = new LRUCache<string, true>({ max: MAX_KNOWN_COLLECTIONS });

  constructor(
    private readonly embedder: Embedder,
    private readonly store: VectorStore | null,
    private readonly config: QueryConfig,
    private readonly policies: TenantPolicies,
    private readonly screening: Screening,
    private readonly turns: TenantTurns,
  ) {}

  /** @throws Failure `embedding.model_unknown` where a model is named and it is not the one of this server. */
  checkModel(model: string | undefined): void {
    if (model !== undefined && model !== this.embedder.model) {
      throw failure('embedding.model_unknown', { model: this.embedder.model });
    }
  }

  /** Documents near a question. Nothing (and no call) where there is no store, or the tenant has no such collection. */
  async retrieve(question: Question, tenant: string, options: CallOptions = {}): Promise<Retrieved> {
    const { store } = this;
    if (!store) return { matches: [], latencies: {} };
    return this.turns.run(tenant, () => this.nearQuestion(store, question, tenant, options), options);
  }

  /**
   * Matches, best first. Without a threshold of its own a search gives the k nearest, however far.
   * @throws Failure `privacy.refused`; `embedding.*`, `vector.*`
   */
  async search(search: Search, tenant: string, options: CallOptions = {}): Promise<VectorMatch[]> {
    const store = openedStore(this.store);
    const ref = this.refOf(tenant, search.collection);
    const { k = this.config.k, threshold, filter, purpose } = search;
    const text = search.text === undefined ? undefined : (await this.screening.text(search.text, tenant)).value;
    const find = async () => {
      const vector = search.vector
        ? Float32Array.from(search.vector)
        : (await this.embedQuestion(text as string, tenant, options)).vector;
      const query = { vector, k, ...given({ threshold, filter, purpose }), ...this.youngEnough(ref) };
      return checkedMatches(await store.query(ref, query, options), query, store.provider);
    };
    return this.turns.run(tenant, find, options);
  }

  async openCollection(name: string, spec: CollectionSpec, tenant: string, options: CallOptions = {}) {
    return openedStore(this.store).openCollection({ tenant, collection: name }, spec, options);
  }

  async collections(tenant: string, options: CallOptions = {}): Promise<CollectionInfo[]> {
    return openedStore(this.store).listCollections(tenant, options);
  }

  /** Vectors of texts, for callers that keep them elsewhere. */
  async embed(texts: readonly string[], model: string | undefined, tenant: string, options: CallOptions = {}) {
    this.checkModel(model);
    const embed = () => this.embedder.embed(texts, { ...options, tenant, purpose: 'document' });
    const { vectors, tokens } = await this.turns.run(tenant, embed, options);
    return { model: this.embedder.model, dimensions: vectors[0]!.length, vectors, tokens };
  }

  private async nearQuestion(store: VectorStore, question: Question, tenant: string, options: CallOptions) {
    const { vector: wanted = {}, query, purpose } = question;
    const ref = this.refOf(tenant, wanted.collection);
    if (!(await this.exists(store, ref, options))) return { matches: [], latencies: {} };
    const started = performance.now();
    const { vector, tokens } = await this.embedQuestion(query, tenant, options);
    const embedded = performance.now();
    const nearness = { vector, ...this.nearness(wanted), ...given({ purpose }), ...this.youngEnough(ref) };
    const matches = await this.near(store, ref, nearness, options);
    const { provider, model, version, billed } = this.embedder;
    const cost = billed ? { provider, model, tokens } : undefined;
    return {
      matches,
      latencies: { embeddings: embedded - started, vectordb: performance.now() - embedded },
      made: { ref, by: { provider, model, version }, cost, endsAt: this.endOf(ref, matches) },
    };
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
      return checkedMatches(await store.query(ref, query, options), query, store.provider);
    } catch (error) {
      if (!isFailure(error, 'vector.collection_absent')) throw error;
      this.known.delete(placeOf(ref));
      return [];
    }
  }

  private async embedQuestion(text: string, tenant: string, options: CallOptions) {
    const { vectors, tokens } = await this.embedder.embed([text], { ...options, tenant, purpose: 'query' });
    return { vector: vectors[0]!, tokens };
  }

  private nearness({ k = this.config.k, threshold = this.config.threshold, filter }: Retrieval) {
    return { k, threshold, ...given({ filter }) };
  }

  /** What the tenant's policy says of age, told to the store: a document too old is not found, swept or not. */
  private youngEnough(ref: CollectionRef): Pick<VectorQuery, 'ingestedSince'> {
    const maxAgeMs = documentsMaxAgeMs(this.policies.of(ref.tenant), ref.collection);
    return maxAgeMs === undefined ? {} : { ingestedSince: Date.now() - maxAgeMs };
  }

  private endOf(ref: CollectionRef, matches: readonly VectorMatch[]): number | undefined {
    const maxAgeMs = documentsMaxAgeMs(this.policies.of(ref.tenant), ref.collection);
    if (maxAgeMs === undefined || matches.length === 0) return undefined;
    return Math.min(...matches.map(({ lineage }) => lineage?.ingestedAt ?? Date.now())) + maxAgeMs;
  }

  private refOf(tenant: string, collection = this.config.collection): CollectionRef {
    return { tenant, collection };
  }
}

/** A tenant's name holds no slash. */
function placeOf({ tenant, collection }: CollectionRef): string {
  return `${tenant}/${collection}`;
}
