// How a question is answered when the cache does not know.
import { type ConfigOf, section, setting } from '#config';

export const querySection = section(
  'query',
  { title: 'Retrieval', doc: 'How a question is answered from the vector store when the cache does not know.' },
  {
    collection: setting('VECTOR_COLLECTION', { doc: 'Collection that is asked and filled where a request names none.' })
      .text({ pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, says: 'a collection name (letters, digits, . _ -)' })
      .default('default'),
    k: setting('VECTOR_K', { doc: 'Matches in an answer where a request names no k.' })
      .integer({ min: 1, max: 1000 })
      .default('5'),
    threshold: setting('VECTOR_THRESHOLD', {
      doc: 'Smallest score (0..1) that counts as near enough where a request names no threshold. Depends on the embedding model: measure yours.',
    })
      .decimal({ min: 0, max: 1 })
      .default('0.7'),
    similarThreshold: setting('CACHE_SIMILAR_THRESHOLD', {
      doc: 'Set, a question that is at least so similar (0..1) to one asked before gets the answer of that one, with status semantic. Needs a vector store and an embedding model that knows meaning, and costs an embedding for each question that is not answered exactly. Too low, and different questions share an answer: measure yours.',
      example: '0.97',
    })
      .decimal({ min: 0.5, max: 1 })
      .optional(),
    hybrid: setting('VECTOR_HYBRID', {
      doc: 'Whether documents are also found by their words where a request does not say. Only vector stores that can (embedded, weaviate, milvus) take it.',
    })
      .flag()
      .default('false'),
    hybridAlpha: setting('VECTOR_HYBRID_ALPHA', {
      doc: 'Share of the vectors in the score of a hybrid search, 0..1. Unset, both rankings are fused by reciprocal rank.',
      example: '0.5',
    })
      .decimal({ min: 0, max: 1 })
      .optional(),
    hybridThreshold: setting('VECTOR_HYBRID_THRESHOLD', {
      doc: 'Takes the place of VECTOR_THRESHOLD in hybrid searches, whose fused scores have another scale: by reciprocal rank 1 is first in both rankings, 0.5 first in one. Measure yours.',
    })
      .decimal({ min: 0, max: 1 })
      .default('0.4'),
    mmrLambda: setting('VECTOR_MMR_LAMBDA', {
      doc: 'Set, matches are chosen to be unlike each other where a request does not say: 1 is nearness alone, 0 variety alone.',
      example: '0.7',
    })
      .decimal({ min: 0, max: 1 })
      .optional(),
    rerank: setting('VECTOR_RERANK', {
      doc: 'Whether the reranker (RERANK_PROVIDER) reads the candidates where a request does not say.',
    })
      .flag()
      .default('false'),
    rerankThreshold: setting('VECTOR_RERANK_THRESHOLD', {
      doc: 'Smallest score of the reranker that counts where a request names none. Depends on its model: measure yours.',
      example: '0.3',
    })
      .decimal({ min: 0, max: 1 })
      .optional(),
  },
);

export type QueryConfig = ConfigOf<typeof querySection>;
