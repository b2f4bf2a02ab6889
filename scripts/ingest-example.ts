// Example: a program of your own that embeds documents and writes them to the vector store, on the engine alone, without server or Nest.
// Run: npm run build && node dist/scripts/ingest-example.js (stop the server first where VECTORDB_TYPE=embedded: its store has one owner).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { readConfig, runtimeSection } from '#config';
import { cryptoSection, openSealer } from '#crypto';
import { embeddingSection, openEmbedder } from '#embeddings';
import { querySection } from '#query';
import { LocalBus, openRecords } from '#records';
import { openVectorStore, vectorStoreSection } from '#vector-stores';
import { cliSection } from '../apps/cli/src/cli.section.js';

interface Passage {
  id: string;
  topic: string;
  text: string;
}

// The same variables as the server's: EMBEDDING_PROVIDER, VECTORDB_TYPE, CACHE_ENCRYPTION_KEY, BATCH_SIZE, UPSERT_BATCH …
const config = readConfig([
  runtimeSection,
  embeddingSection,
  vectorStoreSection,
  cryptoSection,
  querySection,
  cliSection,
]);
const { plugins, dataDir } = config.runtime;

const passages: Passage[] = parse(readFileSync(join('examples', 'documents.csv')), { columns: true, bom: true });
const documents = passages.map(({ id, text, topic }) => ({ id, text, metadata: { topic }, source: 'documents.csv' }));

const embedder = await openEmbedder(config.embedding, { plugins });
const records = await openRecords({ backend: 'sqlite', dataDir, redisPrefix: '' });
const sealer = await openSealer(config.crypto, { plugins, records, bus: new LocalBus() });
const store = await openVectorStore(config.vectorStore, { dataDir, plugins, sealer });
if (!store) throw new Error('VECTORDB_TYPE=none: there is no store to write to.');
const ref = { tenant: 'default', collection: config.query.collection };

const batch = config.cli.upsertBatch ?? config.embedding.batchSize;
for (let at = 0; at < documents.length; at += batch) {
  const some = documents.slice(at, at + batch);
  const texts = some.map(({ text }) => text);
  const { vectors } = await embedder.embed(texts, { purpose: 'document' });
  if (at === 0) await store.openCollection(ref, { dimension: vectors[0]!.length, metric: 'cosine' });
  const written = await store.upsert(
    ref,
    some.map((one, index) => ({ ...one, vector: vectors[index]! })),
  );
  console.log(`${at + written} of ${documents.length} documents`);
}

const { vectors } = await embedder.embed(['How long may books be kept?'], { purpose: 'query' });
const [nearest] = await store.query(ref, { vector: vectors[0]!, k: 1 });
console.log('nearest to "How long may books be kept?":', nearest?.text);

await store.close();
await sealer.close();
await records.close();
await embedder.close();
