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
  type Latencies,
  type ModelTag,
  type VectorMatch,
  type VectorQuery,
  type VectorStore,
} from '#ports';
import type { TenantTurns } from '#resilience';
import { type Ranker, type Refinement, Retriever, type Wanted } from '#retrieval';
import { openedStore } from './documents.service.js';
import { documentsMaxAgeMs } from './privacy/policy.js';
import type { Screening } from './privacy/screening.js';
import type { TenantPolicies } from './privacy/tenant-policies.js';
import { given } from './provenance.js';
import type { QueryConfig } from './query.section.js';
import type { Question, Retrieval } from './question.js';
import { QUESTIONS } from './similar-questions.js';

/** A search: by text or by vector, exactly one of them. By words, and by a reranker, only where there is a text. */
export interface Search extends Refinement {
  collection?: string | undefined;
  text?: string | undefined;
  vector?: readonly number[] | undefined;
  k?: number | undefined;
  threshold?: number | undefined;
  filter?: Filter | undefined;
  /** What the matches are for: documents with purposes are found only for one of theirs. */
  purpose?: string | undefined;
}

/** Milliseconds by step; a step that was not taken is absent. */
export type RetrievalLatencies = Omit<Latencies, 'total' | 'cache'>;

export interface Searched {
  matches: VectorMatch[];
  latencies: RetrievalLatencies;
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
  by: ModelTag;
  /** Absent where the model is one of our own, which bills nobody. */
  cost: Cost | undefined;
  /** Epoch milliseconds at which the first of the documents grows too old to be given. */
  endsAt: number | undefined;
}

export interface Retrieved {
  matches: VectorMatch[];
  latencies: RetrievalLatencies;
  /** Absent where nothing was asked. */
  made?: Making;
}

export interface KnowledgeParts {
  embedder: Embedder;
  /** `null` where the server runs without one. */
  store: VectorStore | null;
  ranker: Ranker | null;
  policies: TenantPolicies;
  screening: Screening;
  turns: TenantTurns;
}

const MAX_KNOWN_COLLECTIONS = 10_000;

/** Where the server runs without a vector store, a question finds nothing and all else fails with `vector.store_disabled`. */
export class KnowledgeService {
  /** Collections that were seen. */
  private readonly known = new LRUCache<string, true>({ max: MAX_KNOWN_COLLECTIONS });
  private readonly retriever: Retriever | undefined;

  constructor(
    private readonly parts: KnowledgeParts,
    private readonly config: QueryConfig,
  ) {
    if (parts.store) this.retriever = new Retriever(parts.store, parts.ranker);
  }

  /** @throws Failure `embedding.model_unknown` where a model is named and it is not the one of this server. */
  checkModel(model: string | undefined): void {
    const { embedder } = this.parts;
    if (model !== undefined && model !== embedder.model) {
      throw failure('embedding.model_unknown', { model: embedder.model });
    }
  }

  /** Documents near a question. Nothing (and no call) where there is no store, or the tenant has no such collection. */
  async retrieve(question: Question, tenant: string, options: CallOptions = {}): Promise<Retrieved> {
    if (!this.retriever) return { matches: [], latencies: {} };
    return this.parts.turns.run(tenant, () => this.nearQuestion(question, tenant, options), options);
  }

  /**
   * Matches, best first. Without a threshold of its own a search gives the k best, however far.
   * @throws Failure `privacy.refused`; `embedding.*`, `vector.*`, `rerank.*`
   */
  async search(search: Search, tenant: string, options: CallOptions = {}): Promise<Searched> {
    openedStore(this.parts.store);
    const ref = this.refOf(tenant, search.collection);
    const { screening, turns } = this.parts;
    const text = search.text === undefined ? undefined : (await screening.text(search.text, tenant)).value;
    const find = async () => {
      const started = performance.now();
      const nearness = await this.nearness(search, text, tenant, options);
      const embeddings = search.vector ? undefined : performance.now() - started;
      const { k = this.config.k, threshold, filter, purpose } = search;
      const asked = { k, ...given({ threshold, filter, purpose }), ...this.refinement(search, text !== undefined) };
      const wanted = { ...asked, ...nearness, ...given({ text }), ...this.youngEnough(ref) };
      const { matches, latencies } = await this.retriever!.find(ref, wanted, options);
      return { matches, latencies: { ...given({ embeddings }), ...latencies } };
    };
    return turns.run(tenant, find, options);
  }

  async openCollection(name: string, spec: CollectionSpec, tenant: string, options: CallOptions = {}) {
    return openedStore(this.parts.store).openCollection({ tenant, collection: name }, spec, options);
  }

  async collections(tenant: string, options: CallOptions = {}): Promise<CollectionInfo[]> {
    const all = await openedStore(this.parts.store).listCollections(tenant, options);
    return all.filter(({ name }) => name !== QUESTIONS);
  }

