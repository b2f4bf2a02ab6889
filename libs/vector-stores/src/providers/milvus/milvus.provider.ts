// The provider `milvus`: Milvus 2.5 or newer, or Zilliz Cloud.
import { defineProvider } from '#ports';
import { MilvusOptions } from './milvus-options.js';
import { MilvusStore } from './milvus-store.js';

export const milvusProvider = defineProvider({
  family: 'vector-store',
  name: 'milvus',
  options: MilvusOptions,
  // Nothing is called here: a database that is down keeps the health check red, and not the server from starting.
  open: async (options: MilvusOptions) => new MilvusStore(options),
});
