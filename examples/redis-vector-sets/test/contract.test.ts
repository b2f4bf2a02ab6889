// The published promises of every vector store, on a real Redis 8: walking the graph, exact, and with coarser vectors in it.
import { describe, test } from 'node:test';
import { vectorStoreContract } from 'resk-caching/ports';
import { anyStore, aPrefix } from './redis.js';

for (const options of [{}, { exact: true }, { quantisation: 'q8' }, { quantisation: 'bin' }]) {
  describe(`with ${JSON.stringify(options)}`, () => {
    const prefix = aPrefix();
    for (const { name, run } of vectorStoreContract(() => anyStore({ prefix, ...options }))) test(name, run);
  });
}
