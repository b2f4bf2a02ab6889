// npm run eval:retrieval: how often a question finds one of the same intent, by each way to search. The embedding model is the
// configured one. `-- --data FOLDER` names the questions, `-- --limit N` asks fewer.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfig, runtimeSection } from '#config';
import { PlainSealer } from '#crypto';
import { Embedder, embeddingSection, openEmbedder } from '#embeddings';
import type { VectorPoint } from '#ports';
import { type Refinement, Retriever } from '#retrieval';
import { openVectorStore, vectorStoreSection } from '#vector-stores';
import { intentsIn, type Labelled } from './intents.js';
import { meanOf, qualityOf } from './quality.js';

const REF = { tenant: 'evaluation', collection: 'questions' };
const BATCH = 256;
const K = 10;

/** `alpha: 0` ranks by words alone. */
const WAYS: Record<string, Refinement> = {
  'lexical (BM25)': { hybrid: { alpha: 0 } },
  vector: {},
  'vector, MMR λ 0.7': { mmr: { lambda: 0.7 } },
  'hybrid, reciprocal rank': { hybrid: true },
  'hybrid, alpha 0.5': { hybrid: { alpha: 0.5 } },
  'hybrid, alpha 0.5, MMR λ 0.7': { hybrid: { alpha: 0.5 }, mmr: { lambda: 0.7 } },
};

const { values } = parseArgs({ options: { data: { type: 'string' }, limit: { type: 'string' } } });
const { documents, questions } = intentsIn(values.data ?? join('..', 'shared', 'eval', 'banking77'));
const asked = questions.slice(0, values.limit === undefined ? undefined : Number(values.limit));

const config = readConfig([runtimeSection, embeddingSection, vectorStoreSection]);
const dataDir = await mkdtemp(join(tmpdir(), 'resk-eval-'));
const embedder = await openEmbedder(config.embedding, { plugins: config.runtime.plugins });
const settings = { ...config[vectorStoreSection.name], type: 'embedded', options: {} };
const store = (await openVectorStore(settings, { dataDir, plugins: [], sealer: new PlainSealer() }))!;
try {
  await ingest(documents, embedder);
  const vectors = await vectorsOf(asked, embedder);
  const relevant = Map.groupBy(documents, ({ category }) => category);
  const retriever = new Retriever(store, null);
  console.log(`${embedder.provider} ${embedder.model}: ${documents.length} documents, ${asked.length} questions\n`);
  console.log('| | precision@1 | recall@5 | nDCG@10 |\n|---|--:|--:|--:|');
  for (const [way, refinement] of Object.entries(WAYS)) {
    const all = [];
    for (const [at, { text, category }] of asked.entries()) {
      const { matches } = await retriever.find(REF, { vector: vectors[at]!, text, k: K, ...refinement });
      const right = matches.map(({ metadata }) => metadata.category === category);
      all.push(qualityOf(right, relevant.get(category)?.length ?? 0));
    }
    const { precisionAt1, recallAt5, ndcgAt10 } = meanOf(all);
    console.log(`| ${way} | ${[precisionAt1, recallAt5, ndcgAt10].map((one) => one.toFixed(3)).join(' | ')} |`);
  }
} finally {
  await store.close();
  await embedder.close();
  await rm(dataDir, { recursive: true, force: true });
}

async function ingest(all: readonly Labelled[], by: Embedder): Promise<void> {
  for (let at = 0; at < all.length; at += BATCH) {
    const some = all.slice(at, at + BATCH);
    const { vectors } = await by.embed(
      some.map(({ text }) => text),
      { purpose: 'document' },
    );
    if (at === 0) await store.openCollection(REF, { dimension: vectors[0]!.length, metric: 'cosine' });
    const points = some.map(
      ({ text, category }, index): VectorPoint => ({
        id: String(at + index),
        vector: vectors[index]!,
        text,
        metadata: { category },
      }),
    );
    await store.upsert(REF, points);
  }
}

async function vectorsOf(all: readonly Labelled[], by: Embedder): Promise<Float32Array[]> {
  const { vectors } = await by.embed(
    all.map(({ text }) => text),
    { purpose: 'query' },
  );
  return vectors;
}
