// The provider `pgvector`: what PLUGINS=resk-caching-pgvector brings, and VECTORDB_TYPE=pgvector chooses.
import { defineProvider } from 'resk-caching/ports';
import { optionsSchema } from './options.js';
import { PgvectorStore } from './pgvector-store.js';

export default defineProvider({
  family: 'vector-store',
  name: 'pgvector',
  options: optionsSchema,
  open: (options, { signal }) => PgvectorStore.open(options, signal),
});
