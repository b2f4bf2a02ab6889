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
  },
);

export type QueryConfig = ConfigOf<typeof querySection>;
