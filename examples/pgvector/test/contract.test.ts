// The published promises of every vector store, on a real pgvector: exact, and with either index.
import { describe, test } from 'node:test';
import { vectorStoreContract } from 'resk-caching/ports';
import { optionsSchema } from '../src/options.js';
import { PgvectorStore } from '../src/pgvector-store.js';
import { aSchema, url } from './store.js';

const schema = aSchema();
const open = () => PgvectorStore.open(optionsSchema.parse({ url: url(), schema }));

/** The same store, whose collections all have an index. */
async function indexed(index: Record<string, number>): Promise<PgvectorStore> {
  const store = await open();
  const exact = store.openCollection.bind(store);
  store.openCollection = (ref, spec, options) => exact(ref, { index, ...spec }, options);
  return store;
}

describe('exact', () => {
  for (const { name, run } of vectorStoreContract(open)) test(name, run);
});

describe('with an HNSW index', () => {
  for (const { name, run } of vectorStoreContract(() => indexed({ M: 16, efConstruction: 64 }))) test(name, run);
});

describe('with an IVFFlat index', () => {
  for (const { name, run } of vectorStoreContract(() => indexed({ nlist: 4 }))) test(name, run);
});
