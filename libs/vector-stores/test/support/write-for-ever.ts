// Writes batches of the size given to the store in the folder given, and prints the last id of each batch that was acknowledged.
import { join } from 'node:path';
import { EmbeddedStore } from '../../src/providers/embedded/embedded-store.js';
import { plainSealer } from './sealers.js';

const BATCH = Number(process.argv[3]);
const store = await EmbeddedStore.open({
  file: join(process.argv[2]!, 'vectors.sqlite'),
  synchronous: 'normal',
  memoryMaxBytes: 2 ** 24,
  sealer: plainSealer,
});
const ref = { tenant: 'north', collection: 'documents' };
await store.openCollection(ref, { dimension: 8, metric: 'l2' });
for (let first = 0; ; first += BATCH) {
  const points = Array.from({ length: BATCH }, (_, i) => ({
    id: `${first + i}`,
    vector: new Float32Array(8).fill(first + i),
  }));
  await store.upsert(ref, points);
  process.stdout.write(`${first + BATCH - 1}\n`);
}
