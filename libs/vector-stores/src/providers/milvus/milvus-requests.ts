// The requests of Milvus's REST API v2 that are used, and the fields of the replies that are read.
import { z } from 'zod';
import type { CallOptions, CollectionInfo, CollectionSpec, Hybrid, Metric } from '#ports';
import { failure } from '#ports';
import type { MilvusClient } from './milvus-client.js';
import { isRefusal, PROVIDER } from './milvus-failures.js';
import type { Place } from './milvus-names.js';
import { READ_FIELDS, Row, type rowOf } from './milvus-records.js';
import { creation, indexes, METRICS, type SchemaOptions, VECTOR_FIELD, WORDS_FIELD } from './milvus-schema.js';

const Done = z.unknown();
const Names = z.array(z.string());
const Described = z.object({
  fields: z.array(z.object({ name: z.string(), params: z.array(Pair()).nullish() })),
  indexes: z.array(z.object({ fieldName: z.string(), metricType: z.string() })),
});
const LoadState = z.object({ loadState: z.string() });
const Rows = z.array(Row);
/** `count(*)`, a text where 64-bit integers are not allowed. */
const Counted = z.tuple([z.object({ 'count(*)': z.coerce.number() })]);
const Hits = z.array(Row.extend({ distance: z.number() }));
export type Hit = z.output<typeof Hits>[number];

/** https://milvus.io/docs/reranking.md: the constant of reciprocal rank, and what it gives at most for two rankings. */
const RANK_CONSTANT = 60;
export const BEST_RANK_SCORE = 2 / (RANK_CONSTANT + 1);

/** A search looks at more candidates of each kind than it gives: the best of both need not be the best of either. */
const CANDIDATES = 4;
const FEWEST_CANDIDATES = 100;
/** https://milvus.io/docs/limitations.md: top-k. */
const MAX_LIMIT = 16_384;

export interface Wanted {
  vector: Float32Array;
  metric: Metric;
  limit: number;
  filter: string;
  search: Record<string, number>;
  withVectors: boolean;
}

/** What is known of a collection. */
export interface Found extends CollectionInfo {
  /** Whether texts are indexed for BM25. */
  hybrid: boolean;
  /** Whether the making of its indexes came to its end. */
  indexed: boolean;
}

export class MilvusRequests {
  constructor(
    private readonly client: MilvusClient,
    private readonly options: SchemaOptions,
  ) {}

  databases(o?: CallOptions): Promise<string[]> {
    return this.client.call('/databases/list', {}, Names, o);
  }

  async createDatabase(dbName: string, o?: CallOptions): Promise<void> {
    await this.client.call('/databases/create', { dbName }, Done, o);
  }

  async dropDatabase(dbName: string, o?: CallOptions): Promise<void> {
    await this.client.call('/databases/drop', { dbName }, Done, o);
  }

  /** Empty where there is no such database. */
  async collections(dbName: string, o?: CallOptions): Promise<string[]> {
    return (await present(this.client.call('/collections/list', { dbName }, Names, o))) ?? [];
  }

  async create(place: Place, spec: CollectionSpec, o?: CallOptions): Promise<void> {
    await this.client.call('/collections/create', { ...place, ...creation(spec, this.options) }, Done, o);
  }

  async createIndexes(place: Place, spec: CollectionSpec, hybrid: boolean, o?: CallOptions): Promise<void> {
    const indexParams = indexes(spec, { hybrid });
    await this.client.call('/indexes/create', { ...place, indexParams }, Done, o);
  }

  /** `undefined` where there is no such collection, or one that is not of our making. */
  async describe(place: Place, name: string, o?: CallOptions): Promise<Found | undefined> {
    const described = await present(this.client.call('/collections/describe', place, Described, o));
    return described && foundIn(described, name);
  }

  /** `false` where there was none. */
  async drop(place: Place, o?: CallOptions): Promise<boolean> {
    return (
      (await present(
        this.client.call(
          '/collections/drop',
          place,
          Done.transform(() => true),
          o,
        ),
      )) ?? false
    );
  }

  async load(place: Place, o?: CallOptions): Promise<void> {
    await this.client.call('/collections/load', place, Done, o);
  }

  /** `LoadStateLoaded`, `LoadStateLoading`, `LoadStateNotLoad` (commonpb.LoadState). */
  async loadState(place: Place, o?: CallOptions): Promise<string> {
    return (await this.client.call('/collections/get_load_state', place, LoadState, o)).loadState;
  }

