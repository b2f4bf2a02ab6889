// The fields and indexes of a collection in Milvus.
import type { CollectionSpec, Metric } from '#ports';
import { failure } from '#ports';
import { PROVIDER } from './milvus-failures.js';

export interface SchemaOptions {
  /** Whether texts are indexed for BM25, and queries may be hybrid. */
  hybrid: boolean;
  /** How texts are taken apart into words: https://milvus.io/docs/analyzer-overview.md */
  analyzer: Record<string, unknown>;
  /** What a query sees of the latest writes, where it does not say: the collection's own level. */
  consistency: string;
}

export const METRICS: Record<Metric, string> = { cosine: 'COSINE', l2: 'L2', dot: 'IP' };

/** Longest VarChar, and longest JSON. Bytes. https://milvus.io/docs/limitations.md */
export const MAX_FIELD_BYTES = 65_535;
/** Most items of an array. */
export const MAX_ITEMS = 4096;
/** An id has at most 512 characters, of at most 3 bytes a UTF-16 unit. */
const MAX_ID_BYTES = 1536;

export const VECTOR_FIELD = 'vector';
export const WORDS_FIELD = 'resk_words';
/** Digits of `resk_slot`. */
export const SLOT_DIGITS = 32;

/** Settings of an index that a collection may be given: the first two make a graph (HNSW), `nlist` makes lists (IVF_FLAT). */
export const INDEX_SETTINGS = ['M', 'efConstruction', 'nlist'] as const;
/** Milvus's own defaults: https://milvus.io/docs/hnsw.md */
const GRAPH = { M: 30, efConstruction: 360 };

/** Body of `collections/create`, besides its names. One call makes the collection, its indexes, and loads it. */
export function creation(spec: CollectionSpec, options: SchemaOptions) {
  return {
    schema: {
      autoId: false,
      enableDynamicField: false,
      fields: fields(spec.dimension, options),
      ...(options.hybrid && { functions: [BM25] }),
    },
    indexParams: indexes(spec, options),
    params: { consistencyLevel: options.consistency },
  };
}

/** Nothing is nullable: versions differ in what they make of a condition on null. */
function fields(dimension: number, { hybrid, analyzer }: SchemaOptions) {
  const text = hybrid && { enable_analyzer: true, analyzer_params: analyzer };
  return [
    { ...varChar('id', MAX_ID_BYTES), isPrimary: true },
    { fieldName: VECTOR_FIELD, dataType: 'FloatVector', elementTypeParams: { dim: dimension } },
    varChar('resk_text', MAX_FIELD_BYTES, text || {}),
    { fieldName: 'resk_texted', dataType: 'Bool' },
    varChar('resk_details', MAX_FIELD_BYTES),
    varChar('resk_slot', SLOT_DIGITS),
    { fieldName: 'resk_expires_at', dataType: 'Int64' },
    { fieldName: 'resk_ingested_at', dataType: 'Int64' },
    { fieldName: 'resk_consent', dataType: 'Bool' },
    { fieldName: 'resk_purposed', dataType: 'Bool' },
    texts('resk_purposes'),
    varChar('resk_subject', MAX_FIELD_BYTES),
    texts('resk_tokens'),
    { fieldName: 'resk_ordered', dataType: 'JSON' },
    ...(hybrid ? [{ fieldName: WORDS_FIELD, dataType: 'SparseFloatVector' }] : []),
  ];
}

const BM25 = {
  name: 'resk_bm25',
  type: 'BM25',
  inputFieldNames: ['resk_text'],
  outputFieldNames: [WORDS_FIELD],
  params: {},
};

function varChar(fieldName: string, maxBytes: number, more: Record<string, unknown> = {}) {
  return { fieldName, dataType: 'VarChar', elementTypeParams: { max_length: maxBytes, ...more } };
}

function texts(fieldName: string) {
  return {
    fieldName,
    dataType: 'Array',
    elementDataType: 'VarChar',
    elementTypeParams: { max_capacity: MAX_ITEMS, max_length: MAX_FIELD_BYTES },
  };
}

/**
 * What conditions ask for has an inverted index: a filter then costs no scan. An index's type is said twice: where the
 * documents say, and where the server of 2.5 looks first.
 */
export function indexes(spec: CollectionSpec, { hybrid }: { hybrid: boolean }) {
  const words = { ...index(WORDS_FIELD, 'SPARSE_INVERTED_INDEX'), metricType: 'BM25' };
  return [
    vectorIndex(spec),
    ...(hybrid ? [words] : []),
    ...['resk_tokens', 'resk_subject', 'resk_slot', 'resk_expires_at'].map((field) => index(field, 'INVERTED')),
  ];
}

/** @throws Failure `vector.setting_unsupported` for settings of two kinds of index at once. */
function vectorIndex({ metric, index: settings = {} }: CollectionSpec) {
  const { nlist, ...graph } = settings;
  const isGraph = Object.keys(graph).length > 0;
  if (isGraph && nlist !== undefined) {
    const known = 'M with efConstruction, or nlist';
    throw failure('vector.setting_unsupported', { provider: PROVIDER, setting: 'nlist beside a graph', known });
  }
  const metricType = METRICS[metric];
  if (nlist !== undefined) return { ...index(VECTOR_FIELD, 'IVF_FLAT', { nlist }), metricType };
  return isGraph
    ? { ...index(VECTOR_FIELD, 'HNSW', { ...GRAPH, ...graph }), metricType }
    : { ...index(VECTOR_FIELD, 'AUTOINDEX'), metricType };
}

function index(fieldName: string, type: string, settings: Record<string, number> = {}) {
  return { fieldName, indexName: fieldName, indexType: type, params: { index_type: type, ...settings } };
}
