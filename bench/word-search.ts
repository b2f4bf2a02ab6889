// Measures hybrid queries over sealed documents: what the index of words costs to make, to hold, and to ask.
import { randomBytes } from 'node:crypto';
import { Keyring, LocalKeyService, masterKey } from '#crypto';
import { Secret } from '#ports';
import { MemoryRecords } from '#records';
import { quantile, seeded, textOf, timed, vectorsOf } from './vector-data.js';
import { batchesOf, inFolder, openStore, REF } from './vector-folder.js';
import { NEIGHBOURS } from './vector-search.js';

const WORDS_A_DOCUMENT = 40;
const WORDS_A_QUERY = 8;
const QUERIES = 100;

export interface WordSearchFigures {
  size: number;
  /** The first hybrid query after the collection is in memory: every text is opened, and its words are indexed. */
  indexMs: number;
  vectorsP50Ms: number;
  hybridP50Ms: number;
  hybridP95Ms: number;
}

export function benchWordSearch(size: number): Promise<WordSearchFigures[]> {
  return inFolder(async (dataDir) => {
    const random = seeded(size);
    const sealer = aSealer();
    const store = await openStore(dataDir, { sealer });
    const texts = { textOf: () => textOf(WORDS_A_DOCUMENT, random) };
    for (const batch of batchesOf(vectorsOf('clustered', size, seeded(1)), texts)) await store.upsert(REF, batch);
    const queries = [...vectorsOf('random', QUERIES, seeded(2))].map((vector) => {
      return { vector, k: NEIGHBOURS, hybrid: { text: textOf(WORDS_A_QUERY, random), alpha: 0.5 } };
    });
    const [vectors, hybrid]: [number[], number[]] = [[], []];
    for (let round = 0; round < 2; round++) {
      for (const { vector, k } of queries) vectors.push(await timed(() => store.query(REF, { vector, k })));
    }
    const indexMs = await timed(() => store.query(REF, queries[0]!));
    for (let round = 0; round < 2; round++) {
      for (const query of queries) hybrid.push(await timed(() => store.query(REF, query)));
    }
    await store.close();
    const [warm, warmHybrid] = [vectors.slice(QUERIES), hybrid.slice(QUERIES)];
    return [
      {
        size,
        indexMs,
        vectorsP50Ms: quantile(warm, 0.5),
        hybridP50Ms: quantile(warmHybrid, 0.5),
        hybridP95Ms: quantile(warmHybrid, 0.95),
      },
    ];
  });
}

function aSealer(): Keyring {
  const key = masterKey(new Secret(randomBytes(32).toString('base64')), 'bench');
  return new Keyring(new LocalKeyService(key, []), new MemoryRecords());
}