  async upsert(place: Place, data: ReturnType<typeof rowOf>[], o?: CallOptions): Promise<void> {
    await this.client.call('/entities/upsert', { ...place, data }, Done, o);
  }

  rows(place: Place, filter: string, limit: number, o?: CallOptions): Promise<Row[]> {
    const outputFields = [...READ_FIELDS, VECTOR_FIELD];
    return this.client.call('/entities/query', { ...place, ...this.level(), filter, limit, outputFields }, Rows, o);
  }

  async count(place: Place, filter: string, o?: CallOptions): Promise<number> {
    const json = { ...place, ...this.level(), filter, outputFields: ['count(*)'] };
    const [counted] = await this.client.call('/entities/query', json, Counted, o);
    return counted['count(*)'];
  }

  async delete(place: Place, filter: string, o?: CallOptions): Promise<void> {
    await this.client.call('/entities/delete', { ...place, filter }, Done, o);
  }

  search(place: Place, wanted: Wanted, o?: CallOptions): Promise<Hit[]> {
    const { vector, metric, limit, filter, search } = wanted;
    const json = {
      ...place,
      ...this.level(),
      data: [[...vector]],
      annsField: VECTOR_FIELD,
      filter,
      limit,
      outputFields: fieldsOf(wanted),
      searchParams: { metricType: METRICS[metric], params: searchSettings(search, limit) },
    };
    return this.client.call('/entities/search', json, Hits, o);
  }

  hybridSearch(place: Place, wanted: Wanted, { text, alpha }: Hybrid, o?: CallOptions): Promise<Hit[]> {
    const { vector, limit, filter, search } = wanted;
    const candidates = Math.min(MAX_LIMIT, Math.max(limit * CANDIDATES, FEWEST_CANDIDATES));
    const part = { filter, groupingField: '', limit: candidates, offset: 0, ignoreGrowing: false };
    const settings = searchSettings(search, candidates);
    const json = {
      ...place,
      ...this.level(),
      search: [
        { ...part, data: [[...vector]], annsField: VECTOR_FIELD, params: settings },
        { ...part, data: [text], annsField: WORDS_FIELD, params: {} },
      ],
      rerank: fusion(alpha),
      limit,
      outputFields: fieldsOf(wanted),
    };
    return this.client.call('/entities/hybrid_search', json, Hits, o);
  }

  /** Said with every read: the collection's own level is what it was made with. */
  private level() {
    return { consistencyLevel: this.options.consistency };
  }
}

function Pair() {
  return z.object({ key: z.string(), value: z.string() });
}

function foundIn({ fields, indexes }: z.output<typeof Described>, name: string): Found | undefined {
  const params = fields.find((field) => field.name === VECTOR_FIELD)?.params ?? [];
  const dimension = Number(params.find(({ key }) => key === 'dim')?.value);
  if (!Number.isInteger(dimension) || !fields.some((field) => field.name === 'resk_details')) return undefined;
  const metricType = indexes.find((index) => index.fieldName === VECTOR_FIELD)?.metricType;
  const metric = (Object.keys(METRICS) as Metric[]).find((one) => METRICS[one] === metricType);
  if (metricType !== undefined && !metric) {
    throw failure('vector.reply_invalid', { provider: PROVIDER, reason: 'a metric of another kind' });
  }
  const hybrid = fields.some((field) => field.name === WORDS_FIELD);
  return { name, dimension, metric: metric ?? 'cosine', count: undefined, hybrid, indexed: metric !== undefined };
}

/** `ef` may not be smaller than what is asked for: https://milvus.io/docs/hnsw.md */
function searchSettings({ efSearch, ...others }: Record<string, number>, limit: number): Record<string, number> {
  return { ...others, ...(efSearch !== undefined && { ef: Math.max(efSearch, limit) }) };
}

/** Since 2.6 the weighted scores are made comparable only where that is asked for; before, they always were. */
function fusion(alpha: number | undefined) {
  if (alpha === undefined) return { strategy: 'rrf', params: { k: RANK_CONSTANT } };
  return { strategy: 'weighted', params: { weights: [alpha, 1 - alpha], norm_score: true } };
}

function fieldsOf({ withVectors }: Wanted): string[] {
  return withVectors ? [...READ_FIELDS, VECTOR_FIELD] : READ_FIELDS;
}

async function present<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isRefusal(error, 'absent')) return undefined;
    throw error;
  }
}