  /** Vectors of texts, for callers that keep them elsewhere. */
  async embed(texts: readonly string[], model: string | undefined, tenant: string, options: CallOptions = {}) {
    this.checkModel(model);
    const { embedder, turns } = this.parts;
    const embed = () => embedder.embed(texts, { ...options, tenant, purpose: 'document' });
    const { vectors, tokens } = await turns.run(tenant, embed, options);
    return { model: embedder.model, dimensions: vectors[0]!.length, vectors, tokens };
  }

  private async nearQuestion(question: Question, tenant: string, options: CallOptions): Promise<Retrieved> {
    const { vector: asked = {}, query, purpose } = question;
    const ref = this.refOf(tenant, asked.collection);
    if (!(await this.exists(ref, options))) return { matches: [], latencies: {} };
    const started = performance.now();
    const { tokens, ...nearness } = await this.embedQuestion(query, tenant, options);
    const embeddings = performance.now() - started;
    const wanted = { ...nearness, ...this.wanted(asked), ...given({ purpose }), ...this.youngEnough(ref), text: query };
    const { matches, latencies } = await this.near(ref, wanted, options);
    const { embedder } = this.parts;
    const { provider, model } = embedder.tag;
    const cost = embedder.billed ? { provider, model, tokens } : undefined;
    const made = { ref, by: embedder.tag, cost, endsAt: this.endOf(ref, matches) };
    return { matches, latencies: { embeddings, ...latencies }, made };
  }

  /** Asked before a question is embedded, since that may cost money; a collection that was there once is not asked for again. */
  private async exists(ref: CollectionRef, options: CallOptions): Promise<boolean> {
    const place = placeOf(ref);
    if (this.known.has(place)) return true;
    if (!(await openedStore(this.parts.store).describeCollection(ref, options))) return false;
    this.known.set(place, true);
    return true;
  }

  private async near(ref: CollectionRef, wanted: Wanted, options: CallOptions): Promise<Searched> {
    try {
      return await this.retriever!.find(ref, wanted, options);
    } catch (error) {
      if (!isFailure(error, 'vector.collection_absent')) throw error;
      this.known.delete(placeOf(ref));
      return { matches: [], latencies: {} };
    }
  }

  private async nearness({ vector }: Search, text: string | undefined, tenant: string, options: CallOptions) {
    if (vector) return { vector: Float32Array.from(vector) };
    const { tokens: _, ...nearness } = await this.embedQuestion(text as string, tenant, options);
    return nearness;
  }

  private async embedQuestion(text: string, tenant: string, options: CallOptions) {
    const { embedder } = this.parts;
    const { vectors, tokens } = await embedder.embed([text], { ...options, tenant, purpose: 'query' });
    return { vector: vectors[0]!, by: embedder.tag, tokens };
  }

  /** What a question asks of the store, the operator's word standing where it says nothing. */
  private wanted({ k = this.config.k, threshold, filter, ...refinement }: Retrieval) {
    const refined = this.refinement(refinement, true);
    const least = refined.hybrid ? this.config.hybridThreshold : this.config.threshold;
    return { k, threshold: threshold ?? least, ...given({ filter }), ...refined };
  }

  /** Words and a reranker need a text: where there is none, only what the caller himself asks for is asked. */
  private refinement({ hybrid, mmr, rerank, search }: Refinement, hasText: boolean): Refinement {
    const { config } = this;
    const { hybridAlpha: alpha, mmrLambda: lambda, rerankThreshold: threshold } = config;
    return given({
      hybrid: settled(hybrid ?? (hasText && config.hybrid), given({ alpha })),
      mmr: settled(mmr ?? lambda !== undefined, given({ lambda })),
      rerank: settled(rerank ?? (hasText && config.rerank), given({ threshold })),
      search,
    });
  }

  /** What the tenant's policy says of age, told to the store: a document too old is not found, swept or not. */
  private youngEnough(ref: CollectionRef): Pick<VectorQuery, 'ingestedSince'> {
    const maxAgeMs = documentsMaxAgeMs(this.parts.policies.of(ref.tenant), ref.collection);
    return maxAgeMs === undefined ? {} : { ingestedSince: Date.now() - maxAgeMs };
  }

  private endOf(ref: CollectionRef, matches: readonly VectorMatch[]): number | undefined {
    const maxAgeMs = documentsMaxAgeMs(this.parts.policies.of(ref.tenant), ref.collection);
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

/** `false` where the step is left out; else what the caller says of it over what the operator says. */
function settled<Settings extends object>(choice: boolean | Settings, defaults: Settings): Settings | undefined {
  if (choice === false) return undefined;
  return choice === true ? defaults : { ...defaults, ...given(choice) };
}
