// Opens the Milvus adapter for tests.
import type { VectorStore } from '#ports';
import { MilvusOptions } from '../../src/providers/milvus/milvus-options.js';
import { MilvusStore } from '../../src/providers/milvus/milvus-store.js';

export function milvus(options: Partial<MilvusOptions>, now?: () => number): VectorStore {
  return new MilvusStore(MilvusOptions.parse(options), now);
}
